"""Replays without a token: saved failures, and regression files."""

from __future__ import annotations

from pathlib import Path

from llm_sim.cli._console import err, out
from llm_sim.cli._exits import ExitCode
from llm_sim.cli._files import check_writable
from llm_sim.cli._show import run_failure, run_line
from llm_sim.cli._stock import stock_line
from llm_sim.cli._subjects import check_trace, load_subjects, place_in
from llm_sim.errors import ScenarioError, SimulationError, UsageError
from llm_sim.exploration import (
    SUFFIX,
    FailureStore,
    Found,
    Verdict,
    check_on_stock,
    load_failure,
    replay_found,
    replay_saved,
    write_text,
)
from llm_sim.simulation import Run, run
from llm_sim.targets import load_bot
from llm_sim.testing import pasted, promote_line, tell_no_verdict
from llm_sim.trace import dumps


def again_command(
    file: str | None, target: str | None, bot: str | None, trace: Path | None, stock: bool
) -> ExitCode:
    """Replay what is known to have failed, without a token.

    Args:
        file: The file of a saved failure, or a scenario file; None: every saved failure.
        target: What it runs on; None: as it was saved, or the reference.
        bot: The bot, instead of the scenario's.
        trace: Where the trace is written.
        stock: Whether asyncio's own loop is asked too.
    """
    if file is None:
        if stock or (target, bot, trace) != (None, None, None):
            raise UsageError(
                "each saved failure is replayed on its own bot and target, and none is shown in "
                "full: name a file for --target, --bot, --trace or --stock"
            )
        return _replay_all()
    if file.endswith(SUFFIX):
        check_writable(trace)
        return _replay_one(load_failure(file), file, target, bot, trace, stock)
    return _replay_scenarios(file, target or "reference", bot, trace, stock)


def _replay_all() -> ExitCode:
    store, code = FailureStore(), ExitCode.CLEAN
    damaged: list[ScenarioError] = []
    replayed = 0
    for told in replay_saved(store, damaged=damaged.append):
        replayed += 1
        out(str(told))
        code = _worse(code, told.verdict)
    for error in damaged:
        err(f"llm-sim: {error}")
    if not replayed:
        out(f"no failure is saved in {store.directory}")
    return ExitCode.NO_VERDICT if damaged and code is ExitCode.CLEAN else code


def _replay_one(
    found: Found,
    file: str,
    target: str | None,
    bot: str | None,
    trace: Path | None,
    stock: bool,
) -> ExitCode:
    given = None if bot is None else load_bot(bot)
    told = replay_found(found, target=target, bot=given)
    if told.run is None:
        raise SimulationError(told.told)
    out(run_line(told.run))
    if stock:
        out(stock_line(check_on_stock(told.run, bot=given, target=target or found.target)))
    if told.run.violations:
        options = (*_option("--target", target), *_option("--bot", bot))
        line = pasted("llm-sim", "replay", file, *options)
        out(run_failure(told.run, lambda _: line, [("keep", promote_line(found))]))
    if trace is not None:
        write_text(trace, dumps(told.run.trace))
    return _worse(ExitCode.CLEAN, told.verdict)


def _replay_scenarios(
    file: str, target: str, bot: str | None, trace: Path | None, stock: bool
) -> ExitCode:
    scenarios, given = load_subjects(file, target, bot)
    check_trace(trace, file, scenarios)
    code = ExitCode.CLEAN
    for scenario in scenarios:
        place = place_in(file, scenario)
        one = run(scenario, bot=given, target=target, place=place)
        verdict, told = _verdict(one, place)
        out(f"{verdict.value} {scenario.name} {told}".rstrip())
        if stock:
            out(stock_line(check_on_stock(one, bot=given, target=target)))
        code = _worse(code, verdict)
        if trace is not None:
            write_text(trace, dumps(one.trace))
    return code


def _verdict(one: Run, place: str) -> tuple[Verdict, str]:
    if one.violations:
        return Verdict.FAILED, f"{one.violations[0].law} {one.violations[0].message}"
    if one.unmet:
        return Verdict.FAILED, one.unmet[0].message
    if one.complaint is not None:
        return Verdict.NO_VERDICT, tell_no_verdict(one)
    return Verdict.FIXED, ""


def _worse(code: ExitCode, verdict: Verdict) -> ExitCode:
    if verdict is Verdict.FAILED or code is ExitCode.VIOLATION:
        return ExitCode.VIOLATION
    return ExitCode.NO_VERDICT if verdict is Verdict.NO_VERDICT else code


def _option(name: str, value: str | None) -> tuple[str, ...]:
    return () if value is None else (name, value)

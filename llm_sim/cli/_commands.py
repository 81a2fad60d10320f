"""What the commands do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Final

from llm_sim import __version__
from llm_sim.cli._baseline import BaselineOptions, tell
from llm_sim.cli._console import out
from llm_sim.cli._exits import ExitCode
from llm_sim.cli._show import (
    replay_line,
    rerun_line,
    run_failure,
    run_line,
    sweep_line,
)
from llm_sim.cli._stock import stock_line, stock_note
from llm_sim.cli._subjects import check_trace, load_subjects, place_in
from llm_sim.cli._sweep import sweep_one, sweep_verdict
from llm_sim.errors import SimulationError, UsageError
from llm_sim.exploration import (
    GoldenTraces,
    SweepReport,
    check_on_stock,
    known_run,
    replay,
    write_text,
)
from llm_sim.scenario import load_scenarios
from llm_sim.simulation import Run, run
from llm_sim.testing import pasted, tell_sweep, tell_unmet
from llm_sim.trace import dumps

_DEMO: Final = (
    ("reference", "booking_bot", ("interrupt", "end", "cancel")),
    ("reference", "support_bot", ("interrupt", "end", "cancel")),
    ("naive", "naive_service", ("interrupt",)),
)


def demo_command() -> ExitCode:
    """Sweep the scenarios that come with the package."""
    out(f"llm_sim {__version__} · embedded core · virtual time")
    file = str(files("llm_sim.cli.demo") / "demo.sim.yaml")
    scenarios = {scenario.name: scenario for scenario in load_scenarios(file)}
    correct: list[SweepReport] = []
    planted: list[SweepReport] = []
    for target, name, stimuli in _DEMO:
        for inject in stimuli:
            scenario = scenarios[name]
            report = sweep_one(scenario, inject, target, None, place_in(file, scenario))
            out(sweep_line(report))
            (planted if target == "naive" else correct).append(report)
    for report in planted:
        out("\nA failure, as it is shown to you (the races of the naive service are planted):\n")
        place = place_in(file, report.scenario)
        out(tell_sweep(report, "naive", replay_line(place, target="naive")))
    out(f"\nnext      {pasted('llm-sim', 'sweep', file, '--target', 'pipecat')}")
    return sweep_verdict(correct, correct)


def run_command(
    file: str,
    target: str,
    bot: str | None,
    trace: Path | None,
    known: BaselineOptions,
    update: bool,
) -> ExitCode:
    """Run each scenario of a file once."""
    baseline = known.open()
    scenarios, given = load_subjects(file, target, bot)
    check_trace(trace, file, scenarios)
    runs: list[Run] = []
    new: list[Run] = []
    for scenario in scenarios:
        place = place_in(file, scenario)
        one = run(scenario, bot=given, target=target, place=place)
        written: tuple[Path, ...] = ()
        if update:
            one, written = _golden_written(one, place)
        runs.append(one)
        known_here = known_run(baseline, one)
        out(run_line(one, place, known=known_here))
        for path in written:
            out(f"  wrote     {path}")
        if one.violations and not known_here:
            out(run_failure(one, replay_line(place, target=target, bot=bot)))
        if one.unmet:
            line = rerun_line(place, target, bot)
            out(tell_unmet(one, headline=f"FAILED {place}", replay=line))
        # A baseline knows what laws are broken; an expectation is met or it is not.
        new.append(replace(one, violations=(), complaint=None) if known_here else one)
    if trace is not None:
        write_text(trace, dumps(runs[0].trace))
    tell(baseline)
    return _verdict(new)


def _golden_written(one: Run, place: str) -> tuple[Run, tuple[Path, ...]]:
    golden = GoldenTraces()
    one, files = golden.take(one)
    if lost := golden.write():
        raise UsageError("\n".join(lost))
    return one, files


def replay_command(
    file: str, token: str, target: str, bot: str | None, trace: Path | None, stock: bool
) -> ExitCode:
    """Run one schedule again on each scenario of a file that it belongs to."""
    scenarios, given = load_subjects(file, target, bot)
    check_trace(trace, file, scenarios)
    result = replay(scenarios, token, bot=given, target=target, place=file.partition("::")[0])
    if not result.runs:
        raise SimulationError(f"{token} landed in no scenario: {result.missed[0].complaint}")
    for one in result.runs:
        out(run_line(one, place_in(file, one.scenario)))
        if not (stock or one.violations):
            continue
        check = check_on_stock(one, bot=given, target=target)
        if stock:
            out(stock_line(check))
        if one.violations:
            line = replay_line(place_in(file, one.scenario), target=target, bot=bot)
            out(run_failure(one, line, [stock_note(check)]))
    if trace is not None:
        write_text(trace, dumps(result.runs[0].trace))
    return _verdict(result.runs)


def _verdict(runs: Iterable[Run]) -> ExitCode:
    code = ExitCode.CLEAN
    for one in runs:
        if one.violations or one.unmet:
            return ExitCode.VIOLATION
        if one.complaint is not None:
            code = ExitCode.NO_VERDICT
    return code

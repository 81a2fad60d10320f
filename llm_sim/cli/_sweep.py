"""``llm-sim sweep``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from llm_sim.cli._baseline import BaselineOptions, known_sweep, known_windows, tell
from llm_sim.cli._commands import _loaded, _place, _sweep_one, _sweep_verdict
from llm_sim.cli._console import err, out
from llm_sim.cli._exits import ExitCode
from llm_sim.cli._files import check_writable, write_json
from llm_sim.cli._keep import keep
from llm_sim.cli._show import replay_line, sweep_failure, sweep_line
from llm_sim.errors import UsageError
from llm_sim.exploration import (
    Coverage,
    Extent,
    SweepReport,
    stimulus_kinds,
    stop_requests,
    worker_processes,
)
from llm_sim.scenario import Scenario
from llm_sim.targets import get_target


def sweep_command(
    file: str,
    inject: str,
    target: str,
    bot: str | None,
    json: Path | None,
    known: BaselineOptions,
    **how: Any,
) -> ExitCode:
    """Sweep each scenario of a file.

    Args:
        file: A scenario file, or one scenario in it.
        inject: The stimuli.
        target: Which service core it runs on.
        bot: The bot, instead of the scenario's.
        json: Where the result is written.
        known: What is known to be broken.
        **how: ``most``, ``every`` and ``workers``, as for :func:`llm_sim.exploration.sweep`.
    """
    check_writable(json)
    baseline = known.open()
    scenarios, given = _loaded(file, target, bot)
    stimulus_kinds(inject)
    if how["most"] < 1:
        raise UsageError(f"--most {how['most']}: try at least one point")
    if how["workers"] < 1:
        raise UsageError(f"--workers {how['workers']}: give at least one process")
    out(f"{target} {get_target(target).version()} · {inject} at every point")
    reports: list[SweepReport] = []
    new: list[SweepReport] = []
    stopped = False
    try:
        with stop_requests() as stop_requested, ExitStack() as stack:
            if how["workers"] > 1:
                how["workers"] = stack.enter_context(worker_processes(how["workers"]))
            for scenario in scenarios:
                if stop_requested():
                    stopped = True
                    break
                how["announce"] = _announcement(scenario)
                place = _place(file, scenario)
                report = _sweep_one(scenario, inject, target, given, place, **how)
                reports.append(report)
                known_here = known_sweep(baseline, report)
                out(sweep_line(report, known=known_here))
                if not known_here:
                    new.append(report)
    except KeyboardInterrupt:
        stopped = True
        err("llm-sim: stopped")
    finally:
        if json is not None:
            write_json(json, _plain(reports))
    if reports:
        out(f"\nwhat the calls were doing when a stimulus landed\n{_covered(reports).render()}")
    for report in reports:
        if report.laws or report.failed:
            line = replay_line(_place(file, report.scenario), target=target, bot=bot)
            is_known = known_windows(baseline, report)
            notes = keep(report, target, bot, is_known)
            told = sweep_failure(report, target, line, notes=notes, known=is_known)
            out(f"\n{told}")
    tell(baseline)
    code = _sweep_verdict(reports, new)
    return ExitCode.NO_VERDICT if stopped and code is ExitCode.CLEAN else code


def _announcement(scenario: Scenario) -> Any:
    def announce(extent: Extent) -> None:
        # The points of one stimulus are tried within a second or two, and then told.
        if extent.stimuli > 1 or extent.tried < extent.points:
            err(f"{scenario.name}: {extent.in_words()}")

    return announce


def _covered(reports: Sequence[SweepReport]) -> Coverage:
    whole = Coverage()
    for report in reports:
        whole.merge(report.coverage)
    return whole


def _plain(reports: Sequence[SweepReport]) -> dict[str, Any]:
    return {
        "scenarios": [report.to_plain() for report in reports],
        "coverage": _covered(reports).to_plain(),
    }

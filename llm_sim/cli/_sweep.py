"""``llm-sim sweep``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from llm_sim.cli._baseline import BaselineOptions, tell
from llm_sim.cli._console import err, out
from llm_sim.cli._exits import ExitCode
from llm_sim.cli._files import check_writable, write_json
from llm_sim.cli._progress import progress
from llm_sim.cli._show import replay_line, sweep_line
from llm_sim.cli._subjects import load_subjects, place_in
from llm_sim.errors import UsageError
from llm_sim.exploration import (
    Coverage,
    Extent,
    FailureStore,
    SweepReport,
    Window,
    known_sweep,
    known_windows,
    stimulus_kinds,
    stop_requests,
    sweep,
    worker_processes,
)
from llm_sim.scenario import Scenario
from llm_sim.targets import Bot, get_target
from llm_sim.testing import Notes, keep_failures, new_failures, tell_sweep


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
    scenarios, given = load_subjects(file, target, bot)
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
                place = place_in(file, scenario)
                report = sweep_one(scenario, inject, target, given, place, **how)
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
            line = replay_line(place_in(file, report.scenario), target=target, bot=bot)
            is_known = known_windows(baseline, report)
            notes = _keep(report, target, bot, is_known)
            told = tell_sweep(report, target, line, notes=notes, known=is_known)
            out(f"\n{told}")
    tell(baseline)
    code = sweep_verdict(reports, new)
    return ExitCode.NO_VERDICT if stopped and code is ExitCode.CLEAN else code


def sweep_one(
    scenario: Scenario,
    inject: str,
    target: str,
    bot: Bot | None,
    place: str,
    **how: Any,
) -> SweepReport:
    """Sweep one scenario, and show how far that is.

    Args:
        scenario: What happens.
        inject: The stimuli.
        target: Which service core it runs on.
        bot: The bot, instead of the scenario's.
        place: Where the scenario stands.
        **how: More, as for :func:`llm_sim.exploration.sweep`.

    Returns:
        The sweep.
    """
    with progress(scenario.name) as advance:
        return sweep(
            scenario,
            bot=bot,
            inject=inject,
            target=target,
            place=place,
            progress=advance,
            **how,
        )


def sweep_verdict(reports: Sequence[SweepReport], new: Sequence[SweepReport]) -> ExitCode:
    """Return what sweeps come to, of which some broke what was not known to be broken."""
    if any(report.laws for report in new):
        return ExitCode.VIOLATION
    conclusive = all(report.conclusive for report in reports)
    return ExitCode.CLEAN if conclusive else ExitCode.NO_VERDICT


def _keep(
    report: SweepReport, target: str, bot: str | None, known: Callable[[Window], bool]
) -> dict[str, Notes]:
    new = [one for _, one in new_failures(report, target, known)]

    def tell_not_kept(what: str) -> None:
        err(f"llm-sim: {what}")

    return keep_failures(new, target, FailureStore(), bot=bot, not_kept=tell_not_kept)


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

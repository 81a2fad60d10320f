"""What ``llm-sim reorder`` does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from llm_sim.cli._console import err, out
from llm_sim.cli._exits import ExitCode
from llm_sim.cli._files import check_writable, write_json
from llm_sim.cli._progress import progress
from llm_sim.cli._show import replay_line, run_failure
from llm_sim.cli._subjects import load_subjects, place_in
from llm_sim.exploration import UNREACHABLE, ReorderReport, check_orders, reorder, stop_requests
from llm_sim.schedule import Schedule, decode
from llm_sim.simulation import run
from llm_sim.targets import get_target
from llm_sim.testing import tell_no_verdict


def reorder_command(
    file: str,
    target: str,
    bot: str | None,
    schedule: str | None,
    json: Path | None,
    search: Mapping[str, Any],
) -> ExitCode:
    """Run each scenario of a file in many orders.

    Args:
        file: The file, or one scenario in it.
        target: The target, as the user named it.
        bot: The bot that the user named instead of the scenario's.
        schedule: The token of what lands where.
        json: Where the result is written to.
        search: What else `llm_sim.exploration.reorder` is told.
    """
    check_writable(json)
    scenarios, given = load_subjects(file, target, bot)
    plan = Schedule() if schedule is None else decode(schedule)
    check_orders(search["policy"], search["runs"], search["preemptions"], plan)
    how = {**search, "target": target, "bot": given, "schedule": plan}
    reports: list[ReorderReport] = []
    stopped = False
    out(f"{target} {get_target(target).version()} · {UNREACHABLE}")
    try:
        with stop_requests() as stop_requested:
            for scenario in scenarios:
                if stop_requested():
                    stopped = True
                    break
                place = place_in(file, scenario)
                with progress(scenario.name, of="schedules") as advance:
                    report = reorder(scenario, place=place, progress=advance, **how)
                reports.append(report)
                out(_line(report))
    except KeyboardInterrupt:
        stopped = True
        err("llm-sim: stopped")
    finally:
        if json is not None:
            write_json(json, {"scenarios": [report.to_plain() for report in reports]})
    for report in reports:
        if report.failed or report.laws:
            out("\n".join(_failures(report, target, bot)))
    return _verdict(reports, stopped)


def _line(report: ReorderReport) -> str:
    what = f"{report.policy}: {report.extent}"
    return f"  {report.scenario.name:24} {what:40} {_outcome(report):40} {report.seconds:5.1f} s"


def _outcome(report: ReorderReport) -> str:
    stopped = "stopped, " if report.stopped else ""
    if report.in_order.laws:
        return f"{stopped}broken in asyncio's order: {' '.join(report.in_order.laws)}"
    if report.complaint is not None:
        told = tell_no_verdict(report.in_order)
        return f"{stopped}no verdict: {told}"
    if not report.failed:
        return f"{stopped}clean"
    broken = [*report.laws, *(["no verdict"] if any(f.complaint for f in report.findings) else [])]
    return f"{stopped}{report.failed} fail: {' '.join(broken)}"


def _failures(report: ReorderReport, target: str, bot: str | None) -> Iterator[str]:
    place = report.in_order.trace.header.place
    for finding in report.findings:
        what = " ".join(finding.laws) or f"no verdict: {finding.complaint}"
        runs = f"{finding.runs} run{'' if finding.runs == 1 else 's'}"
        yield f"  {runs:16} {what:36} {finding.token}"
    shown = report.in_order
    tokens = [finding.token for finding in report.findings if finding.laws]
    if tokens and not shown.violations:
        schedule = decode(tokens[0])
        shown = run(report.scenario, bot=report.bot, target=target, schedule=schedule, place=place)
    if shown.violations:
        yield f"\n{run_failure(shown, replay_line(place, target=target, bot=bot))}"


def _verdict(reports: Iterable[ReorderReport], stopped: bool) -> ExitCode:
    code = ExitCode.NO_VERDICT if stopped else ExitCode.CLEAN
    for report in reports:
        if report.laws:
            return ExitCode.VIOLATION
        if not report.clean:
            code = ExitCode.NO_VERDICT
    return code

"""A whole search as text: what it came to in a line or a few, its overview, what it found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import singledispatch

from llm_sim.exploration import (
    Campaign,
    ReorderReport,
    RunReport,
    SmokeReport,
    SweepReport,
    stimulus_kinds,
)
from llm_sim.reports._findings_text import KNOWN, Telling, headline, render_brief, render_finding
from llm_sim.reports._words import counted
from llm_sim.simulation import Finding, NoVerdict, Summary, Unmet, Window
from llm_sim.stimuli import STIMULUS_KINDS


@singledispatch
def summary_lines(summary: Summary) -> Iterator[str]:
    """Yield what a search came to: a line, and one for each warning.

    Args:
        summary: What it came to.
    """
    verdict = summary.verdict
    reason = f": {verdict.reason}" if isinstance(verdict, NoVerdict) else ""
    yield f"  {summary.setup.scenario.name:24} {verdict.word}{reason}"


@summary_lines.register
def _(report: RunReport) -> Iterator[str]:
    run = report.run
    words = run.schedule.in_words()
    yield (
        f"  {run.scenario.name:24} {words:44} {run.steps:5} steps   {_of_run(report)}"
        f"{_known(report)}"
    )
    yield from (f"    warn {each.law} {each.message}" for each in run.warnings)


def _of_run(report: RunReport) -> str:
    match report.run.verdict:
        case Unmet(expectations=missed):
            return f"{counted(len(missed), 'expectation')} not met"
        case NoVerdict(reason=reason):
            return f"no verdict: {reason}"
    return f"broken: {' '.join(report.run.laws)}" if report.run.laws else "clean"


@summary_lines.register
def _(report: SweepReport) -> Iterator[str]:
    about = "" if report.extent.exact else "about "
    points = f"{_stimuli(report.inject)} at each of {about}{report.points} points"
    runs = f"{points}, {counted(report.runs, 'run')}"
    verdict = f"{_of_sweep(report)}{_known(report)}"
    line = f"  {report.scenario.name:24} {runs:46} {verdict:40} {report.seconds:5.1f} s"
    yield line.rstrip()
    for warning, count in report.warnings.items():
        yield f"    warn {warning}, at {counted(count, 'point')}"


def _stimuli(inject: str) -> str:
    *before, last = (STIMULUS_KINDS[kind].in_words for kind in stimulus_kinds(inject))
    return f"{', '.join(before)} and {last}" if before else last


def _of_sweep(report: SweepReport) -> str:
    tried = len(report.outcomes)
    stopped = f"stopped after {tried}, " if report.stopped else ""
    if tried < report.points and not report.stopped:
        stopped = f"{report.extent.sample_in_words()}: "
    if report.undisturbed.laws:
        return f"{stopped}broken undisturbed: {' '.join(report.undisturbed.laws)}"
    if report.complaint is not None:
        return f"{stopped}no verdict: {report.complaint}"
    if not report.failed:
        return f"{stopped}{tried} clean"
    windows = report.windows
    broken = [*report.laws, *(["no verdict"] if any(w.complaint for w in windows) else [])]
    return f"{stopped}{report.failed} fail in {counted(len(windows), 'window')}: {' '.join(broken)}"


@summary_lines.register
def _(report: ReorderReport) -> Iterator[str]:
    what = f"{report.policy}: {report.extent}"
    verdict = _of_orders(report)
    yield f"  {report.scenario.name:24} {what:40} {verdict:40} {report.seconds:5.1f} s"
    for finding in report.findings:
        if finding.unit:
            reason = finding.verdict.reason if isinstance(finding.verdict, NoVerdict) else ""
            told = " ".join(finding.laws) or f"no verdict: {reason}"
            yield f"  {counted(finding.hits, 'run'):16} {told:36} {finding.token}"


def _of_orders(report: ReorderReport) -> str:
    stopped = "stopped, " if report.stopped else ""
    if report.in_order.laws:
        return f"{stopped}broken in asyncio's order: {' '.join(report.in_order.laws)}"
    if report.complaint is not None:
        return f"{stopped}no verdict: {report.complaint}"
    if not report.failed:
        return f"{stopped}clean"
    unjudged = any(isinstance(finding.verdict, NoVerdict) for finding in report.findings)
    broken = [*report.laws, *(["no verdict"] if unjudged else [])]
    return f"{stopped}{report.failed} fail: {' '.join(broken)}"


@summary_lines.register
def _(result: Campaign) -> Iterator[str]:
    for finding in result.findings:
        yield f"  {headline(finding)}"
    count = len(result.findings)
    verdict = counted(count, "failure") if count else "clean"
    stopped = "stopped: " if result.stopped else ""
    yield (
        f"  {stopped}{result.examples} examples, {result.runs} runs: {verdict}"
        f"{result.seconds:30.1f} s"
    )
    for message, times in result.no_verdict.items():
        yield f"  no verdict in {counted(times, 'example')}: {message}"


@summary_lines.register
def _(report: SmokeReport) -> Iterator[str]:
    yield str(report)


def not_kept_lines(result: Campaign) -> list[str]:
    """Return why failures of a campaign could not be kept, a line each."""
    return [
        f"{times} failure{' is' if times == 1 else 's are'} not kept: {why}"
        for why, times in result.not_kept.items()
    ]


def window_lines(report: SweepReport) -> Iterator[str]:
    """Yield how many points of a sweep fail, and each window of them in a line."""
    of = f"{len(report.outcomes)} points tried" if report.stopped else f"{report.points} points"
    name = str(report.setup.place) or report.scenario.name
    yield f"{name} on {report.target}: {report.failed} of {of} fail"
    known = {window for f in report.findings if f.known for window in f.windows}
    for window in report.windows:
        yield f"  {_window(window)}{KNOWN if window in known else ''}"


def _window(window: Window) -> str:
    what = " ".join(window.laws) or f"no verdict: {window.complaint}"
    return f"{window.in_words():16} {what:36} {window.token}"


def _known(summary: Summary) -> str:
    return KNOWN if summary.findings and not summary.new else ""


@singledispatch
def finding_lines(summary: Summary, how: Telling | None = None) -> Iterator[str]:
    """Yield what a search found that is new, one text for each finding or for all of them.

    The first finding has its timeline. The others have a line that shows it.

    Args:
        summary: What the search came to.
        how: How the findings are shown.
    """
    return _each(summary.new, how)


@finding_lines.register
def _(report: SweepReport, how: Telling | None = None) -> Iterator[str]:
    if report.findings:
        yield render_sweep(report, how)


@finding_lines.register
def _(report: SmokeReport, how: Telling | None = None) -> Iterator[str]:
    del report, how
    return iter(())  # its summary tells of every tool


def render_sweep(report: SweepReport, how: Telling | None = None) -> str:
    """Return a failed sweep: its windows, the first broken law in full, the other findings briefly.

    What the baseline knows has its window alone.

    Args:
        report: The sweep.
        how: How the first finding is shown.
    """
    how = replace(how or Telling(), placed=True)
    first = next((finding for finding in report.new if finding.laws), None)
    texts = ["\n".join(window_lines(report))]
    if first is not None:
        texts.append(render_finding(first, how))
    texts += (render_brief(finding, how) for finding in report.new if finding is not first)
    return "\n\n".join(texts)


def render_campaign(result: Campaign, how: Telling | None = None) -> str:
    """Return a campaign's failures: all in a line each, then one by one.

    Args:
        result: What came of it, at least one failure.
        how: How each of them is shown; only the first has its timeline.
    """
    count = counted(len(result.findings), "failure")
    lines = [f"{count} in {result.examples} examples on {result.target}"]
    lines += (f"  {headline(finding)}" for finding in result.findings)
    lines += not_kept_lines(result)
    return "\n\n".join(["\n".join(lines), *_each(result.findings, how)])


def _each(findings: list[Finding], how: Telling | None) -> Iterator[str]:
    how = how or Telling()
    for number, finding in enumerate(findings):
        yield render_finding(finding, replace(how, whole=how.whole and number == 0))

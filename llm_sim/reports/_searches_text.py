"""A whole search as text: its overview, and what it found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import singledispatch

from llm_sim.exploration import Campaign, SmokeReport, SweepReport
from llm_sim.reports._findings_text import Telling, headline, render_brief, render_finding
from llm_sim.reports._summaries_text import not_kept_lines, window_lines
from llm_sim.reports._words import counted
from llm_sim.simulation import Finding, Summary


@singledispatch
def finding_lines(summary: Summary, how: Telling | None = None) -> Iterator[str]:
    """Yield what a search found that is new, one text for each finding or for all of them.

    The first finding has its timeline. The others have a line that shows it.

    Args:
        summary: What the search came to.
        how: How the findings are shown.
    """
    return _each([finding for finding in summary.findings if not finding.known], how)


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
    new = [finding for finding in report.findings if not finding.known]
    first = next((finding for finding in new if finding.laws), None)
    texts = ["\n".join(window_lines(report))]
    if first is not None:
        texts.append(render_finding(first, how))
    texts += (render_brief(finding, how) for finding in new if finding is not first)
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

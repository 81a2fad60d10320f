"""A whole search as text: its overview, and what it found."""

from __future__ import annotations

from dataclasses import replace

from llm_sim.exploration import Campaign, SweepReport
from llm_sim.reports._findings_text import Telling, headline, render_finding
from llm_sim.reports._lines import replay_line
from llm_sim.reports._summaries_text import not_kept_lines, window_lines
from llm_sim.reports._words import counted, labelled
from llm_sim.simulation import NoVerdict


def render_sweep(report: SweepReport, how: Telling | None = None) -> str:
    """Return a failed sweep: every window in a line, and the first finding that is new in full.

    Where no law is broken, the line that replays the first point without a verdict is shown.

    Args:
        report: The sweep.
        how: How the finding is shown.
    """
    how = how or Telling()
    lines = list(window_lines(report))
    new = [finding for finding in report.findings if not finding.known]
    broken = next((finding for finding in new if finding.laws), None)
    if broken is not None:
        lines.append(render_finding(broken, how))
    elif new and isinstance(new[0].verdict, NoVerdict):
        lines.append(labelled("replay", replay_line(new[0], how.store, *how.options)))
    return "\n".join(lines)


def render_campaign(result: Campaign, how: Telling | None = None) -> str:
    """Return a campaign's failures: all in a line each, then one by one.

    Args:
        result: What came of it, at least one failure.
        how: How each of them is shown; only the first has its timeline.
    """
    count = counted(len(result.findings), "failure")
    lines = [f"{count} in {result.examples} examples on {result.target}"]
    lines += (f"  {headline(finding)}" for finding in result.findings)
    return "\n".join([*lines, *not_kept_lines(result), render_each(result, how)])


def render_each(result: Campaign, how: Telling | None = None) -> str:
    """Return the failures of a campaign one by one, the first with its timeline."""
    how = how or Telling()
    return "\n".join(
        f"\n{render_finding(finding, replace(how, whole=how.whole and number == 0))}"
        for number, finding in enumerate(result.findings)
    )

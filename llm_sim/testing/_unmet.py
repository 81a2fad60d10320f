"""What was expected of a run and not met, told with its place."""

from __future__ import annotations

from llm_sim.errors import Problem
from llm_sim.report import render_unmet
from llm_sim.scenario import place_of, spell
from llm_sim.simulation import Run, Unmet


def tell_unmet(one: Run, reference: str = "", *, headline: str = "", replay: str = "") -> str:
    """Return the expectations that a run did not meet, each with its place, and the run.

    Args:
        one: The run.
        reference: ``FILE::NAME`` where its scenario stands in a file; empty for one that was built
            in Python, whose expectations are told by their path.
        headline: What failed; empty where the reader has just been told.
        replay: The line to paste that shows the failure again; empty where there is none.
    """
    told = [(str(_problem(each, reference)), each.event) for each in one.unmet]
    return render_unmet(one.trace, told, headline=headline, replay=replay)


def _problem(unmet: Unmet, reference: str) -> Problem:
    if not reference:
        return Problem(f"{spell(unmet.path)}: {unmet.message}")
    line, column = place_of(reference, unmet.path)
    return Problem(unmet.message, reference.partition("::")[0], line, column)

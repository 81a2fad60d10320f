"""What was expected of a run and not met, or did not land in it, told with its place."""

from __future__ import annotations

from collections import Counter

from llm_sim.report import render_unmet
from llm_sim.simulation import Run


def tell_unmet(one: Run, *, headline: str = "", replay: str = "") -> str:
    """Return the expectations that a run did not meet, each with its place, and the run.

    Args:
        one: The run.
        headline: What failed; empty where the reader has just been told.
        replay: The line to paste that shows the failure again; empty where there is none.
    """
    place = one.scenario.place
    told = [(str(place.problem(each.message, each.path)), each.event) for each in one.unmet]
    return render_unmet(one.trace, told, headline=headline, replay=replay)


def tell_no_verdict(one: Run) -> str:
    """Return why a run gives no verdict, with the place of an injection that never landed.

    Args:
        one: The run.
    """
    told = str(one.complaint)
    unseen = None if one.schedule.landings else _unseen(one)
    path, place = ("inject", unseen or 0, "at"), one.scenario.place
    if unseen is None or place.position(path) is None:
        return told
    return str(place.problem(told, path))


def _unseen(one: Run) -> int | None:
    """Return which injection waited for a frame that did not come, or None."""
    trace = one.trace.until_rest()
    opening = next(trace.of("stimulus"), None)
    first = {event.frame: event.seq for event in reversed(trace.events)}
    seen = Counter(
        frame.type
        for frame in trace.frames
        if opening is not None and first.get(frame.number, -1) > opening.seq
    )
    return next(
        (
            i
            for i, each in enumerate(one.scenario.inject)
            if each.at is not None and seen[each.at] < each.nth
        ),
        None,
    )

"""The points of an undisturbed run, each named by the frame that it follows."""

from __future__ import annotations

from collections.abc import Sequence

from llm_sim.schedule import START, Kind, Landing
from llm_sim.simulation import Run


def landings(kind: Kind, undisturbed: Run) -> Sequence[Landing]:
    """Return where a stimulus can land: after each step from the opening to rest.

    Point 1 is the opening itself; the last point is the one at rest. Each is counted from the
    last frame that was new before it, so that it is still meant after an edit of the bot.
    """
    anchors = _anchors(undisturbed)
    found: list[Landing] = []
    anchor, nth, since = START, 1, undisturbed.opened
    for step in range(undisturbed.opened, undisturbed.rested + 1):
        anchor, nth, since = anchors.get(step, (anchor, nth, since))
        found.append(Landing(kind, anchor, nth, step - since))
    return found


def _anchors(undisturbed: Run) -> dict[int, tuple[str, int, int]]:
    """Return, by step, the last frame that was new in it: its type, its occurrence, the step."""
    trace = undisturbed.trace
    counts: dict[str, int] = {}
    anchors: dict[int, tuple[str, int, int]] = {}
    newest = -1
    for event in trace.events:
        if event.frame is None or event.frame <= newest:
            continue
        newest = event.frame
        if undisturbed.opened < event.step <= undisturbed.rested:
            type_ = trace.frames[newest].type
            counts[type_] = counts.get(type_, 0) + 1
            anchors[event.step] = (type_, counts[type_], event.step)
    return anchors

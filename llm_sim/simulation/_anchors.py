"""The frames from which a landing is counted, in a run."""

from __future__ import annotations

from llm_sim.simulation._run import Run


def anchors_of(run: Run) -> dict[int, tuple[str, int, int]]:
    """Return, by step, the last frame that was new in it: its type, its occurrence, the step."""
    trace = run.trace
    counts: dict[str, int] = {}
    anchors: dict[int, tuple[str, int, int]] = {}
    newest = -1
    for event in trace.events:
        if event.frame is None or event.frame <= newest:
            continue
        newest = event.frame
        if run.opened < event.step <= run.rested:
            type_ = trace.frames[newest].type
            counts[type_] = counts.get(type_, 0) + 1
            anchors[event.step] = (type_, counts[type_], event.step)
    return anchors


def nearest_frame(run: Run, step: int) -> tuple[str, int, int] | None:
    """Return the last frame that was new in a run up to a step, or None.

    Returns:
        The frame's type, its occurrence, and how many steps before that step it was new.
    """
    before = [new for new in anchors_of(run).values() if new[2] <= step]
    if not before:
        return None
    type_, nth, since = max(before, key=lambda new: new[2])
    return type_, nth, step - since

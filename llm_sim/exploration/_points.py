"""The points of a run, each named by the frame that it follows."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final

from llm_sim.schedule import START, THEN, Kind, Landing, Schedule
from llm_sim.simulation import Run

_SEED: Final = 0


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


def pairs(
    firsts: Sequence[Landing], kind: Kind, disturbed: Callable[[Landing], Run]
) -> list[Schedule]:
    """Return each first landing with a second one after each step that is left behind it.

    Args:
        firsts: Where the first stimulus can land.
        kind: The second stimulus.
        disturbed: Runs the first stimulus alone, which tells how many steps are left.
    """
    found: list[Schedule] = []
    for first in firsts:
        left = _steps_after_the_stimulus(disturbed(first))
        found.extend(Schedule((first, Landing(kind, THEN, 1, step))) for step in range(left + 1))
    return found


def sample(schedules: Sequence[Schedule], most: int) -> list[tuple[int, Schedule]]:
    """Return at most so many of the schedules with their points, in order; the same ones always."""
    numbered = list(enumerate(schedules, 1))
    if len(numbered) <= most:
        return numbered
    return sorted(random.Random(_SEED).sample(numbered, most), key=lambda one: one[0])


def nearest(run: Run, step: int) -> tuple[str, int, int] | None:
    """Return the last frame that was new in a run up to a step, or None.

    Returns:
        The frame's type, its occurrence, and how many steps before that step it was new.
    """
    before = [new for new in _anchors(run).values() if new[2] <= step]
    if not before:
        return None
    type_, nth, since = max(before, key=lambda new: new[2])
    return type_, nth, step - since


def _steps_after_the_stimulus(disturbed: Run) -> int:
    stimuli = [event for event in disturbed.trace.of("stimulus") if event.data.get("swept")]
    return max(0, disturbed.rested - stimuli[-1].step) if stimuli else 0


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

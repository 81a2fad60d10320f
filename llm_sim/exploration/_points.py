"""The points of a sweep: where stimuli can land, which of the places are alike, and a sample."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from llm_sim.schedule import START, THEN, Kind, Landing, Schedule
from llm_sim.simulation import Run, anchors_of

_SEED: Final = 0
_NAMES: Final = ("", "", " pairs of points", " triples of points")

Alike = tuple[int, ...]
"""For each place, counted from 0, the first place that makes the same run."""

Scout = Callable[[Iterable[Schedule]], Iterator[Alike]]
"""Runs schedules, and tells of each the places behind its last stimulus; fewer if it is stopped."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How many points there are, and how many of them are tried.

    Parameters:
        points: How many there are.
        tried: How many are tried: all of them, or a sample.
        stimuli: How many stimuli make a point.
        exact: Whether all points were counted; else the number is projected from a sample.
    """

    points: int
    tried: int
    stimuli: int = 1
    exact: bool = True

    @property
    def fraction(self) -> float:
        """What part of the points is tried, from 0 to 1."""
        return min(1.0, self.tried / self.points) if self.points else 1.0

    def in_words(self) -> str:
        """Return e.g. ``1,234 pairs of points; a sample of 500 (40.5 %)``."""
        about = "" if self.exact else "about "
        words = f"{about}{self.points:,}{_NAMES[self.stimuli] or ' points'}"
        return words if self.tried == self.points else f"{words}; {self.sample_in_words()}"

    def sample_in_words(self) -> str:
        """Return e.g. ``a sample of 500 (40.5 %)``."""
        return f"a sample of {self.tried:,} ({self.fraction:.1%})".replace("%", " %")


@dataclass(frozen=True, slots=True)
class Point:
    """One place of the last stimulus together with one of each stimulus before it.

    Parameters:
        number: 1 is the opening of the conversation.
        schedule: What lands where.
        alike: The schedule of the first point that is proved to make the same run; often its own.
    """

    number: int
    schedule: Schedule
    alike: Schedule


def first_places(kind: Kind, undisturbed: Run, quiet: Set[int]) -> tuple[Sequence[Landing], Alike]:
    """Return where a stimulus can land, from the opening to rest, and which places are alike.

    Point 1 is the opening itself; the last point is the one at rest. Each is counted from the
    last frame that was new before it, so that it is still meant after an edit of the bot. Places
    that are counted from different frames are never alike: a stimulus is armed where its frame is
    seen, and takes the context variables of the task that saw it.

    Args:
        kind: The stimulus.
        undisturbed: The run without it.
        quiet: The steps before and after which a stimulus makes the same run.
    """
    anchors = anchors_of(undisturbed)
    found: list[Landing] = []
    anchor, nth, since = START, 1, undisturbed.opened
    for step in range(undisturbed.opened, undisturbed.rested + 1):
        anchor, nth, since = anchors.get(step, (anchor, nth, since))
        found.append(Landing(kind, anchor, nth, step - since))
    return found, alike(undisturbed.opened, undisturbed.rested, quiet - anchors.keys())


def alike(first: int, last: int, quiet: Set[int]) -> Alike:
    """Return, for each place from one step to another, the first place that makes the same run.

    Args:
        first: Steps done at the first place.
        last: Steps done at the last place.
        quiet: The steps before and after which a stimulus makes the same run.
    """
    found = [0]
    for step in range(first + 1, last + 1):
        found.append(found[-1] if step in quiet else step - first)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Branch:
    """The points that share all stimuli but the last."""

    schedule: Schedule
    alike: Schedule
    landings: Sequence[Landing]
    places: Alike

    def point(self, number: int, place: int) -> Point:
        here, same = self.landings[place], self.landings[self.places[place]]
        return Point(
            number,
            Schedule((*self.schedule.landings, here)),
            Schedule((*self.alike.landings, same)),
        )


def plan(
    firsts: tuple[Sequence[Landing], Alike], others: Sequence[Kind], scout: Scout, most: int
) -> tuple[Extent, list[Point]]:
    """Count the points of a sweep and choose those to try.

    How many places a stimulus has depends on the stimuli before it, so each combination of those
    has to run once. Of more than ``most`` pairs a sample runs, and the number of triples is
    projected from it.

    Args:
        firsts: The places of the first stimulus, and which of them are alike.
        others: The stimuli behind the first.
        scout: Tells of the places behind a stimulus.
        most: How many points are tried at most; of more, a sample, the same one each time.
    """
    branches = [_Branch(Schedule(), Schedule(), *firsts)]
    scale, exact = 1.0, True
    for depth, kind in enumerate(others, 1):
        total = sum(len(branch.places) for branch in branches)
        chosen = _chosen(branches, total if depth == 1 else most)
        branches = _branches(chosen, kind, scout)
        scale *= total / max(1, len(branches))
        exact = exact and len(branches) == total
    total = sum(len(branch.places) for branch in branches)
    points = _chosen(branches, most)
    return Extent(round(total * scale), len(points), 1 + len(others), exact), points


def _branches(points: list[Point], kind: Kind, scout: Scout) -> list[_Branch]:
    """Return what there is behind each point; less than that if the scout is stopped."""
    runs = list(dict.fromkeys(point.alike for point in points))
    places = dict(zip(runs, scout(runs), strict=False))
    thens = [
        Landing(kind, THEN, 1, step) for step in range(max(map(len, places.values()), default=0))
    ]
    return [
        _Branch(point.schedule, point.alike, thens, places[point.alike])
        for point in points
        if point.alike in places
    ]


def _chosen(branches: Sequence[_Branch], most: int) -> list[Point]:
    ends = list(accumulate(len(branch.places) for branch in branches))
    total = ends[-1] if ends else 0
    chosen: Iterable[int] = range(total)
    if total > most:
        chosen = sorted(random.Random(_SEED).sample(range(total), most))
    found = []
    for index in chosen:
        which = bisect_right(ends, index)
        branch = branches[which]
        found.append(branch.point(index + 1, index - ends[which] + len(branch.places)))
    return found


def landings(kind: Kind, undisturbed: Run) -> Sequence[Landing]:
    """Return where a stimulus can land, from the opening to rest, alike or not."""
    return first_places(kind, undisturbed, frozenset())[0]

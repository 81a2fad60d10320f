"""Partial order sampling."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


class Pos:
    """Give each event a random priority when it becomes ready, and run the highest.

    This is the basic algorithm of Yuan, Yang and Gu, "Partial order aware concurrency sampling"
    (CAV 2018). A random walk hardly ever delays one event for long; a low priority does.

    Args:
        seed: Where chance begins; the runs of two samplers with one seed are the same.
    """

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)
        self._priorities: dict[int, float] = {}

    def begin(self) -> bool:
        """Begin the next run."""
        self._priorities.clear()
        return True

    def choose(self, ready: Sequence[int]) -> int:
        """Choose the lane whose next event has the highest priority."""
        for lane in ready:
            if lane not in self._priorities:
                self._priorities[lane] = self._chance.random()
        place = max(range(len(ready)), key=lambda place: self._priorities[ready[place]])
        del self._priorities[ready[place]]
        return place

"""Probabilistic concurrency testing."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from llm_sim.errors import UsageError


class Pct:
    """Run the lane with the highest priority, and demote it at a few random steps.

    This is the algorithm of Burckhardt, Kothari, Musuvathi and Nagarakatte, "A randomized scheduler
    with probabilistic guarantees of finding bugs" (ASPLOS 2010). A bug of depth d, which shows when
    d steps come in some order, is found in a run with a chance of at least 1 / (n * k**(d - 1)) in
    a program of n lanes and k steps.

    Args:
        seed: Where chance begins; the runs of two schedulers with one seed are the same.
        steps: How many steps a run takes, about.
        depth: The depth of the bugs that are looked for; there are ``depth - 1`` demotions a run.

    Raises:
        UsageError: ``steps`` or ``depth`` is less than 1.
    """

    def __init__(self, seed: int, *, steps: int, depth: int) -> None:
        for name, value in (("steps", steps), ("depth", depth)):
            if value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}")
        self._chance = Random(seed)
        self._most_steps = steps
        self._depth = depth
        self._steps = 0
        self._priorities: dict[int, float] = {}
        self._demotions: list[int] = []

    def begin(self) -> bool:
        """Begin the next run with fresh priorities and fresh steps at which to demote."""
        self._steps = 0
        self._priorities.clear()
        # The rank of a demotion is its place in this list, and the list is not sorted: a lane that
        # is demoted late may rank above one that was demoted early, or below it.
        self._demotions = [self._chance.randint(1, self._most_steps) for _ in range(1, self._depth)]
        return True

    def choose(self, ready: Sequence[int]) -> int:
        """Choose the lane with the highest priority."""
        for lane in ready:
            if lane not in self._priorities:
                # Above every demoted lane.
                self._priorities[lane] = self._depth + self._chance.random()
        place = max(range(len(ready)), key=lambda place: self._priorities[ready[place]])
        self._steps += 1
        for rank, step in enumerate(self._demotions):
            if step == self._steps:
                self._priorities[ready[place]] = rank
        return place

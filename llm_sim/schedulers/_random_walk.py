"""A random walk."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


class RandomWalk:
    """Let any lane go on, each with the same chance.

    Args:
        seed: Where chance begins; the runs of two walks with one seed are the same.
    """

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)

    def begin(self) -> bool:
        """Begin the next run."""
        return True

    def choose(self, ready: Sequence[int]) -> int:
        """Choose any lane."""
        return self._chance.randrange(len(ready))

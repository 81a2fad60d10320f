"""The port of a policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Scheduler(Protocol):
    """Chooses who goes on next, run after run.

    A lane is known by a number, the same in every run and every process as long as the program has
    done the same so far.
    """

    def begin(self) -> bool:
        """Begin the next run.

        Returns:
            Whether there is one; False from a search that has tried everything.
        """
        ...

    def choose(self, ready: Sequence[int]) -> int:
        """Choose the lane that takes the next step.

        Args:
            ready: The lanes that are ready, at least one, those with the older entry first.

        Returns:
            The place of one in that sequence, from 0.
        """
        ...

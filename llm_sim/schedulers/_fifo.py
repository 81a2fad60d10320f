"""First in, first out."""

from __future__ import annotations

from collections.abc import Sequence


class Fifo:
    """Let the lane with the oldest entry go on, as asyncio does."""

    def begin(self) -> bool:
        """Begin the next run."""
        return True

    def choose(self, ready: Sequence[int]) -> int:
        """Choose the first lane."""
        return 0

"""An order that was written down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from llm_sim.schedule import Deviation
from llm_sim.schedulers._run_to_block import base_place


class Replaying:
    """Let a lane go on until it waits, except at the choices that are listed.

    Args:
        order: The choices at which another lane goes on, and which.
    """

    def __init__(self, order: Iterable[Deviation]) -> None:
        self._order = tuple(order)
        self._to_come: dict[int, Deviation] = {}
        self._running: int | None = None
        self._choices = 0
        self.begin()

    @property
    def outstanding(self) -> tuple[Deviation, ...]:
        """What could not be followed so far: no such choice came, or it had fewer lanes."""
        return tuple(self._to_come.values())

    def begin(self) -> bool:
        """Begin the next run, in the same order."""
        self._to_come = {deviation.choice: deviation for deviation in self._order}
        self._running = None
        self._choices = 0
        return True

    def choose(self, ready: Sequence[int]) -> int:
        """Choose the lane that is listed for this choice, or the one whose turn it is."""
        place = base_place(ready, self._running)
        if len(ready) > 1:
            self._choices += 1
            listed = self._to_come.get(self._choices)
            if listed is not None and listed.place <= len(ready):
                del self._to_come[self._choices]
                place = listed.place - 1
        self._running = ready[place]
        return place

"""What a policy chose, as plain data."""

from __future__ import annotations

from collections.abc import Sequence

from llm_sim.schedule import Deviation
from llm_sim.schedulers._run_to_block import base_place
from llm_sim.schedulers._scheduler import Scheduler


class Recording:
    """Choose as another scheduler does, and note where that is not the base order.

    Args:
        scheduler: Who chooses.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._running: int | None = None
        self._choices = 0
        self._order: list[Deviation] = []

    @property
    def order(self) -> tuple[Deviation, ...]:
        """What `Replaying` takes to choose the same again."""
        return tuple(self._order)

    def begin(self) -> bool:
        """Begin the next run of the other scheduler."""
        self._running = None
        self._choices = 0
        self._order.clear()
        return self._scheduler.begin()

    def choose(self, ready: Sequence[int]) -> int:
        """Choose what the other scheduler chooses."""
        place = self._scheduler.choose(ready)
        if len(ready) > 1:
            self._choices += 1
            if place != base_place(ready, self._running):
                self._order.append(Deviation(self._choices, place + 1))
        self._running = ready[place]
        return place

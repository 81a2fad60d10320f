"""Every order with a few preemptions."""

from __future__ import annotations

from collections.abc import Sequence

from llm_sim.errors import NondeterminismError, UsageError
from llm_sim.schedulers._run_to_block import base_place


class PreemptionBounded:
    """Try every order with at most so many preemptions, depth first.

    A preemption lets another lane go on while the running one is ready. Where the running lane
    waits, the switch is free. This is the bound of Musuvathi and Qadeer, "Iterative context
    bounding for systematic testing of multithreaded programs" (PLDI 2007): most bugs need one or
    two.

    Args:
        preemptions: How many preemptions an order may have; None for every order.

    Raises:
        UsageError: ``preemptions`` is negative.
    """

    def __init__(self, preemptions: int | None) -> None:
        if preemptions is not None and preemptions < 0:
            raise UsageError(f"preemptions must be at least 0, not {preemptions}")
        self._most = preemptions
        self._preemptions = 0
        self._running: int | None = None
        self._begun = False
        self._depth = 0
        self._path: list[tuple[tuple[int, ...], list[int]]] = []
        """The choices of this run: the lanes that are ready, and the places that are still to be
        tried, the one of this run first."""

    def begin(self) -> bool:
        """Begin the next run, if there is another order to try."""
        while self._path:
            untried = self._path[-1][1]
            del untried[0]
            if untried:
                break
            self._path.pop()
        if self._begun and not self._path:
            return False
        self._begun = True
        self._depth = self._preemptions = 0
        self._running = None
        return True

    def choose(self, ready: Sequence[int]) -> int:
        """Choose as in the run before up to the last choice that has an alternative.

        Raises:
            NondeterminismError: The program was not the same up to there.
        """
        base = base_place(ready, self._running)
        place = base if len(ready) == 1 else self._place(tuple(ready), base)
        if place != base and self._running in ready:
            self._preemptions += 1
        self._running = ready[place]
        return place

    def _place(self, ready: tuple[int, ...], base: int) -> int:
        if self._depth == len(self._path):
            self._path.append((ready, self._places(ready, base)))
        before, untried = self._path[self._depth]
        self._depth += 1
        if before != ready:
            raise NondeterminismError(
                f"choice {self._depth} is one of lanes {_listed(ready)}, and was one of "
                f"{_listed(before)} in the same order before"
            )
        return untried[0]

    def _places(self, ready: tuple[int, ...], base: int) -> list[int]:
        if self._running in ready and self._most is not None and self._preemptions >= self._most:
            return [base]
        return [base, *(place for place in range(len(ready)) if place != base)]


def _listed(lanes: tuple[int, ...]) -> str:
    return ", ".join(str(lane) for lane in lanes)

"""Every policy, ready to be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from llm_sim.schedulers import Fifo, Pct, Pos, PreemptionBounded, RandomWalk, Replaying, Scheduler
from tests.schedulers.programs import Program, Told, told_by

SEEDED: Final[dict[str, Callable[[int], Scheduler]]] = {
    "random": RandomWalk,
    "pos": Pos,
    "pct": lambda seed: Pct(seed, steps=20, depth=3),
}
POLICIES: Final[dict[str, Callable[[], Scheduler]]] = {
    "fifo": Fifo,
    "replay": lambda: Replaying(()),
    "bounded": lambda: PreemptionBounded(2),
    **{name: partial(make, 1) for name, make in SEEDED.items()},
}


def runs(scheduler: Scheduler, program: Program, most: int) -> Iterator[Told]:
    """Yield what a program says in each of so many runs."""
    for _ in range(most):
        if not scheduler.begin():
            return
        yield told_by(program, scheduler.choose)

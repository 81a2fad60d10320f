"""What is run again and again, and what is kept of each run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from llm_sim.errors import SimulationError
from llm_sim.exploration._coverage import Cell, cells
from llm_sim.exploration._points import Alike, alike
from llm_sim.loop import QuietSteps
from llm_sim.schedule import Schedule
from llm_sim.simulation import BrokenLaw, Run, Setup, broken_laws, simulate

_T = TypeVar("_T")

Like = tuple[tuple[BrokenLaw, ...], str]
"""What is broken, or why there is no verdict."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is kept of a run.

    Parameters:
        complaint: Why there is no verdict, or empty.
        broken: Each broken law with the tool that it is about, or an empty one; sorted.
        landed: Whether every stimulus came to its place.
        cells: What it adds to the coverage.
        warned: Each warning with its law's code, sorted.
        run: The run itself, where it fails and may have to stand for its like; else None.
    """

    complaint: str
    broken: tuple[BrokenLaw, ...]
    landed: bool
    cells: tuple[Cell, ...]
    warned: tuple[str, ...] = ()
    run: Run | None = None


def like_of(run: Run) -> Like:
    """Return what a run has in common with its like."""
    return broken_laws(run.setup, run.violations), str(run.complaint or "")


def attempt(setup: Setup, schedule: Schedule) -> Attempt:
    """Run a schedule and judge it; a run that broke off has no verdict, and the others go on."""
    try:
        run = simulate(setup, schedule)
    except SimulationError as error:
        return Attempt(str(error), (), landed=True, cells=())
    broken, complaint = like_of(run)
    warned = tuple(sorted({f"{each.law} {each.message}" for each in run.warnings}))
    return Attempt(
        complaint,
        broken,
        run.landed,
        cells(run),
        warned,
        run if broken or complaint else None,
    )


def places_behind(setup: Setup, schedule: Schedule, *, every: bool = False) -> Alike:
    """Run a schedule, and return the places for another stimulus after its last one.

    There is the first alone where the run has no verdict.
    """
    quiet = QuietSteps()
    try:
        run = simulate(setup, schedule, instrument=None if every else quiet)
    except SimulationError:
        return (0,)
    if not run.landed:
        return (0,)
    last = [event.step for event in run.trace.of("stimulus") if event.data.get("swept")][-1]
    return alike(last, max(last, run.rested), quiet.steps)


def first_of_their_like(attempts: Iterable[Attempt]) -> Iterator[Attempt]:
    """Yield attempts, with their run where it is not like the one before.

    Only the first point of a window stands for it, and a run is large: a thousand failing points
    must not be a thousand traces in memory, nor on the way from a worker process.
    """
    before: Like = ((), "")
    for one in attempts:
        now = (one.broken, one.complaint)
        yield replace(one, run=None) if now == before else one
        before = now


class Runs(Protocol):
    """Where the runs of an exploration are made."""

    def __call__(
        self, do: Callable[[Setup, Schedule], _T], schedules: Iterable[Schedule], /
    ) -> Iterator[_T]:
        """Do something with the Setup and each schedule, and yield what comes of it, in order.

        Asked to stop, it ends after the runs under way.
        """
        ...


def in_this_process(
    setup: Setup, stop_requested: Callable[[], bool], after_run: Callable[[], None]
) -> Runs:
    """Return what makes the runs one by one.

    Args:
        setup: What is run.
        stop_requested: Asked before each run.
        after_run: Called after each run.
    """

    def runs(do: Callable[[Setup, Schedule], _T], schedules: Iterable[Schedule], /) -> Iterator[_T]:
        for schedule in schedules:
            if stop_requested():
                return
            yield do(setup, schedule)
            after_run()

    return runs

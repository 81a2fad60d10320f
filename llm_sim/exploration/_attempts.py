"""What is run again and again, and what is kept of each run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from llm_sim.exploration._baseline import Broken, broken
from llm_sim.exploration._coverage import Cell, cells
from llm_sim.exploration._points import Alike, alike
from llm_sim.invariants import Law
from llm_sim.loop import Instrument, QuietSteps
from llm_sim.scenario import Scenario
from llm_sim.schedule import Schedule
from llm_sim.simulation import Limits, Run, run
from llm_sim.targets import Bot, Target, get_target, load_bot

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is kept of a run.

    Parameters:
        laws: The codes of the broken laws, sorted.
        complaint: Why there is no verdict, or empty.
        broken: Each broken law with the function that it is about, or an empty one; sorted.
        landed: Whether every stimulus came to its place.
        cells: What it adds to the coverage.
        warned: Each warning with its law's code, sorted.
    """

    laws: tuple[str, ...]
    complaint: str
    broken: tuple[Broken, ...]
    landed: bool
    cells: tuple[Cell, ...]
    warned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that a run of an exploration needs besides its schedule.

    Parameters:
        scenario: What happens.
        bot: What is under test; None is the scenario's own bot.
        target: Which service core it runs on.
        limits: Where a run that does not come to rest is stopped.
        laws: What must hold.
        place: Where the scenario stands, ``FILE::NAME``.
        every: Whether no two places count as alike.
    """

    scenario: Scenario
    bot: Bot | None
    target: str | Target
    limits: Limits | None
    laws: tuple[Law, ...]
    place: str
    every: bool = False

    def loaded(self) -> Job:
        """Return the job with its bot and its target in the place of their names.

        Raises:
            UsageError: There is no such bot or target.
        """
        target = get_target(self.target) if isinstance(self.target, str) else self.target
        return replace(self, bot=self.bot or load_bot(self.scenario.bot), target=target)

    @property
    def how(self) -> dict[str, Any]:
        """What `run` is told besides the scenario and the schedule."""
        return {
            "bot": self.bot,
            "target": self.target,
            "limits": self.limits,
            "laws": self.laws,
            "place": self.place,
        }

    def run(self, schedule: Schedule, instrument: Instrument | None = None) -> Run:
        """Run a schedule."""
        return run(self.scenario, schedule=schedule, instrument=instrument, **self.how)

    def watched(self, schedule: Schedule) -> tuple[Run, set[int]]:
        """Run a schedule, and return its quiet steps too (see `QuietSteps`)."""
        quiet = QuietSteps()
        return self.run(schedule, None if self.every else quiet), quiet.steps


def attempt(job: Job, schedule: Schedule) -> Attempt:
    """Run a schedule and judge it."""
    one = job.run(schedule)
    complaint = "" if one.violations else str(one.complaint or "")
    warned = tuple(sorted({f"{each.law} {each.message}" for each in one.warnings}))
    return Attempt(one.laws, complaint, broken(one), one.landed, cells(one), warned)


def places_behind(job: Job, schedule: Schedule) -> Alike:
    """Run a schedule, and return the places for another stimulus behind its last one."""
    one, quiet = job.watched(schedule)
    if not one.landed:
        return (0,)
    last = [event.step for event in one.trace.of("stimulus") if event.data.get("swept")][-1]
    return alike(last, max(last, one.rested), quiet)


class Runs(Protocol):
    """Where the runs of an exploration are made."""

    def __call__(
        self, do: Callable[[Job, Schedule], _T], schedules: Iterable[Schedule], /
    ) -> Iterator[_T]:
        """Do something with the job and each schedule, and yield what comes of it, in order.

        Asked to stop, it ends after the runs under way.
        """
        ...


def in_this_process(
    job: Job, stop_requested: Callable[[], bool], after_run: Callable[[], None]
) -> Runs:
    """Return what makes the runs one by one.

    Args:
        job: What is run.
        stop_requested: Asked before each run.
        after_run: Called after each run.
    """

    def runs(do: Callable[[Job, Schedule], _T], schedules: Iterable[Schedule], /) -> Iterator[_T]:
        for schedule in schedules:
            if stop_requested():
                return
            yield do(job, schedule)
            after_run()

    return runs

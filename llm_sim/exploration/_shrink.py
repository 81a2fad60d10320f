"""The smallest scenario and schedule that still fail alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from llm_sim.errors import SimulationError, UsageError
from llm_sim.exploration._points import landings
from llm_sim.exploration._simpler import (
    LEVELS,
    SIMPLE,
    Case,
    cost,
    rank,
    with_duration,
    without,
)
from llm_sim.invariants import Violation
from llm_sim.scenario import Scenario, durations_of
from llm_sim.schedule import THEN, Landing, Schedule, encode
from llm_sim.simulation import Run, simulate, steady

Rerun = Callable[[Scenario, Schedule], Run]
"""Runs a candidate and judges it."""

MOST_RUNS_OF_A_SHRINK: Final = 1000
"""How many runs a failure is shrunk with."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What a failure was shrunk to.

    Parameters:
        run: The simplest run that was found; its scenario and its schedule say how to see it.
        violation: The failure in it.
        runs: How many runs it took.
        complete: Whether nothing more can be left away; False where it was stopped before.
    """

    run: Run
    violation: Violation
    runs: int
    complete: bool


def shrink(
    run: Run,
    violation: Violation,
    *,
    most_runs: int = MOST_RUNS_OF_A_SHRINK,
    stop: Callable[[], bool] = lambda: False,
    rerun: Rerun | None = None,
) -> Shrunk:
    """Return the simplest run that still breaks the same law on the same call.

    Simplest means, in this order: fewest stimuli, fewest calls, fewest turns and steps, plainest
    behaviours, the earliest points, simple durations. No single piece of what is returned can be
    dropped or made plainer, with the first stimulus wherever it likes: the failure is gone then,
    or is of another kind. Ids of calls stay, and the scenario is open-ended. It is the same in any
    process.

    Args:
        run: A run that fails; its bot, target, limits and laws hold for each candidate.
        violation: Which of its failures to keep.
        most_runs: How many runs it may take.
        stop: Asked before each run; True ends the search with what was found.
        rerun: Runs a candidate and judges it, instead of :func:`llm_sim.simulation.simulate`.

    Raises:
        UsageError: The run does not fail so a second time; or it is in another order than
            asyncio's.
    """
    if run.schedule.order is not None:
        raise UsageError(
            f"cannot shrink {run.token}: shrinking keeps asyncio's order, and this is another one; "
            "use reorder, which reduces what it finds to few deviations"
        )
    if violation not in run.violations:
        raise UsageError(
            f"the run does not break {violation.law} so: {violation.message!r} is none of its "
            f"{len(run.violations)} violations; give one out of run.violations"
        )
    if most_runs < 1:
        raise UsageError(f"most_runs={most_runs}: allow at least one run")

    def simulated(scenario: Scenario, schedule: Schedule) -> Run:
        return simulate(run.setup.varied(scenario), schedule)

    search = _Descent(run, violation, rerun or simulated, most_runs, stop)
    with run.setup.bot.at_home(), steady() as search.after_run:
        complete = search.finish()
    return Shrunk(search.best, search.found, search.runs, complete)


class _StoppedError(Exception):
    """Ends a search between two runs."""


@dataclass(slots=True)
class _Descent:
    """Goes down from run to run, each one simpler than the last.

    Parameters:
        best: The simplest run so far; at first where it begins.
        found: The failure in it, which is kept.
        rerun: Runs a candidate and judges it.
        most_runs: After how many runs it ends.
        stop: Asked before each run.
        after_run: Called after each run.
        runs: How many there were.
    """

    best: Run
    found: Violation
    rerun: Rerun
    most_runs: int
    stop: Callable[[], bool]
    after_run: Callable[[], None] = lambda: None
    runs: int = 0
    _tried: set[str] = field(default_factory=set)
    _points: dict[str, Sequence[Landing]] = field(default_factory=dict)

    def finish(self) -> bool:
        """Go down as far as it goes; return whether nothing more can be left away.

        Raises:
            UsageError: The run does not fail so a second time.
        """
        # What is left away changes how often the model is asked, and so may a repair. What was
        # expected of the whole is not expected of its parts.
        open_ended = self.best.scenario.replace(open_ended=True, expect=(), marks=())
        given = Case(open_ended, self.best.schedule.landings)
        try:
            again = self._run(given)
            found = None if again is None else self._alike(again)
            if again is None or found is None:
                raise UsageError(
                    f"the run does not break {self.found.law} again: "
                    f"{self.found.message!r}; its Setup is not the one that it was found with"
                )
            self.best, self.found = again, found
            self._leave_away_much()
            simplest = None
            while simplest is not self.best:
                simplest = self.best
                self._round_durations()
                self._land_earlier()
                self._leave_away_each()
        except _StoppedError:
            return False
        return True

    def _leave_away_much(self) -> None:
        """Leave many pieces away at once, then fewer; stimuli stay where they are."""
        self._try_any(without(self.best, ()))
        for pieces in LEVELS:
            size = len(pieces(self.best, self.found.call))
            while size:
                place = 0
                while chunk := pieces(self.best, self.found.call)[place : place + size]:
                    if not self._try_any(without(self.best, chunk)):
                        place += size
                size //= 2

    def _leave_away_each(self) -> None:
        """Leave single pieces away, and let the first stimulus land wherever it likes."""
        for pieces in LEVELS:
            place = 0
            while chunk := pieces(self.best, self.found.call)[place : place + 1]:
                if not any(self._try_everywhere(case) for case in without(self.best, chunk)):
                    place += 1

    def _land_earlier(self) -> None:
        """Let each stimulus land as early as it can, the first one first."""
        n = 0
        while n < len(self.best.schedule.landings):
            self._try_any(self._earlier(n))
            n += 1

    def _earlier(self, n: int) -> Iterator[Case]:
        scenario, now = self.best.scenario, self.best.schedule.landings
        stimuli = self.best.trace.of("stimulus")
        joined = {e.data["swept"]: e.step for e in stimuli if "swept" in e.data}
        if n:
            steps = range(max(0, joined[n + 1] - joined[n]) + 1)
            points: Sequence[Landing] = [Landing(now[n].kind, THEN, 1, step) for step in steps]
        else:
            points = self._points_of(scenario)[: joined[1] - self.best.opened + 1]
        for point in points:
            yield Case(scenario, (*now[:n], replace(point, kind=now[n].kind), *now[n + 1 :]))

    def _round_durations(self) -> None:
        for piece, text in durations_of(self.best.scenario):
            for simple in SIMPLE[: rank(text)]:
                if self._try_any(with_duration(self.best, piece, simple)):
                    break

    def _try_everywhere(self, case: Case) -> bool:
        """Try a case as it is, then with its first stimulus at each point."""
        if self._try(case):
            return True
        if not case.landings:
            return False
        before, (first, *others) = self.best, case.landings
        self._try_any(
            Case(case.scenario, (replace(point, kind=first.kind), *others))
            for point in self._points_of(case.scenario)
        )
        return self.best is not before

    def _points_of(self, scenario: Scenario) -> Sequence[Landing]:
        """Return the points of a scenario's undisturbed run; none if that run is kept itself."""
        undisturbed = Case(scenario, ())
        return () if self._try(undisturbed) else self._points.get(_key(undisturbed), ())

    def _try_any(self, cases: Iterable[Case]) -> bool:
        return any(self._try(case) for case in cases)

    def _try(self, case: Case) -> bool:
        """Run a case that was not tried, and keep it if it fails alike and is simpler."""
        if _key(case) in self._tried:
            return False
        run = self._run(case)
        if run is None or run.landed < self.best.landed:
            return False
        found = self._alike(run)
        if found is None or cost(run) >= cost(self.best):
            return False
        self.best, self.found = run, found
        return True

    def _alike(self, run: Run) -> Violation | None:
        alike = (self.found.call, self.found.identity)
        for violation in run.violations:
            if (violation.call, violation.identity) == alike:
                return violation
        return None

    def _run(self, case: Case) -> Run | None:
        """Run a case; None where it gives no verdict."""
        if self.runs >= self.most_runs or self.stop():
            raise _StoppedError
        self.runs += 1
        self._tried.add(_key(case))
        try:
            run = self.rerun(case.scenario, Schedule(case.landings))
        except SimulationError:
            return None
        finally:
            self.after_run()
        if not case.landings:
            self._points[_key(case)] = landings("interrupt", run)
        return run


def _key(case: Case) -> str:
    return json.dumps([case.scenario.to_plain(), encode(Schedule(case.landings))])

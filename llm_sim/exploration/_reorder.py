"""One schedule in many orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Final, Literal, get_args

from llm_sim.errors import SimulationError, UsageError, did_you_mean
from llm_sim.exploration._reduction import reduced
from llm_sim.exploration._stopping import stop_requests
from llm_sim.exploration._sweep import ProgressListener
from llm_sim.invariants import LAWS, Law
from llm_sim.scenario import Scenario
from llm_sim.schedule import Deviation, Schedule, encode
from llm_sim.schedulers import Pct, Pos, PreemptionBounded, RandomWalk, Scheduler
from llm_sim.simulation import Limits, Run, check_determinism, run, steady
from llm_sim.targets import Bot, Target, get_target, load_bot

UNREACHABLE: Final = (
    "not asyncio's order: its ready queue is first in, first out, so this may not be reachable on "
    "stock asyncio"
)
"""What must be said of everything that is found in another order."""

Policy = Literal["random", "pct", "pos", "bounded"]
POLICIES: Final[tuple[Policy, ...]] = get_args(Policy)
"""How orders are chosen."""

_MOST_REDUCTIONS: Final = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """Runs that fail alike.

    Parameters:
        laws: The codes of the broken laws, sorted; empty where no verdict was possible.
        complaint: Why there is no verdict, or empty.
        token: Replays one of them, with as few deviations as it takes.
        runs: How many runs failed so.
    """

    laws: tuple[str, ...]
    complaint: str
    token: str
    runs: int


@dataclass(slots=True)
class ReorderReport:
    """What came of a schedule in other orders than asyncio's.

    Parameters:
        scenario: The scenario.
        target: The target's name and version.
        policy: How the orders were chosen.
        in_order: The run in asyncio's own order.
        bot: What is under test.
        tried: How many runs there were in another order.
        missed: In how many of them a stimulus never came to its place; they are not judged.
        findings: What failed, in the order of first sight.
        exhausted: Whether a bounded search has tried every order within its bound.
        seconds: Real seconds that the runs took.
        stopped: Whether it was stopped before its last run.
    """

    scenario: Scenario
    target: str
    policy: Policy
    in_order: Run
    bot: Bot
    tried: int = 0
    missed: int = 0
    findings: list[Finding] = field(default_factory=list)
    exhausted: bool = False
    seconds: float = 0.0
    stopped: bool = False

    @property
    def failed(self) -> int:
        """Runs in which a law was broken or no verdict was possible."""
        return sum(finding.runs for finding in self.findings)

    @property
    def clean(self) -> bool:
        """Whether every law held in every run that was to be tried, and in asyncio's order."""
        return not (self.stopped or self.failed or self.in_order.violations or self.complaint)

    @property
    def complaint(self) -> SimulationError | None:
        """Why the run in asyncio's order gives no verdict, or None."""
        return self.in_order.complaint

    @property
    def laws(self) -> tuple[str, ...]:
        """The codes of all broken laws, sorted."""
        found = {law for finding in self.findings for law in finding.laws}
        return tuple(sorted(found.union(self.in_order.laws)))

    @property
    def extent(self) -> str:
        """How much was tried, in words."""
        missed = f", {self.missed} of them without the stimulus" if self.missed else ""
        if self.policy != "bounded":
            return f"{self.tried} random schedules{missed}"
        if self.exhausted:
            return f"{self.tried} of {self.tried} schedules{missed}"
        return f"{self.tried} schedules, {'stopped' if self.stopped else 'bound reached'}{missed}"

    def to_plain(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "scenario": self.scenario.name,
            "target": self.target,
            "policy": self.policy,
            "tried": self.tried,
            "missed": self.missed,
            "extent": self.extent,
            "failed": self.failed,
            "clean": self.clean,
            "in_order": {"laws": list(self.in_order.laws), "complaint": str(self.complaint or "")},
            "findings": [
                {
                    "laws": list(finding.laws),
                    "complaint": finding.complaint,
                    "token": finding.token,
                    "runs": finding.runs,
                }
                for finding in self.findings
            ],
            "note": UNREACHABLE,
        }


def reorder(
    scenario: Scenario,
    *,
    policy: Policy = "pos",
    runs: int = 200,
    seed: int = 0,
    preemptions: int = 2,
    schedule: Schedule | None = None,
    bot: Bot | None = None,
    target: str | Target = "reference",
    limits: Limits | None = None,
    laws: tuple[Law, ...] = LAWS,
    place: str = "",
    progress: ProgressListener | None = None,
) -> ReorderReport:
    """Run one schedule once in asyncio's order and many times in others.

    This is not sound, unlike a sweep: asyncio's ready queue is first in, first out, and what is
    found in another order may not be reachable there. Each task's own entries stay in order, and so
    do all callbacks. What fails is reduced to few deviations. Ctrl-C stops it; what was found is
    kept.

    Args:
        scenario: What happens.
        policy: How orders are chosen: ``random`` (any task goes on), ``pos`` (each event has a
            random priority), ``pct`` (each task has one, and a few demotions come at random), or
            ``bounded`` (every order with few preemptions).
        runs: How many orders are tried at most.
        seed: Where chance begins.
        preemptions: How many preemptions ``bounded`` tries at most, and ``pct`` makes.
        schedule: What lands where; nothing by default.
        bot: What is under test; by default the scenario's own bot.
        target: Which service core it runs on.
        limits: Where a run that does not come to rest is stopped.
        laws: What must hold.
        place: Where the scenario stands, ``FILE::NAME``.
        progress: Told after each run.

    Raises:
        UsageError: The scenario, the bot, the target, the policy or a number cannot be used.
        SimulationError: The pipeline did not start, or code asked for the real world.
        NondeterminismError: The same schedule is not the same run twice.
    """
    plan = Schedule() if schedule is None else schedule
    check_orders(policy, runs, preemptions, plan)
    chosen = get_target(target) if isinstance(target, str) else target
    under_test = bot or load_bot(scenario.bot)
    how: dict[str, Any] = {"bot": under_test, "target": chosen, "limits": limits}
    how |= {"laws": laws, "place": place}
    with stop_requests() as stop_requested, steady() as after_run:

        def one_run(**what: Any) -> Run:
            one = run(scenario, **what, **how)
            after_run()
            return one

        in_order = check_determinism(scenario, schedule=plan, **how)
        under = in_order.trace.header.target
        report = ReorderReport(scenario, under, policy, in_order, under_test)
        if in_order.landed:
            search = _Search(report, one_run, stop_requested)
            began = perf_counter()
            search.explore(_scheduler(policy, seed, preemptions, in_order.steps), runs, progress)
            report.findings = list(search.findings())
            report.seconds = perf_counter() - began
    return report


def check_orders(policy: str, runs: int, preemptions: int, plan: Schedule) -> None:
    """Refuse what :func:`reorder` cannot try, as it does itself.

    Raises:
        UsageError: The policy, a number or the schedule cannot be used.
    """
    if policy not in POLICIES:
        raise UsageError(
            f"there is no policy {policy!r}{did_you_mean(policy, POLICIES)}; it is one of "
            f"{', '.join(POLICIES)}"
        )
    if runs < 1:
        raise UsageError(f"cannot try {runs} orders: try at least one")
    if preemptions < 0:
        raise UsageError(f"preemptions must be at least 0, not {preemptions}")
    if plan.order is not None:
        raise UsageError(
            f"schedule {encode(plan)!r} has an order already; replay it, or give its landings alone"
        )


def _scheduler(policy: Policy, seed: int, preemptions: int, steps: int) -> Scheduler:
    if policy == "bounded":
        return PreemptionBounded(preemptions)
    if policy == "pct":
        return Pct(seed, steps=max(1, steps), depth=preemptions + 1)
    return RandomWalk(seed) if policy == "random" else Pos(seed)


_Outcome = tuple[tuple[str, ...], str]
"""The codes of the broken laws, and why there is no verdict."""


class _Search:
    """Runs of one schedule in other orders, and what fails in them.

    Args:
        report: What is filled.
        one_run: Runs the scenario.
        stop_requested: Tells whether to stop.
    """

    def __init__(
        self,
        report: ReorderReport,
        one_run: Callable[..., Run],
        stop_requested: Callable[[], bool],
    ) -> None:
        self._report = report
        self._run = one_run
        self._stop_requested = stop_requested
        self._failed: dict[_Outcome, list[Schedule]] = {}

    def explore(self, scheduler: Scheduler, most: int, progress: ProgressListener | None) -> None:
        """Try one order after the other."""
        report = self._report
        while scheduler.begin():
            report.stopped = self._stop_requested()
            if report.stopped or report.tried == most:
                return
            one = self._run(schedule=report.in_order.schedule, scheduler=scheduler)
            report.tried += 1
            report.missed += not one.landed
            outcome = _outcome(one)
            if one.landed and any(outcome):
                self._failed.setdefault(outcome, []).append(one.schedule)
            if progress is not None:
                progress(report.tried, most, sum(map(len, self._failed.values())))
        report.exhausted = True

    def findings(self) -> Iterator[Finding]:
        """Reduce one run of each kind of failure, and tell of it."""
        for outcome, schedules in self._failed.items():
            shortest = min(schedules, key=lambda schedule: len(schedule.order or ()))
            token = encode(self._reduced(shortest, outcome))
            yield Finding(*outcome, token, len(schedules))

    def _reduced(self, schedule: Schedule, outcome: _Outcome) -> Schedule:
        in_order = self._report.in_order
        if _outcome(in_order) == outcome:
            return in_order.schedule
        left = _MOST_REDUCTIONS

        def fails(order: Sequence[Deviation]) -> bool:
            nonlocal left
            left -= 1
            if left < 0 or self._stop_requested():
                return False
            one = self._run(schedule=replace(schedule, order=tuple(order)))
            return one.landed and _outcome(one) == outcome

        return replace(schedule, order=tuple(reduced(schedule.order or (), fails)))


def _outcome(one: Run) -> _Outcome:
    return one.laws, "" if one.violations else str(one.complaint or "")

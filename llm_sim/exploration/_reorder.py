"""One schedule in many orders."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Final, Literal, get_args

from llm_sim.errors import SimulationError, UsageError, did_you_mean
from llm_sim.exploration._reduction import reduced
from llm_sim.exploration._searches import completed
from llm_sim.exploration._stopping import stop_requests
from llm_sim.exploration._sweep import ProgressListener
from llm_sim.scenario import Scenario
from llm_sim.schedule import Deviation, Schedule, encode
from llm_sim.schedulers import Pct, Pos, PreemptionBounded, RandomWalk, Scheduler
from llm_sim.simulation import (
    Broken,
    Finding,
    NoVerdict,
    Run,
    Setup,
    Summary,
    Unmet,
    check_determinism,
    simulate,
    steady,
)
from llm_sim.targets import Bot, Target

UNREACHABLE: Final = (
    "not asyncio's order: its ready queue is first in, first out, so this may not be reachable on "
    "stock asyncio"
)
"""What must be said of everything that is found in another order."""

Policy = Literal["random", "pct", "pos", "bounded"]
POLICIES: Final[tuple[Policy, ...]] = get_args(Policy)
"""How orders are chosen."""

_MOST_REDUCTIONS: Final = 500


@dataclass(slots=True, kw_only=True)
class ReorderReport(Summary):
    """What came of a schedule in other orders than asyncio's.

    Parameters:
        policy: How the orders were chosen.
        in_order: The run in asyncio's own order.
        tried: How many runs there were in another order.
        missed: In how many of them a stimulus never came to its place; they are not judged.
        exhausted: Whether a bounded search has tried every order within its bound.
    """

    policy: Policy
    in_order: Run
    tried: int = 0
    missed: int = 0
    exhausted: bool = False

    @property
    def scenario(self) -> Scenario:
        """The scenario."""
        return self.setup.scenario

    @property
    def failed(self) -> int:
        """Runs in another order that fail otherwise than the one in asyncio's order."""
        return sum(f.hits for f in self.findings if f.unit == "order")

    @property
    def complaint(self) -> SimulationError | None:
        """Why the run in asyncio's order gives no verdict, or None."""
        return self.in_order.complaint

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
            "stopped": self.stopped,
            "in_order": {"laws": list(self.in_order.laws), "complaint": str(self.complaint or "")},
            "note": UNREACHABLE,
        }


@dataclass(frozen=True, slots=True)
class Orders:
    """Which orders are tried.

    Parameters:
        policy: How they are chosen: ``random`` (any task goes on), ``pos`` (each event has a
            random priority), ``pct`` (each task has one, and a few demotions come at random), or
            ``bounded`` (every order with few preemptions).
        runs: How many orders are tried at most.
        seed: Where chance begins.
        preemptions: How many preemptions ``bounded`` tries at most, and ``pct`` makes.

    Raises:
        UsageError: The policy or a number cannot be used.
    """

    policy: Policy = "pos"
    runs: int = 200
    seed: int = 0
    preemptions: int = 2

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise UsageError(
                f"there is no policy {self.policy!r}{did_you_mean(self.policy, POLICIES)}; it is "
                f"one of {', '.join(POLICIES)}"
            )
        if self.runs < 1:
            raise UsageError(f"cannot try {self.runs} orders: try at least one")
        if self.preemptions < 0:
            raise UsageError(f"preemptions must be at least 0, not {self.preemptions}")

    def scheduler(self, steps: int) -> Scheduler:
        """Return what chooses the orders of a run of so many steps."""
        match self.policy:
            case "bounded":
                return PreemptionBounded(self.preemptions)
            case "pct":
                return Pct(self.seed, steps=max(1, steps), depth=self.preemptions + 1)
            case "random":
                return RandomWalk(self.seed)
            case "pos":
                return Pos(self.seed)


def reorder(
    scenario: Scenario,
    orders: Orders | None = None,
    *,
    schedule: Schedule | None = None,
    bot: Bot | None = None,
    target: str | Target | None = None,
) -> ReorderReport:
    """Run one schedule once in asyncio's order and many times in others.

    This is not sound, unlike a sweep: asyncio's ready queue is first in, first out, and what is
    found in another order may not be reachable there. Each task's own entries stay in order, and so
    do all callbacks. What fails is reduced to few deviations. Ctrl-C stops it; what was found is
    kept.

    Args:
        scenario: What happens.
        orders: Which orders are tried.
        schedule: What lands where; nothing by default.
        bot: What is under test; by default the scenario's own bot.
        target: Which service core it runs on, see :func:`llm_sim.run`.

    Raises:
        UsageError: The scenario, the bot, the target or the schedule cannot be used.
        SimulationError: The pipeline did not start, or code asked for the real world.
        NondeterminismError: The same schedule is not the same run twice.
    """
    setup = Setup.of(scenario, bot=bot, target=target)
    return completed(search_orders(setup, orders or Orders(), schedule))


def search_orders(
    setup: Setup,
    orders: Orders,
    schedule: Schedule | None = None,
    *,
    progress: ProgressListener | None = None,
) -> Generator[Finding, None, ReorderReport]:
    """Run a Setup in other orders, as :func:`reorder` does.

    Args:
        setup: What is run.
        orders: Which orders are tried.
        schedule: What lands where; nothing by default.
        progress: Told after each run.

    Yields:
        What fails: in asyncio's own order first, then in others, each way once and reduced.
    """
    plan = Schedule() if schedule is None else schedule
    check_no_order(plan)
    with setup.bot.at_home(), stop_requests() as stop_requested, steady() as after_run:

        def one_run(plan: Schedule, scheduler: Scheduler | None = None) -> Run:
            one = simulate(setup, plan, scheduler=scheduler)
            after_run()
            return one

        in_order = check_determinism(setup, plan)
        report = ReorderReport(setup, policy=orders.policy, in_order=in_order)
        own = Finding.of_run(in_order)
        if own is not None:
            report.findings.append(own)
            yield own
        if in_order.landed:
            search = _OrderSearch(report, one_run, stop_requested)
            began = perf_counter()
            search.explore(orders.scheduler(in_order.steps), orders.runs, progress)
            for finding in search.findings():
                report.findings.append(finding)
                yield finding
            report.seconds = perf_counter() - began
    return report


def check_no_order(plan: Schedule) -> None:
    """Refuse a schedule that has an order of its own.

    Raises:
        UsageError: It has one.
    """
    if plan.order is not None:
        raise UsageError(
            f"schedule {encode(plan)!r} has an order already; replay it, or give its landings alone"
        )


_Like = tuple[tuple[str, ...], str]
"""The codes of the broken laws, and why there is no verdict."""


@dataclass(slots=True)
class _OrderSearch:
    """Runs of one schedule in other orders, and what fails in them.

    Parameters:
        report: What is filled.
        run: Runs the scenario.
        stop_requested: Tells whether to stop.
        failed: How often each failure came, and its run with the fewest deviations.
    """

    report: ReorderReport
    run: Callable[..., Run]
    stop_requested: Callable[[], bool]
    failed: dict[_Like, tuple[int, Run]] = field(default_factory=dict)

    def explore(self, scheduler: Scheduler, most: int, progress: ProgressListener | None) -> None:
        """Try one order after the other."""
        report = self.report
        while scheduler.begin():
            report.stopped = self.stop_requested()
            if report.stopped or report.tried == most:
                return
            one = self.run(report.in_order.schedule, scheduler)
            report.tried += 1
            report.missed += not one.landed
            like = _like(one)
            if one.landed and any(like):
                times, shortest = self.failed.get(like, (0, one))
                self.failed[like] = (times + 1, min(shortest, one, key=_deviations))
            if progress is not None:
                progress(report.tried, most, sum(times for times, _ in self.failed.values()))
        report.exhausted = True

    def findings(self) -> Iterator[Finding]:
        """Reduce one run of each kind of failure, and yield its finding.

        What fails the same way in asyncio's own order was found there, and is not reported again.
        """
        setup, tried = self.report.setup, self.report.tried
        own = _like(self.report.in_order)
        for like, (times, shortest) in self.failed.items():
            if like == own:
                continue
            one = self._reduced(shortest, like)
            assert isinstance(one.verdict, Broken | NoVerdict | Unmet)
            yield Finding(setup, one.schedule, one.verdict, one, hits=times, of=tried, unit="order")

    def _reduced(self, failing: Run, like: _Like) -> Run:
        left, best = _MOST_REDUCTIONS, failing

        def fails(order: Sequence[Deviation]) -> bool:
            nonlocal left, best
            left -= 1
            if left < 0 or self.stop_requested():
                return False
            one = self.run(replace(failing.schedule, order=tuple(order)))
            if not (one.landed and _like(one) == like):
                return False
            best = one
            return True

        reduced(failing.schedule.order or (), fails)
        return best


def _deviations(run: Run) -> int:
    return len(run.schedule.order or ())


def _like(one: Run) -> _Like:
    return one.laws, str(one.complaint or "")

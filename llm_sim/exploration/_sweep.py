"""A stimulus at every point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from time import perf_counter
from typing import Any, Final

from llm_sim.errors import SimulationError, UsageError, did_you_mean
from llm_sim.exploration._baseline import Broken, broken
from llm_sim.exploration._points import landings, pairs, sample
from llm_sim.exploration._stopping import stop_requests
from llm_sim.invariants import LAWS, Law
from llm_sim.scenario import Scenario
from llm_sim.schedule import KINDS, Kind, Landing, Schedule, encode
from llm_sim.simulation import Limits, Run, check_determinism, run, steady
from llm_sim.targets import Bot, Target, get_target, load_bot

MOST_RUNS: Final = 20_000
"""How many points a sweep tries before it takes a sample."""

_MOST_STIMULI: Final = 2

ProgressListener = Callable[[int, int, int], None]
"""Called after each run with the points done, the points in all and the points that failed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the stimulus at one point.

    Parameters:
        point: 1 is the opening of the conversation.
        token: Replays the run.
        laws: The codes of the broken laws, sorted; empty where every law held.
        complaint: Why there is no verdict, or empty.
        broken: Each broken law with the function that it is about, or an empty one; sorted.
    """

    point: int
    token: str
    laws: tuple[str, ...] = ()
    complaint: str = ""
    broken: tuple[Broken, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a law was broken, or no verdict was possible."""
        return bool(self.laws or self.complaint)


@dataclass(frozen=True, slots=True)
class Window:
    """Neighbouring points that fail alike.

    Parameters:
        first: The first point.
        last: The last point, inclusive.
        laws: The codes of the broken laws.
        token: Replays the first point.
        complaint: Why there is no verdict, or empty.
    """

    first: int
    last: int
    laws: tuple[str, ...]
    token: str
    complaint: str = ""


@dataclass(slots=True)
class SweepReport:
    """What came of a sweep.

    Parameters:
        scenario: The scenario.
        target: The target's name and version.
        inject: The stimulus.
        points: How many points there are.
        outcomes: What came of each point that was tried, in order.
        undisturbed: The run without the stimulus.
        bot: What is under test.
        seconds: Real seconds that the swept runs took.
        stopped: Whether it was stopped before its last point.
    """

    scenario: Scenario
    target: str
    inject: str
    points: int
    undisturbed: Run
    bot: Bot
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    stopped: bool = False

    @property
    def failed(self) -> int:
        """Points at which a law was broken or no verdict was possible."""
        return sum(outcome.failed for outcome in self.outcomes)

    @property
    def clean(self) -> bool:
        """Whether every law held at every point that was to be tried, undisturbed as well."""
        return not (self.stopped or self.failed or self.undisturbed.violations or self.complaint)

    @property
    def conclusive(self) -> bool:
        """Whether every run has a verdict, kept or broken."""
        undisturbed = self.complaint is None or bool(self.undisturbed.violations)
        return undisturbed and not self.stopped and not any(o.complaint for o in self.outcomes)

    @property
    def complaint(self) -> SimulationError | None:
        """Why the undisturbed run gives no verdict, or None."""
        return self.undisturbed.complaint

    @property
    def laws(self) -> tuple[str, ...]:
        """The codes of all broken laws, sorted."""
        swept = {law for outcome in self.outcomes for law in outcome.laws}
        return tuple(sorted(swept.union(self.undisturbed.laws)))

    @property
    def windows(self) -> list[Window]:
        """Neighbouring points that fail alike, in order."""
        return list(_windows(self.outcomes))

    @property
    def runs_per_second(self) -> float:
        """Swept runs in a real second, on this machine."""
        return len(self.outcomes) / self.seconds if self.seconds else 0.0

    def to_plain(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "scenario": self.scenario.name,
            "target": self.target,
            "inject": self.inject,
            "points": self.points,
            "tried": len(self.outcomes),
            "failed": self.failed,
            "clean": self.clean,
            "undisturbed": {
                "laws": list(self.undisturbed.laws),
                "complaint": str(self.complaint or ""),
            },
            "windows": [
                {
                    "first": window.first,
                    "last": window.last,
                    "laws": list(window.laws),
                    "token": window.token,
                    "complaint": window.complaint,
                }
                for window in self.windows
            ],
            "runs_per_second": round(self.runs_per_second, 1),
        }


def _windows(outcomes: Sequence[Outcome]) -> Iterator[Window]:
    alike = groupby(outcomes, key=lambda outcome: (outcome.laws, outcome.complaint))
    for (laws, complaint), group in alike:
        points = list(group)
        if points[0].failed:
            yield Window(points[0].point, points[-1].point, laws, points[0].token, complaint)


def stimulus_kinds(inject: str) -> tuple[Kind, ...]:
    """Return the stimuli that ``interrupt``, or ``interrupt+end``, names.

    Raises:
        UsageError: There is no such stimulus, or there are more than two.
    """
    kinds = tuple(_kind(name) for name in inject.split("+"))
    if len(kinds) > _MOST_STIMULI:
        raise UsageError(f"cannot inject {inject!r}: at most {_MOST_STIMULI} stimuli are swept")
    return kinds


def _kind(name: str) -> Kind:
    for kind in KINDS:
        if name == kind:
            return kind
    raise UsageError(
        f"cannot inject {name!r}{did_you_mean(name, KINDS)}; it is one of {', '.join(KINDS)}, or "
        "two of them, like interrupt+end"
    )


def sweep(
    scenario: Scenario,
    *,
    bot: Bot | None = None,
    inject: str = "interrupt",
    target: str | Target = "reference",
    limits: Limits | None = None,
    laws: tuple[Law, ...] = LAWS,
    place: str = "",
    most: int = MOST_RUNS,
    progress: ProgressListener | None = None,
) -> SweepReport:
    """Run a scenario once undisturbed, then once for each point with a stimulus at that point.

    The sweep is sound: the ready queue keeps asyncio's order, and the stimulus joins its end, as
    an event from outside does on any event loop. Ctrl-C stops it; what was found is kept.

    Args:
        scenario: What happens.
        bot: What is under test; by default the scenario's own bot.
        inject: ``interrupt``, ``end`` or ``cancel``; or two of them, like ``interrupt+end``: then
            a point is a place of the first together with one of the second behind it.
        target: Which service core it runs on.
        limits: Where a run that does not come to rest is stopped.
        laws: What must hold.
        place: Where the scenario stands, ``FILE::NAME``.
        most: How many points are tried at most; of more, a sample, the same one each time.
        progress: Told after each run.

    Raises:
        UsageError: The scenario, the bot, the target or the stimulus cannot be used.
        SimulationError: The pipeline did not start, or code asked for the real world.
        NondeterminismError: The undisturbed run is not the same twice.
    """
    kinds = stimulus_kinds(inject)
    chosen = get_target(target) if isinstance(target, str) else target
    under_test = bot or load_bot(scenario.bot)
    how: dict[str, Any] = {"bot": under_test, "target": chosen, "limits": limits}
    how |= {"laws": laws, "place": place}
    with stop_requests() as stop_requested, steady() as after_run:
        undisturbed = check_determinism(scenario, **how)
        schedules = _schedules(kinds, undisturbed, how)
        under = undisturbed.trace.header.target
        report = SweepReport(scenario, under, inject, len(schedules), undisturbed, under_test)
        began = perf_counter()
        for point, schedule in sample(schedules, most):
            if stop_requested():
                report.stopped = True
                break
            report.outcomes.append(_outcome(point, run(scenario, schedule=schedule, **how)))
            after_run()
            if progress is not None:
                progress(len(report.outcomes), min(report.points, most), report.failed)
        report.seconds = perf_counter() - began
    return report


def _schedules(
    kinds: tuple[Kind, ...], undisturbed: Run, how: dict[str, Any]
) -> Sequence[Schedule]:
    firsts = landings(kinds[0], undisturbed)
    if len(kinds) == 1:
        return [Schedule((first,)) for first in firsts]

    def disturbed(first: Landing) -> Run:
        return run(undisturbed.scenario, schedule=Schedule((first,)), **how)

    return pairs(firsts, kinds[1], disturbed)


def _outcome(point: int, swept: Run) -> Outcome:
    complaint = "" if swept.violations else str(swept.complaint or "")
    return Outcome(point, encode(swept.schedule), swept.laws, complaint, broken(swept))

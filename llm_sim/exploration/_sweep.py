"""A stimulus at every point."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Final

from llm_sim.errors import UsageError, did_you_mean
from llm_sim.exploration._attempts import (
    Attempt,
    Runs,
    attempt,
    first_of_their_like,
    in_this_process,
    places_behind,
)
from llm_sim.exploration._points import Extent, Point, first_places, plan
from llm_sim.exploration._report import Outcome, Standing, SweepReport
from llm_sim.exploration._searches import completed
from llm_sim.exploration._stopping import stop_requests
from llm_sim.exploration._workers import Workers, worker_processes
from llm_sim.invariants import Law
from llm_sim.loop import QuietSteps
from llm_sim.scenario import Place, Scenario, Stimulus
from llm_sim.schedule import KINDS, Kind, Schedule, encode
from llm_sim.simulation import Finding, Limits, Setup, check_determinism, steady
from llm_sim.targets import Bot, Target

MOST_RUNS: Final = 20_000
"""How many points a sweep tries before it takes a sample."""

_MOST_STIMULI: Final = 3

ProgressListener = Callable[[int, int, int], None]
"""Called after each point with the points done, those to be tried and those that failed."""

ExtentListener = Callable[[Extent], None]
"""Called once, before the first swept run."""


Inject = str | Callable[[], Stimulus] | Sequence[str | Callable[[], Stimulus]]
"""Stimuli: ``"interrupt"``, ``"interrupt+end"``, the builder ``interrupt``, or a list of these."""


def stimulus_kinds(inject: Inject) -> tuple[Kind, ...]:
    """Return the stimuli that ``interrupt``, or ``interrupt+end``, names.

    Raises:
        UsageError: There is no such stimulus, or there are more than three.
    """
    several = isinstance(inject, Sequence) and not isinstance(inject, str)
    each = inject if several else [inject]
    kinds = tuple(_kind(name) for one in each for name in _name(one).split("+"))  # type: ignore[union-attr]
    if not kinds:
        raise UsageError(f"cannot inject {inject!r}: name a stimulus, as in inject=interrupt")
    if len(kinds) > _MOST_STIMULI:
        told = "+".join(kinds)
        raise UsageError(f"cannot inject {told!r}: at most {_MOST_STIMULI} stimuli are swept")
    return kinds


def _name(stimulus: object) -> str:
    if isinstance(stimulus, str):
        return stimulus
    try:
        made = stimulus() if callable(stimulus) else stimulus
    except TypeError:  # a builder that takes an argument
        made = None
    if not isinstance(made, Stimulus):
        told = getattr(stimulus, "__name__", repr(stimulus))
        raise UsageError(
            f"cannot inject {told}: write inject=interrupt, inject=[interrupt, end] or "
            f'inject="interrupt+end"; a stimulus is one of {", ".join(KINDS)}'
        )
    return made.kind


def _kind(name: str) -> Kind:
    for kind in KINDS:
        if name == kind:
            return kind
    raise UsageError(
        f"cannot inject {name!r}{did_you_mean(name, KINDS)}; it is one of {', '.join(KINDS)}, or "
        "two or three of them, like interrupt+end"
    )


def sweep(
    scenario: Scenario,
    *,
    bot: Bot | None = None,
    inject: Inject = "interrupt",
    target: str | Target | None = None,
    limits: Limits | None = None,
    laws: Sequence[Law] | None = None,
    place: Place | None = None,
    most: int = MOST_RUNS,
    every: bool = False,
    workers: int | Workers = 1,
    progress: ProgressListener | None = None,
    announce: ExtentListener | None = None,
) -> SweepReport:
    """Run a scenario undisturbed, then with a stimulus at each point.

    The sweep is sound: the ready queue keeps asyncio's order, and the stimulus joins its end, as
    an event from outside does on any event loop. Points that are proved to make the same run share
    one run; each has an outcome and a token of its own. Ctrl-C stops the sweep after the runs under
    way; what was found is kept.

    Args:
        scenario: What happens.
        bot: What is under test; by default the scenario's own bot.
        inject: A stimulus that can be swept, by name or by builder; or two or three of them, like
            ``interrupt+end`` or ``[interrupt, end]``: then a point is a place of the first together
            with one of the second after it, and so on.
        target: Which service core it runs on, see :func:`llm_sim.run`.
        limits: Where a run that does not come to rest is stopped.
        laws: What must hold.
        place: Where the scenario stands; by default where it was loaded from.
        most: How many points are tried at most; of more, a sample, the same one each time. Where
            three stimuli have more pairs in front of the last one than this, the number of points
            is projected from a sample of the pairs.
        every: Whether each point is run, also where it is proved to make the run of another.
        workers: How many processes make the runs, or the processes. The bot and the target have to
            be picklable then; the report is the same but for the times.
        progress: Told after each point.
        announce: Told how many points there are, before the first of them is run.

    Raises:
        UsageError: The scenario, the bot, the target or the stimulus cannot be used.
        SimulationError: Undisturbed, the pipeline did not start or code asked for the real world;
            or a worker process died. Of a point, the report says that it has no verdict.
        NondeterminismError: The undisturbed run is not the same twice.
    """
    if not isinstance(scenario, Scenario):
        raise UsageError(f"sweep takes one Scenario, not {scenario!r}")
    setup = Setup.of(scenario, bot=bot, target=target, limits=limits, laws=laws, place=place)
    return completed(
        search_points(
            setup,
            inject,
            most=most,
            every=every,
            workers=workers,
            progress=progress,
            announce=announce,
        )
    )


def search_points(
    setup: Setup,
    inject: Inject = "interrupt",
    *,
    most: int = MOST_RUNS,
    every: bool = False,
    workers: int | Workers = 1,
    progress: ProgressListener | None = None,
    announce: ExtentListener | None = None,
) -> Generator[Finding, None, SweepReport]:
    """Sweep a Setup, as :func:`sweep` does.

    It makes two undisturbed runs, those of the points, and one on asyncio's own loop for each
    finding that breaks a law.

    Args:
        setup: What is run.
        inject: The stimuli.
        most: How many points are tried at most.
        every: Whether each point is run.
        workers: How many processes make the runs, or the processes.
        progress: Told after each point.
        announce: Told how many points there are.

    Yields:
        What fails, each way once: undisturbed first, then what has the widest window.
    """
    kinds = stimulus_kinds(inject)
    with setup.bot.at_home(), stop_requests() as stop_requested:
        quiet = QuietSteps()
        undisturbed = check_determinism(setup, instrument=None if every else quiet)
        firsts = first_places(kinds[0], undisturbed, quiet.steps)
        # By now what is under test is imported, and need not be looked through between the runs.
        with steady() as after_run, _crew(workers) as crew:
            runs = (
                in_this_process(setup, stop_requested, after_run)
                if crew is None
                else crew.runs(setup, stop_requested)
            )
            behind = partial(places_behind, every=every)
            extent, points = plan(
                firsts, kinds[1:], lambda schedules: runs(behind, schedules), most
            )
            if announce is not None:
                announce(extent)
            report = SweepReport(
                setup, inject="+".join(kinds), extent=extent, undisturbed=undisturbed
            )
            standing = Standing(report)
            began = perf_counter()
            for done, failed in _swept(report, standing, points, runs):
                if progress is not None:
                    progress(done, extent.tried, failed)
            report.seconds = perf_counter() - began
            # A sweep that is stopped while it counts its points may have none.
            report.stopped = not points or len(report.outcomes) < len(points)
            for finding in standing.findings():
                report.findings.append(finding)
                yield finding
    return report


def _crew(workers: int | Workers) -> AbstractContextManager[Workers | None]:
    if isinstance(workers, Workers):
        return nullcontext(workers)
    if workers < 1:
        raise UsageError(f"workers={workers}: at least one process has to make the runs")
    return nullcontext() if workers == 1 else worker_processes(workers)


def _swept(
    report: SweepReport, standing: Standing, points: Sequence[Point], runs: Runs
) -> Iterator[tuple[int, int]]:
    """Try the points; yield, after each, how many are done and how many of them failed."""
    known: dict[Schedule, Attempt] = {}
    distinct = dict.fromkeys(point.alike for point in points)
    attempts = first_of_their_like(runs(attempt, distinct))
    failed = 0
    for done, point in enumerate(points, 1):
        run = None
        if point.alike not in known:
            made = next(attempts, None)
            if made is None:
                return
            known[point.alike] = replace(made, run=None)
            # What a worker process sends back has a copy of the Setup.
            run = made.run and replace(made.run, setup=report.setup)
            report.runs += 1
        one = known[point.alike]
        if not one.landed and point.alike != point.schedule:
            # The proof covers stimuli that landed. This one did not, and the message names the
            # place: run its own point.
            one = attempt(report.setup, point.schedule)
            run = one.run
            report.runs += 1
        token = encode(point.schedule)
        outcome = Outcome(point.number, token, one.complaint, one.broken, one.warned)
        report.outcomes.append(outcome)
        standing.see(outcome, run)
        report.coverage.count(one.cells)
        failed += outcome.failed
        yield done, failed

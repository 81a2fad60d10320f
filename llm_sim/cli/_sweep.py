"""``llm-sim sweep``: a stimulus at every point."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Annotated

import typer

from llm_sim.cli import _completion as complete
from llm_sim.cli._app import command
from llm_sim.cli._console import err, out
from llm_sim.cli._options import BASELINE, BOT, FILES, JSON, PRUNE, TARGET, UPDATE
from llm_sim.cli._output import BaselineOptions, Output
from llm_sim.cli._progress import progress
from llm_sim.cli._subjects import Subjects, by_target
from llm_sim.errors import UsageError
from llm_sim.exploration import (
    MOST_RUNS,
    Coverage,
    Extent,
    ExtentListener,
    SweepReport,
    search_points,
    stimulus_kinds,
    stop_requests,
    worker_processes,
)
from llm_sim.kept import FailureStore
from llm_sim.reports import ExitCode
from llm_sim.schedule import KINDS
from llm_sim.simulation import Setup


@command(
    "Search",
    "llm-sim sweep scenarios/reserve.sim.yaml",
    "llm-sim sweep scenarios --inject end --target pipecat",
    rank=1,
)
def sweep(
    files: FILES,
    inject: Annotated[
        str,
        typer.Option(
            "--inject",
            metavar="STIMULUS",
            help=f"One of {', '.join(KINDS)}; or two or three of them, like interrupt+end.",
            autocompletion=complete.swept,
        ),
    ] = "interrupt",
    target: TARGET = None,
    bot: BOT = None,
    json: JSON = None,
    most: Annotated[
        int,
        typer.Option(
            "--most",
            metavar="N",
            help="Try at most N points; if there are more, take a fixed sample.",
        ),
    ] = MOST_RUNS,
    baseline: BASELINE = None,
    update_baseline: UPDATE = False,
    prune_baseline: PRUNE = False,
    every: Annotated[
        bool,
        typer.Option(
            "--every", help="Run every point, even those proved equivalent to one already run."
        ),
    ] = False,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", help="Spread the runs over N processes.")
    ] = 1,
) -> ExitCode:
    """Try a stimulus at every single point of each scenario.

    The scenario runs once undisturbed, then once for each step with the stimulus landing after
    that step; points that are proved to make the same run share one. The ready queue keeps
    asyncio's order, so every failure can happen in production.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    known = BaselineOptions(baseline, update_baseline, prune_baseline)
    with Output("sweep", json, known, FailureStore()) as output:
        setups = Subjects(files, target, bot).setups()
        stimulus_kinds(inject)
        if most < 1:
            raise UsageError(f"--most {most}: try at least one point")
        if workers < 1:
            raise UsageError(f"--workers {workers}: give at least one process")
        reports: list[SweepReport] = []
        try:
            with stop_requests() as stop_requested, ExitStack() as stack:
                crew = stack.enter_context(worker_processes(workers)) if workers > 1 else 1
                for under, group in by_target(setups).items():
                    out(f"{under} · {inject} at every point")
                    for setup in group:
                        if stop_requested():
                            output.stopped = True
                            break
                        with progress(setup.scenario.name) as advance:
                            search = search_points(
                                setup,
                                inject,
                                most=most,
                                every=every,
                                workers=crew,
                                progress=advance,
                                announce=_announcement(setup),
                            )
                            report = output.take(search)
                        reports.append(report)
                        output.show_line(report)
        except KeyboardInterrupt:
            output.stopped = True
            err("llm-sim: stopped")
        if reports:
            out(f"\nwhat the calls were doing when a stimulus landed\n{_covered(reports)}")
        output.show_findings()
        return output.finish()


def _announcement(setup: Setup) -> ExtentListener:
    def announce(extent: Extent) -> None:
        # The points of one stimulus are tried within a second or two, and their line follows.
        if extent.stimuli > 1 or extent.tried < extent.points:
            err(f"{setup.scenario.name}: {extent.in_words()}")

    return announce


def _covered(reports: Sequence[SweepReport]) -> str:
    whole = Coverage()
    for report in reports:
        whole.merge(report.coverage)
    return whole.render()

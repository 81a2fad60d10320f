"""``llm-sim sweep``: a stimulus at every point."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import nullcontext
from functools import partial
from typing import Annotated

import typer

from llm_sim.cli import _completion as complete
from llm_sim.cli._app import command
from llm_sim.cli._console import err
from llm_sim.cli._options import BASELINE, BOT, FILES, JSON, PRUNE, TARGET, UPDATE
from llm_sim.cli._output import Output
from llm_sim.cli._progress import progress
from llm_sim.cli._subjects import Subjects
from llm_sim.errors import UsageError
from llm_sim.exploration import (
    MOST_RUNS,
    Extent,
    SweepReport,
    search_points,
    stimulus_kinds,
    stop_requests,
    worker_processes,
)
from llm_sim.kept import FailureStore
from llm_sim.reports import ExitCode
from llm_sim.schedule import KINDS
from llm_sim.simulation import Finding, Setup

_INJECT = Annotated[
    str,
    typer.Option(
        metavar="STIMULUS",
        help=f"One of {', '.join(KINDS)}; or two or three of them, like interrupt+end.",
        autocompletion=complete.swept,
    ),
]


@command(
    "Search",
    "llm-sim sweep scenarios/reserve.sim.yaml",
    "llm-sim sweep scenarios --inject end --target pipecat",
    rank=1,
)
def sweep(
    files: FILES,
    inject: _INJECT = "interrupt",
    target: TARGET = None,
    bot: BOT = None,
    json: JSON = None,
    most: Annotated[
        int,
        typer.Option(
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
        int, typer.Option(metavar="N", help="Spread the runs over N processes.")
    ] = 1,
) -> ExitCode:
    """Try a stimulus at every single point of each scenario.

    The scenario runs once undisturbed, then once for each step with the stimulus landing after
    that step; points that are proved to make the same run share one. The ready queue keeps
    asyncio's order, so every failure can happen in production.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    with Output(
        "sweep",
        json,
        baseline,
        update=update_baseline,
        prune=prune_baseline,
        store=FailureStore(),
    ) as output:
        setups = Subjects(files, target, bot).setups()
        stimulus_kinds(inject)
        if most < 1:
            raise UsageError(f"--most {most}: try at least one point")
        if workers < 1:
            raise UsageError(f"--workers {workers}: give at least one process")
        with stop_requests(), worker_processes(workers) if workers > 1 else nullcontext(1) as crew:

            def points(setup: Setup) -> Generator[Finding, None, SweepReport]:
                with progress(setup.scenario.name) as advance:
                    return (
                        yield from search_points(
                            setup,
                            inject,
                            most=most,
                            every=every,
                            workers=crew,
                            progress=advance,
                            announce=partial(_announce, setup),
                        )
                    )

            output.each(setups, f"{inject} at every point", points)
    return output.code


def _announce(setup: Setup, extent: Extent) -> None:
    # The points of one stimulus are tried within a second or two, and their line follows.
    if extent.stimuli > 1 or extent.tried < extent.points:
        err(f"{setup.scenario.name}: {extent.in_words()}")

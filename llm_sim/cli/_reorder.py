"""``llm-sim reorder``: the same schedule in other orders."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, cast

import typer

from llm_sim.cli._app import command
from llm_sim.cli._options import BOT, FILES, JSON, TARGET, TOKEN
from llm_sim.cli._output import Output
from llm_sim.cli._progress import progress
from llm_sim.cli._subjects import Subjects
from llm_sim.exploration import (
    UNREACHABLE,
    Orders,
    Policy,
    ReorderReport,
    check_no_order,
    search_orders,
)
from llm_sim.reports import ExitCode
from llm_sim.schedule import Schedule, decode
from llm_sim.simulation import Finding, Setup


@command("Search", "llm-sim reorder scenarios/reserve.sim.yaml --policy pct")
def reorder(
    files: FILES,
    policy: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="random, pct or pos; or bounded: every order with few preemptions.",
        ),
    ] = "pos",
    runs: Annotated[int, typer.Option(metavar="N", help="Try at most N orders.")] = 200,
    seed: Annotated[int, typer.Option(metavar="S", help="The seed of the random choices.")] = 0,
    preemptions: Annotated[
        int,
        typer.Option(metavar="K", help="At most K preemptions, for bounded and pct."),
    ] = 2,
    schedule: TOKEN = None,
    target: TARGET = None,
    bot: BOT = None,
    json: JSON = None,
) -> ExitCode:
    """Run each scenario in other orders than asyncio's.

    Not sound: asyncio's ready queue is first in, first out, so what fails here may not be reachable
    on stock asyncio. Each task's own entries stay in order, and so do all callbacks.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    with Output("reorder", json) as output:
        orders = Orders(cast(Policy, policy), runs, seed, preemptions)
        plan = Schedule() if schedule is None else decode(schedule)
        check_no_order(plan)
        setups = Subjects(files, target, bot).setups()

        def in_other_orders(setup: Setup) -> Generator[Finding, None, ReorderReport]:
            with progress(setup.scenario.name, of="schedules") as advance:
                return (yield from search_orders(setup, orders, plan, progress=advance))

        output.each(setups, UNREACHABLE, in_other_orders)
    return output.code

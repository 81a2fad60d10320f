"""``llm-sim reorder``: the same schedule in other orders."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from llm_sim.cli._app import command
from llm_sim.cli._console import err, out
from llm_sim.cli._options import BOT, FILES, JSON, TARGET, TOKEN
from llm_sim.cli._output import Output
from llm_sim.cli._progress import progress
from llm_sim.cli._subjects import Subjects, by_target
from llm_sim.exploration import (
    UNREACHABLE,
    Orders,
    Policy,
    check_no_order,
    search_orders,
    stop_requests,
)
from llm_sim.reports import ExitCode
from llm_sim.schedule import Schedule, decode


@command("Search", "llm-sim reorder scenarios/reserve.sim.yaml --policy pct")
def reorder(
    files: FILES,
    policy: Annotated[
        str,
        typer.Option(
            "--policy",
            help="random, pct or pos; or bounded: every order with few preemptions.",
        ),
    ] = "pos",
    runs: Annotated[int, typer.Option("--runs", metavar="N", help="Try at most N orders.")] = 200,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Where chance begins.")] = 0,
    preemptions: Annotated[
        int,
        typer.Option("--preemptions", metavar="K", help="At most K, for bounded and pct."),
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
        try:
            with stop_requests() as stop_requested:
                for under, group in by_target(setups).items():
                    out(f"{under} · {UNREACHABLE}")
                    for setup in group:
                        if stop_requested():
                            output.stopped = True
                            break
                        with progress(setup.scenario.name, of="schedules") as advance:
                            search = search_orders(setup, orders, plan, progress=advance)
                            report = output.take(search)
                        output.show_line(report)
        except KeyboardInterrupt:
            output.stopped = True
            err("llm-sim: stopped")
        output.show_findings()
        return output.finish()

"""A bot that is right in asyncio's order, and one that is right in every order."""

from __future__ import annotations

import asyncio
from typing import Any

from llm_sim.scenario import Scenario, Tool, call, say, turn


async def _looks_before_it_uses(params: Any) -> None:
    """Use something between two yields, and close it behind two yields.

    In asyncio's order the use comes first. Where each task runs until it waits, the use is over
    before the closing begins, or never begins. Only if the use is preempted once is it too late.
    """
    is_open = [True]

    async def use() -> None:
        if is_open:
            await asyncio.sleep(0)
            is_open[0]

    async def close() -> None:
        for _ in range(2):
            await asyncio.sleep(0)
        is_open.clear()

    await asyncio.wait([asyncio.create_task(use()), asyncio.create_task(close())])
    await params.result_callback("done")


def looks_before_it_uses(llm: Any) -> None:
    """Register a tool that relies on asyncio's order."""
    llm.register_function("f", _looks_before_it_uses)


def one_order() -> Scenario:
    """One call of a tool that relies on asyncio's order."""
    return Scenario(
        name="one_order",
        bot="tests.support.orders:looks_before_it_uses",
        script=[turn(call("f", as_="f1")), turn(say("Done."))],
    )


def any_order() -> Scenario:
    """One call of a tool that relies on no order."""
    return Scenario(
        name="any_order",
        script=[turn(call("f", as_="f1")), turn(say("Done."))],
        tools={"f": Tool()},
    )

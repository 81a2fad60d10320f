"""A program of one coroutine, run on a loop with a network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import httpx

from llm_sim.loop import SimLoop, StockLoop, outside_refused
from llm_sim.network import Network, Servers, names_found_by_the_loop

Get = Callable[[str], Awaitable[tuple[int, bytes]]]


def play(
    net: Network, main: Callable[[], Awaitable[Any]], loop_type: type[SimLoop | StockLoop] = SimLoop
) -> tuple[Any, Servers]:
    """Run a program to rest, and stop the servers; return what came of it."""
    loop = loop_type()
    servers = Servers(net, loop)

    async def whole() -> Any:
        return await main()

    with outside_refused(loop), names_found_by_the_loop():
        task = loop.create_task(whole())
        loop.run_until_idle()
        servers.stop()
        loop.run_until_idle()
        assert task.done(), loop.waiting()
        left = [task.get_name() for task in loop.tasks()]
        assert (left, loop.own_timers, loop.refusals) == ([], 0, [])
        loop.close()
    error = task.exception()
    return (task.result() if error is None else error), servers


async def with_aiohttp(url: str) -> tuple[int, bytes]:
    """Get a page with a session of its own."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.read()


async def with_httpx(url: str) -> tuple[int, bytes]:
    """Get a page with a client of its own."""
    async with httpx.AsyncClient(follow_redirects=True, verify=UNVERIFIED) as client:
        response = await client.get(url)
        return response.status_code, response.content


UNVERIFIED = httpx.create_ssl_context(verify=False)
"""One for all tests: to make one takes longer than they do."""

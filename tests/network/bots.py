"""A bot whose tools ask a shop over HTTP, each with another client; and one that asks amiss."""

from __future__ import annotations

import asyncio
import urllib.request
from typing import Any

import aiohttp
import httpx

from llm_sim.network import Network
from llm_sim.scenario import Scenario, call, say, turn
from llm_sim.targets import Bot
from tests.network.apps import shelf, shop
from tests.network.clients import UNVERIFIED

URL = "https://api.shop.test/price"


def build(llm: Any) -> None:
    """Register the tools."""
    kept: dict[str, Any] = {}

    async def aiohttp_price(params: Any) -> None:
        async with aiohttp.ClientSession() as session, session.get(URL) as response:
            await params.result_callback(await response.json())

    async def httpx_price(params: Any) -> None:
        async with httpx.AsyncClient(verify=UNVERIFIED) as client:
            await params.result_callback((await client.get(URL)).json())

    async def pooled_price(params: Any) -> None:
        if "session" not in kept:
            kept["session"] = aiohttp.ClientSession()
        async with kept["session"].get(URL) as response:
            await params.result_callback(await response.json())

    async def careful_price(params: Any) -> None:
        try:
            await asyncio.sleep(0)
            await httpx_price(params)
        except Exception:
            await params.result_callback({"price": None})

    async def blocking_price(params: Any) -> None:
        answer = await asyncio.to_thread(urllib.request.urlopen, URL)
        await params.result_callback(answer.read())

    for handler in (aiohttp_price, httpx_price, pooled_price, careful_price, blocking_price):
        llm.register_function(handler.__name__, handler)


def network() -> Network:
    """Return a network with a shop that takes its time."""
    net = Network()
    net.serve("api.shop.test", shop, latency="20ms")
    net.serve("shelf.test", build=shelf)
    return net


bot = Bot(build, network=network())


def asks(tool: str) -> Scenario:
    """Return a scenario in which the model calls a tool of the bot."""
    return Scenario(
        name=tool, bot="tests.network.bots:bot", script=(turn(call(tool)), turn(say("Five.")))
    )

"""Stub tools: handlers made from a scenario's description."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from copy import deepcopy
from functools import wraps
from typing import Any, Protocol

from llm_sim.scenario import Tool
from llm_sim.scripted._player import SECOND_NS


class Params(Protocol):
    """What a stub reads of Pipecat's ``FunctionCallParams``."""

    result_callback: Callable[[Any], Awaitable[None]]


class StubError(RuntimeError):
    """What a stub tool raises when its scenario says so."""


def delayed(
    handler: Callable[..., Awaitable[None]], latency_ns: int
) -> Callable[..., Awaitable[None]]:
    """Return a handler that takes a while before it does what the given one does.

    Args:
        handler: A handler of the bot's own.
        latency_ns: Virtual nanoseconds.
    """

    @wraps(handler)
    async def slow(*args: Any) -> None:
        await asyncio.sleep(latency_ns / SECOND_NS)
        await handler(*args)

    return slow


def stub(tool: Tool) -> Callable[[Params], Awaitable[None]]:
    """Return a handler that behaves as the scenario says.

    It takes ``tool.latency`` virtual nanoseconds, then raises or answers with a fresh copy of
    the result.
    """

    async def handler(params: Params) -> None:
        if tool.latency:
            await asyncio.sleep(tool.latency / SECOND_NS)
        if tool.raises is not None:
            raise StubError(tool.raises)
        await params.result_callback(deepcopy(tool.result))

    return handler

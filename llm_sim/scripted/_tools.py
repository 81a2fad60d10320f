"""Stub tools: handlers made from a scenario's description."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from copy import deepcopy
from functools import wraps
from typing import Any, Final, Protocol

from llm_sim.scenario import Behaviour, Tool
from llm_sim.scripted._player import SECOND_NS


class Params(Protocol):
    """What a stub reads of Pipecat's ``FunctionCallParams``.

    Parameters:
        function_name: The tool's name.
        llm: The live service; its ``frames`` is the target's frames module.
        result_callback: Takes the result, and ``properties`` of it.
    """

    function_name: str
    llm: Any
    result_callback: Callable[..., Awaitable[None]]


Stub = Callable[[Tool, Params], Coroutine[Any, Any, None]]


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
    """Return a handler that behaves as the scenario says."""
    behave = BEHAVIOURS[tool.does]

    async def handler(params: Params) -> None:
        await behave(tool, params)

    return handler


async def _answer(tool: Tool, params: Params) -> None:
    """Take the latency, then raise, or answer with a fresh copy of the result."""
    await _work(tool)
    await _call_back(tool, params)


async def _answer_late(tool: Tool, params: Params) -> None:
    """Return at once; a task of the service answers after the latency."""
    params.llm.create_task(_answer(tool, params))


async def _answer_quietly(tool: Tool, params: Params) -> None:
    """Answer, and ask that the model does not run."""
    await _work(tool)
    await _call_back(tool, params, run_llm=False)


async def _answer_twice(tool: Tool, params: Params) -> None:
    """Answer, and after half the latency answer again."""
    await _answer(tool, params)
    await _work(tool, part=2)
    await _call_back(tool, params)


async def _answer_when_cancelled(tool: Tool, params: Params) -> None:
    """Answer also when the call is cancelled."""
    try:
        await _work(tool)
    finally:
        await _call_back(tool, params)


async def _clean_up(tool: Tool, params: Params) -> None:
    """Take the latency once more to clean up, also when the call is cancelled."""
    try:
        await _answer(tool, params)
    finally:
        await _work(tool)


async def _hang(tool: Tool, params: Params) -> None:
    """Never end."""
    await asyncio.get_running_loop().create_future()


async def _interrupt(tool: Tool, params: Params) -> None:
    """Interrupt the conversation half way, both ways, then answer."""
    await _work(tool, part=2)
    await params.llm.broadcast_frame(params.llm.frames.InterruptionFrame)
    await _work(tool, part=2)
    await _call_back(tool, params)


async def _register(tool: Tool, params: Params) -> None:
    """Register the tool anew half way, cancellable by an interruption or not, as it was not."""
    await _work(tool, part=2)
    plain = Tool(latency=_text(tool.latency))
    cancel = not tool.cancel_on_interruption
    params.llm.register_function(params.function_name, stub(plain), cancel_on_interruption=cancel)
    await _work(tool, part=2)
    await _call_back(tool, params)


async def _report_progress(tool: Tool, params: Params) -> None:
    """Give an intermediate result half way, where the target has such, then answer."""
    await _work(tool, part=2)
    properties = params.llm.frames.FunctionCallResultProperties()
    if hasattr(properties, "is_final"):
        properties.is_final = False
        await params.result_callback({"progress": 0.5}, properties=properties)
    await _work(tool, part=2)
    await _call_back(tool, params)


async def _speak(tool: Tool, params: Params) -> None:
    """Let the bot say something half way, then answer."""
    await _work(tool, part=2)
    await params.llm.push_frame(params.llm.frames.TextFrame("One moment."))
    await _work(tool, part=2)
    await _call_back(tool, params)


async def _stay_silent(tool: Tool, params: Params) -> None:
    """Take the latency and return without an answer."""
    await _work(tool)


async def _swallow(tool: Tool, params: Params) -> None:
    """Swallow a cancellation and go on for three seconds, whatever comes, then answer."""
    try:
        await _work(tool)
    except asyncio.CancelledError:
        await _stay(_STUBBORN_SECS)
    await _call_back(tool, params)


async def _unregister(tool: Tool, params: Params) -> None:
    """Unregister the tool half way, then answer."""
    await _work(tool, part=2)
    if params.function_name in params.llm._functions:
        params.llm.unregister_function(params.function_name)
    await _work(tool, part=2)
    await _call_back(tool, params)


BEHAVIOURS: Final[dict[Behaviour, Stub]] = {
    "answer": _answer,
    "answer_late": _answer_late,
    "answer_quietly": _answer_quietly,
    "answer_twice": _answer_twice,
    "answer_when_cancelled": _answer_when_cancelled,
    "clean_up": _clean_up,
    "hang": _hang,
    "interrupt": _interrupt,
    "register": _register,
    "report_progress": _report_progress,
    "speak": _speak,
    "stay_silent": _stay_silent,
    "swallow": _swallow,
    "unregister": _unregister,
}
"""What each word of a tool's ``does`` means; the docstrings say it."""

_STUBBORN_SECS: Final = 3.0


async def _work(tool: Tool, part: int = 1) -> None:
    """Take the latency, or one of so many parts of it."""
    if tool.latency:
        await asyncio.sleep(tool.latency / part / SECOND_NS)


async def _stay(secs: float) -> None:
    """Let time pass and heed no cancellation."""
    loop = asyncio.get_running_loop()
    until = loop.time() + secs
    while loop.time() < until:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(until - loop.time())


async def _call_back(tool: Tool, params: Params, run_llm: bool | None = None) -> None:
    if tool.raises is not None:
        raise StubError(tool.raises)
    result = deepcopy(tool.result)
    if run_llm is None:
        await params.result_callback(result)
    else:
        properties = params.llm.frames.FunctionCallResultProperties(run_llm=run_llm)
        await params.result_callback(result, properties=properties)


def _text(duration_ns: int) -> str:
    return f"{duration_ns}ns"

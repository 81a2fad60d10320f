"""Bots whose handlers do what handlers do in the field: they run on every target.

Each bot registers one or two tools. What a handler needs of the target it takes from its
parameters, so the same code runs on the embedded core and on Pipecat.
"""

from __future__ import annotations

import asyncio
from typing import Any


async def _works(params: Any) -> None:
    await asyncio.sleep(0.1)
    await params.result_callback({"done": params.function_name})


async def _answers_twice(params: Any) -> None:
    await asyncio.sleep(0.05)
    await params.result_callback("first")
    await params.result_callback("second")


async def _never_answers(params: Any) -> None:
    await asyncio.sleep(0.05)


async def _never_ends(params: Any) -> None:
    await asyncio.Event().wait()


async def _answers_when_told_to_stop(params: Any) -> None:
    try:
        await asyncio.sleep(0.1)
        await params.result_callback("in time")
    except asyncio.CancelledError:
        await params.result_callback("too late")
        raise


async def _takes_its_time_to_stop(params: Any) -> None:
    """Swallow the cancellation and go on for 300 ms."""
    try:
        await asyncio.sleep(0.1)
        await params.result_callback("done")
    except asyncio.CancelledError:
        await asyncio.sleep(0.3)


async def _cleans_up(params: Any) -> None:
    try:
        await asyncio.sleep(0.1)
        await params.result_callback("done")
    finally:
        await asyncio.sleep(0.2)


async def _interrupts(params: Any) -> None:
    """Interrupt the conversation from inside, then answer."""
    await asyncio.sleep(0.05)
    await params.llm.broadcast_frame(params.llm.frames.InterruptionFrame)
    await asyncio.sleep(0.05)
    await params.result_callback("done")


async def _registers_anew(params: Any) -> None:
    """Replace itself while it runs, and once more while it cleans up."""
    llm, name = params.llm, params.function_name
    try:
        await asyncio.sleep(0.05)
        llm.unregister_function(name)
        await asyncio.sleep(0.05)
        llm.register_function(name, _works, cancel_on_interruption=False)
        await params.result_callback("done")
    finally:
        llm.register_function(name, _registers_anew)


async def _asks_for_no_run(params: Any) -> None:
    await asyncio.sleep(0.05)
    properties = params.llm.frames.FunctionCallResultProperties(run_llm=False)
    await params.result_callback("done", properties=properties)


async def _tells_updates(params: Any) -> None:
    """Tell twice how far it is, then answer."""
    frames = params.llm.frames
    update = frames.FunctionCallResultProperties(run_llm=False, is_final=False)
    for percent in (0, 50):
        await asyncio.sleep(0.03)
        await params.result_callback(percent, properties=update)
    await asyncio.sleep(0.03)
    await params.result_callback("done")


async def _finds_nothing(params: Any) -> None:
    await params.result_callback([])


async def _answers_from_a_task(params: Any) -> None:
    """Let a task of its own answer, and wait for it."""
    task = asyncio.get_running_loop().create_task(_works(params))
    try:
        await task
    finally:
        task.cancel()


def works(llm: Any) -> None:
    """Register two tools that work."""
    llm.register_function("f", _works)
    llm.register_function("g", _works)


def answers_twice(llm: Any) -> None:
    """Register a tool that calls back twice."""
    llm.register_function("f", _answers_twice)


def never_answers(llm: Any) -> None:
    """Register a tool that returns without calling back, and one that works."""
    llm.register_function("f", _never_answers)
    llm.register_function("g", _works)


def never_ends(llm: Any) -> None:
    """Register a tool that never ends, within a timeout, and one that works."""
    llm.register_function("f", _never_ends, timeout_secs=0.3)
    llm.register_function("g", _works)


def late(llm: Any) -> None:
    """Register a tool that answers when it is told to stop, after 60 ms."""
    llm.register_function("f", _answers_when_told_to_stop, timeout_secs=0.06)


def answers_when_told_to_stop(llm: Any) -> None:
    """Register a tool that answers when it is told to stop."""
    llm.register_function("f", _answers_when_told_to_stop)
    llm.register_function("g", _works)


def takes_its_time_to_stop(llm: Any) -> None:
    """Register a tool that swallows its cancellation for a while, and one that works."""
    llm.register_function("f", _takes_its_time_to_stop)
    llm.register_function("g", _works)


def cleans_up(llm: Any) -> None:
    """Register a tool with a slow cleanup, and one that works."""
    llm.register_function("f", _cleans_up)
    llm.register_function("g", _works)


def interrupts(llm: Any) -> None:
    """Register a tool that interrupts, which survives it, and one that does not."""
    llm.register_function("f", _interrupts, cancel_on_interruption=False)
    llm.register_function("g", _works)


def interrupts_itself(llm: Any) -> None:
    """Register a tool that interrupts and would not survive an interruption itself."""
    llm.register_function("f", _interrupts)


def registers_anew(llm: Any) -> None:
    """Register a tool that registers itself anew."""
    llm.register_function("f", _registers_anew)


def asks_for_no_run(llm: Any) -> None:
    """Register a tool after which the model must not run."""
    llm.register_function("f", _asks_for_no_run)


def tells_updates(llm: Any) -> None:
    """Register a tool that tells updates, so no interruption cancels it, and one that works."""
    llm.register_function("f", _tells_updates, cancel_on_interruption=False)
    llm.register_function("g", _works)


def finds_nothing(llm: Any) -> None:
    """Register a tool with an empty answer."""
    llm.register_function("f", _finds_nothing)


def answers_from_a_task(llm: Any) -> None:
    """Register a tool that lets a task answer."""
    llm.register_function("f", _answers_from_a_task)


def catch_all(llm: Any) -> None:
    """Register one handler for every function."""
    llm.register_function(None, _works)


def three_tools(llm: Any) -> None:
    """Register a search, a booking that an interruption leaves alone, and one that hangs up."""
    llm.register_function("search", _works)
    llm.register_function("book", _works, cancel_on_interruption=False)
    llm.register_function("hang_up", _hangs_up)


async def _hangs_up(params: Any) -> None:
    await params.result_callback({"ok": True})

"""The report of who waits for what."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine, Generator
from typing import Any

from llm_sim.loop import SimLoop


def waiting(loop: SimLoop, *coros: Coroutine[Any, Any, Any], max_time_ns: int = 0) -> list[str]:
    """Return the report after a run, with the line numbers of this file left out."""
    for coro in coros:
        loop.create_task(coro)
    loop.max_time_ns = max_time_ns
    loop.run_until_idle()
    return [re.sub(r"(test_waiting\.py):\d+", r"\1:N", line) for line in loop.waiting()]


async def get_item(queue: asyncio.Queue[int]) -> int:
    return await queue.get()


async def outer(coro: Coroutine[Any, Any, Any]) -> None:
    await coro


def test_a_line_gives_the_innermost_place_outside_asyncio(loop: SimLoop) -> None:
    assert waiting(loop, outer(outer(get_item(asyncio.Queue())))) == [
        "task-1: test_waiting.py:N in get_item awaits Queue.get"
    ]


def test_the_line_number_is_that_of_the_await(loop: SimLoop) -> None:
    loop.create_task(get_item(asyncio.Queue()))
    loop.run_until_idle()
    line = get_item.__code__.co_firstlineno + 1
    assert loop.waiting() == (f"task-1: test_waiting.py:{line} in get_item awaits Queue.get",)


async def take(lock: asyncio.Lock) -> None:
    await lock.acquire()


async def join(queue: asyncio.Queue[int]) -> None:
    queue.put_nowait(1)
    await queue.join()


async def with_timeout(queue: asyncio.Queue[int]) -> None:
    async with asyncio.timeout(60):
        await queue.get()


def test_what_is_awaited_is_the_call_that_the_program_made(loop: SimLoop) -> None:
    lock = asyncio.Lock()
    report = waiting(
        loop,
        outer(asyncio.Event().wait()),
        take(lock),
        take(lock),
        join(asyncio.Queue()),
        with_timeout(asyncio.Queue()),
    )
    assert report == [
        "task-1: test_waiting.py:N in outer awaits Event.wait",
        "task-3: test_waiting.py:N in take awaits Lock.acquire",
        "task-4: test_waiting.py:N in join awaits Queue.join > Event.wait",
        "task-5: test_waiting.py:N in with_timeout awaits Queue.get",
    ]


def test_a_sleeping_task_tells_until_when(loop: SimLoop) -> None:
    async def nap() -> None:
        await asyncio.sleep(2)
        await asyncio.sleep(3)

    assert waiting(loop, nap(), nap(), max_time_ns=2_000_000_000) == [
        "task-1: test_waiting.py:N in test_a_sleeping_task_tells_until_when.<locals>.nap "
        "awaits sleep until 5.000 s",
        "task-2: test_waiting.py:N in test_a_sleeping_task_tells_until_when.<locals>.nap "
        "awaits sleep until 5.000 s",
    ]


async def await_child() -> None:
    await asyncio.get_running_loop().create_task(asyncio.Event().wait(), name="child")


async def await_future() -> None:
    await asyncio.get_running_loop().create_future()


async def await_gather() -> None:
    await asyncio.gather(asyncio.Event().wait())


async def await_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.Event().wait())


def test_tasks_and_futures_are_named(loop: SimLoop) -> None:
    assert waiting(loop, await_child(), await_future(), await_gather(), await_group()) == [
        "task-1: test_waiting.py:N in await_child awaits task 'child'",
        "task-2: test_waiting.py:N in await_future awaits Future",
        "task-3: test_waiting.py:N in await_gather awaits GatheringFuture",
        "task-4: test_waiting.py:N in await_group awaits TaskGroup.__aexit__",
        "child: awaits Event.wait",
        "task-5: awaits Event.wait",
        "task-6: awaits Event.wait",
    ]


async def stream(queue: asyncio.Queue[int]) -> AsyncIterator[int]:
    while True:
        yield await queue.get()


async def consume(queue: asyncio.Queue[int]) -> None:
    async for _ in stream(queue):
        pass


async def consume_one(queue: asyncio.Queue[int]) -> None:
    await anext(stream(queue), None)


class Awaitable:
    def __await__(self) -> Generator[Any, Any, Any]:
        yield from asyncio.Event().wait().__await__()


async def await_object() -> None:
    await Awaitable()


def test_the_place_is_found_through_async_generators_and_awaitables(loop: SimLoop) -> None:
    assert waiting(
        loop, consume(asyncio.Queue()), consume_one(asyncio.Queue()), await_object()
    ) == [
        "task-1: test_waiting.py:N in stream awaits Queue.get",
        "task-2: test_waiting.py:N in stream awaits Queue.get",
        "task-3: test_waiting.py:N in Awaitable.__await__ awaits Event.wait",
    ]


def test_a_task_that_was_not_run_yet_is_ready_to_run(loop: SimLoop) -> None:
    loop.max_steps = 0
    loop.create_task(await_future())
    assert len(loop.waiting()) == 1
    assert re.fullmatch(
        r"task-1: test_waiting\.py:\d+ in await_future is ready to run", loop.waiting()[0]
    )


def test_a_loop_without_tasks_waits_for_nothing(loop: SimLoop) -> None:
    loop.call_later(1, print)
    assert loop.waiting() == ()

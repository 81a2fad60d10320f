"""Small asyncio programs, and one run of one under a picker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from llm_sim.loop import Picker, SimLoop

Told = list[str]
Program = Callable[[SimLoop, Told], None]
"""Creates tasks on a loop; they say what they do."""


def told_by(program: Program, picker: Picker | None) -> Told:
    """Run a program to its end and return what it said."""
    loop = SimLoop()
    loop.picker = picker
    said: Told = []
    program(loop, said)
    assert loop.run_until_idle() == "idle"
    assert loop.tasks() == []
    loop.close()
    return said


def starting(*bodies: Callable[[Told], Awaitable[None]]) -> Program:
    """Make a program of a task for each body."""

    def start(loop: SimLoop, said: Told) -> None:
        async def run(body: Callable[[Told], Awaitable[None]]) -> None:
            await body(said)

        for body in bodies:
            loop.create_task(run(body))

    return start


def yields(name: str, times: int) -> Callable[[Told], Awaitable[None]]:
    """A task that says its name and yields, and says it once more at the end."""

    async def body(said: Told) -> None:
        for _ in range(times):
            said.append(name)
            await asyncio.sleep(0)
        said.append(name)

    return body


def two_yielding(loop: SimLoop, said: Told) -> None:
    """Two tasks of three steps."""
    starting(yields("a", 2), yields("b", 2))(loop, said)


def three_yielding(loop: SimLoop, said: Told) -> None:
    """Three tasks of two steps."""
    starting(yields("a", 1), yields("b", 1), yields("c", 1))(loop, said)


def around_a_lock(loop: SimLoop, said: Told) -> None:
    """Three tasks that yield inside one lock."""
    lock = asyncio.Lock()

    def inside(name: str) -> Callable[[Told], Awaitable[None]]:
        async def body(said: Told) -> None:
            async with lock:
                said.append(f"{name} in")
                await asyncio.sleep(0)
                said.append(f"{name} out")

        return body

    starting(inside("a"), inside("b"), inside("c"))(loop, said)


def through_a_queue(loop: SimLoop, said: Told) -> None:
    """A producer, a bounded queue and a consumer, and a task beside them."""
    queue: asyncio.Queue[int] = asyncio.Queue(1)

    async def produce(said: Told) -> None:
        for item in (1, 2, 3):
            await queue.put(item)

    async def consume(said: Told) -> None:
        for _ in range(3):
            said.append(f"got {await queue.get()}")

    starting(produce, consume, yields("beside", 1))(loop, said)


def with_children(loop: SimLoop, said: Told) -> None:
    """A group of tasks, an event and a timer."""
    event = asyncio.Event()

    async def parent(said: Told) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(sets())
            group.create_task(waits())
        said.append("joined")

    async def sets() -> None:
        await asyncio.sleep(0.001)
        event.set()
        said.append("set")

    async def waits() -> None:
        await event.wait()
        said.append("seen")

    starting(parent, yields("beside", 1))(loop, said)


def lost_update(loop: SimLoop, said: Told) -> None:
    """Two tasks that read, yield and write; with one preemption an update is lost."""
    value = 0

    async def increment(said: Told) -> None:
        nonlocal value
        seen = value
        await asyncio.sleep(0)
        value = seen + 1
        said.append(str(value))

    starting(increment, increment)(loop, said)


def in_turn(loop: SimLoop, said: Told) -> None:
    """Two tasks that say ``a1 a2`` and ``b1 b2``; ``a1 b1 a2 b2`` takes three steps in order."""

    def two(name: str) -> Callable[[Told], Awaitable[None]]:
        async def body(said: Told) -> None:
            said.append(f"{name}1")
            await asyncio.sleep(0)
            said.append(f"{name}2")

        return body

    starting(two("a"), two("b"))(loop, said)


def one_late(loop: SimLoop, said: Told) -> None:
    """A task of one step that is late only if a task of nine steps is always faster."""
    starting(yields("many", 8), yields("one", 0))(loop, said)


SMALL: Final[tuple[Program, ...]] = (
    two_yielding,
    three_yielding,
    around_a_lock,
    through_a_queue,
    with_children,
    lost_update,
)


def chooser(scheduler_choose: Picker, chosen: list[int]) -> Picker:
    """Note the lanes that a scheduler chooses."""

    def pick(ready: Sequence[int]) -> int:
        place = scheduler_choose(ready)
        chosen.append(ready[place])
        return place

    return pick

"""A picker reorders lanes, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from llm_sim.loop import Instrument, Picker, SimLoop


class Steps(Instrument):
    def __init__(self) -> None:
        self.seen: list[tuple[object, ...]] = []

    def on_step(self, step: int, time_ns: int, callback: Callable[..., object]) -> None:
        owner = getattr(callback, "__self__", None)
        name = owner.get_name() if isinstance(owner, asyncio.Task) else type(callback).__name__
        self.seen.append((step, time_ns, name))

    def on_jump(self, step: int, from_ns: int, to_ns: int) -> None:
        self.seen.append((step, from_ns, to_ns))


def oldest(ready: Sequence[int]) -> int:
    return 0


def youngest(ready: Sequence[int]) -> int:
    return len(ready) - 1


async def yielding(name: str, seen: list[str]) -> None:
    for part in (1, 2):
        seen.append(f"{name}{part}")
        await asyncio.sleep(0)


async def everything(loop: SimLoop) -> None:
    """Timers that are overdue, cancelled handles, outside events, stop and three tasks."""
    queue: asyncio.Queue[int] = asyncio.Queue(1)

    async def produce() -> None:
        for item in range(3):
            await queue.put(item)

    async def consume() -> None:
        for _ in range(3):
            await queue.get()
            await asyncio.sleep(0.001)

    loop.call_soon(int).cancel()
    loop.call_later(0, str)
    loop.call_at_step(7, bool)
    loop.call_later(0.0015, loop.call_soon, list)
    loop.call_later(0.002, tuple).cancel()
    await asyncio.wait_for(asyncio.gather(produce(), consume()), timeout=1)
    loop.call_soon(loop.stop)
    loop.call_soon(complex)


def steps_of(picker: Picker | None) -> list[tuple[object, ...]]:
    loop = SimLoop()
    steps = Steps()
    loop.add_instrument(steps)
    loop.picker = picker
    loop.create_task(everything(loop), name="main")
    while loop.run_until_idle() == "stopped":
        pass
    loop.close()
    return steps.seen


def test_who_picks_the_oldest_lane_gets_the_steps_of_the_plain_loop() -> None:
    assert steps_of(oldest) == steps_of(None)


def test_who_picks_another_lane_gets_other_steps() -> None:
    assert steps_of(youngest) != steps_of(None)


def test_lanes_are_offered_by_their_oldest_entry(loop: SimLoop) -> None:
    offered: list[tuple[int, ...]] = []

    def pick(ready: Sequence[int]) -> int:
        offered.append(tuple(ready))
        return 0

    loop.picker = pick
    seen: list[str] = []
    loop.create_task(yielding("a", seen))
    loop.call_soon(seen.append, "x")
    loop.create_task(yielding("b", seen))
    loop.call_soon(seen.append, "y")
    loop.run_until_idle()
    assert seen == ["a1", "x", "b1", "y", "a2", "b2"]
    assert offered == [(1, 0, 2), (0, 2, 1), (2, 0, 1), (0, 1, 2), (1, 2), (2, 1), (1, 2), (2,)]


def test_the_lane_that_is_picked_goes_on(loop: SimLoop) -> None:
    loop.picker = lambda ready: ready.index(max(ready))
    seen: list[str] = []
    loop.create_task(yielding("a", seen))
    loop.call_soon(seen.append, "x")
    loop.create_task(yielding("b", seen))
    loop.call_soon(seen.append, "y")
    loop.run_until_idle()
    assert seen == ["b1", "b2", "a1", "a2", "x", "y"]


def test_callbacks_and_timers_keep_their_order_under_every_picker(loop: SimLoop) -> None:
    loop.picker = youngest
    seen: list[str] = []
    future = loop.create_future()
    future.add_done_callback(lambda _: seen.append("future"))
    loop.create_task(yielding("t", seen))
    loop.call_soon(seen.append, "first")
    future.set_result(None)
    loop.call_soon(seen.append, "last")
    loop.call_later(0, seen.append, "timer")
    loop.run_until_idle()
    assert [what for what in seen if what not in ("t1", "t2")] == [
        "first",
        "future",
        "last",
        "timer",
    ]


def test_a_method_of_a_task_that_a_user_schedules_is_a_callback_like_any(loop: SimLoop) -> None:
    offered: list[tuple[int, ...]] = []

    def pick(ready: Sequence[int]) -> int:
        offered.append(tuple(ready))
        return 0

    loop.picker = pick
    task = loop.create_task(asyncio.sleep(1))
    loop.call_soon(int)
    loop.call_soon(task.cancel)
    loop.run_until_idle()
    assert offered == [(1, 0), (0,), (0,), (1,)]


def test_a_cancelled_handle_is_no_entry(loop: SimLoop) -> None:
    offered: list[tuple[int, ...]] = []

    def pick(ready: Sequence[int]) -> int:
        offered.append(tuple(ready))
        return 0

    loop.picker = pick
    loop.create_task(asyncio.sleep(0))
    loop.call_soon(int).cancel()
    assert (loop.run_until_idle(), loop.steps) == ("idle", 2)
    assert offered == [(1,), (1,)]


def test_lanes_are_the_same_in_debug_mode(loop: SimLoop) -> None:
    loop.set_debug(True)
    loop.picker = lambda ready: ready.index(max(ready))
    seen: list[str] = []
    loop.create_task(yielding("a", seen))
    loop.create_task(yielding("b", seen))
    loop.call_soon(seen.append, "x")
    loop.run_until_idle()
    assert seen == ["b1", "b2", "a1", "a2", "x"]


def test_a_task_that_a_factory_of_the_program_made_is_in_the_shared_lane(loop: SimLoop) -> None:
    offered: list[tuple[int, ...]] = []

    def pick(ready: Sequence[int]) -> int:
        offered.append(tuple(ready))
        return 0

    def python_task(loop: Any, coro: Any, **options: Any) -> Any:
        return asyncio.tasks._PyTask(coro, loop=loop, **options)  # type: ignore[attr-defined]

    loop.picker = pick
    loop.set_task_factory(python_task)
    loop.create_task(asyncio.sleep(0))
    loop.set_task_factory(None)
    loop.create_task(asyncio.sleep(0))
    loop.run_until_idle()
    assert offered == [(0, 1), (1, 0), (0, 1), (1,)]


def test_a_picker_can_be_taken_out_between_runs(loop: SimLoop) -> None:
    seen: list[str] = []
    for picker in (youngest, None):
        loop.picker = picker
        loop.create_task(yielding("a", seen))
        loop.create_task(yielding("b", seen))
        loop.run_until_idle()
    assert seen == ["b1", "b2", "a1", "a2", "a1", "b1", "a2", "b2"]


def test_a_lane_that_is_not_there_is_refused(loop: SimLoop) -> None:
    loop.picker = len
    loop.call_soon(int)
    with pytest.raises(IndexError):
        loop.run_until_idle()


def test_bounds_hold_under_a_picker(loop: SimLoop) -> None:
    loop.picker = youngest
    loop.max_steps = 3
    seen: list[str] = []
    loop.create_task(yielding("a", seen))
    loop.create_task(yielding("b", seen))
    assert (loop.run_until_idle(), loop.steps) == ("steps", 3)
    loop.max_steps = None
    assert (loop.run_until_idle(), loop.steps) == ("idle", 6)

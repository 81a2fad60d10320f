"""The port for instruments: it sees everything and changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from llm_sim.loop import Instrument, SimLoop


class Recorder(Instrument):
    def __init__(self) -> None:
        self.seen: list[tuple[object, ...]] = []

    def on_step(self, step: int, time_ns: int, callback: Callable[..., object]) -> None:
        owner = getattr(callback, "__self__", None)
        name = owner.get_name() if isinstance(owner, asyncio.Task) else callback.__name__
        self.seen.append(("step", step, time_ns, name))

    def on_jump(self, step: int, from_ns: int, to_ns: int) -> None:
        self.seen.append(("jump", step, from_ns, to_ns))

    def on_task(self, task: asyncio.Task[Any]) -> None:
        self.seen.append(("task", task.get_name()))


async def program() -> int:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimLoop)
    child = loop.create_task(asyncio.sleep(1), name="child")
    loop.call_soon(int).cancel()
    await child
    return loop.steps


def test_it_sees_every_task_step_and_jump(loop: SimLoop) -> None:
    recorder = Recorder()
    loop.add_instrument(recorder)
    loop.run_until_complete(program())
    assert recorder.seen == [
        ("task", "task-1"),
        ("step", 1, 0, "task-1"),
        ("task", "child"),
        ("step", 2, 0, "child"),
        ("jump", 3, 0, 1_000_000_000),
        ("step", 4, 1_000_000_000, "_set_result_unless_cancelled"),
        ("step", 5, 1_000_000_000, "child"),
        ("step", 6, 1_000_000_000, "task-1"),
        ("step", 7, 1_000_000_000, "_stop_loop"),
    ]


def test_a_watched_run_takes_the_steps_of_an_unwatched_one() -> None:
    steps = []
    for watched in (False, True):
        loop = SimLoop()
        if watched:
            loop.add_instrument(Recorder())
        steps.append(loop.run_until_complete(program()))
        loop.close()
    assert steps == [6, 6]


def test_what_an_instrument_does_not_override_is_not_called(loop: SimLoop) -> None:
    class Jumps(Instrument):
        def on_jump(self, step: int, from_ns: int, to_ns: int) -> None:
            jumps.append(to_ns)

    jumps: list[int] = []
    loop.add_instrument(Jumps())
    loop.run_until_complete(program())
    assert jumps == [1_000_000_000]
    assert loop._instruments.on_step == ()


def test_instruments_are_told_in_the_order_they_were_added(loop: SimLoop) -> None:
    class Named(Instrument):
        def __init__(self, name: str) -> None:
            self.name = name

        def on_step(self, step: int, time_ns: int, callback: Callable[..., object]) -> None:
            told.append(self.name)

    told: list[str] = []
    loop.add_instrument(Named("first"))
    loop.add_instrument(Named("second"))
    loop.call_soon(int)
    loop.run_until_idle()
    assert told == ["first", "second"]


def test_undoing_takes_it_out_and_can_be_repeated(loop: SimLoop) -> None:
    recorder = Recorder()
    undo = loop.add_instrument(recorder)
    loop.call_soon(int)
    loop.run_until_idle()
    undo()
    undo()
    loop.call_soon(int)
    loop.run_until_idle()
    assert [entry[:2] for entry in recorder.seen] == [("step", 1)]


def test_adding_and_undoing_during_a_run_holds_from_the_next_step(loop: SimLoop) -> None:
    recorder = Recorder()
    undos: list[Callable[[], None]] = []
    loop.call_soon(int)
    loop.call_soon(lambda: undos.append(loop.add_instrument(recorder)))
    loop.call_soon(int)
    loop.call_soon(lambda: [undo() for undo in undos])
    loop.call_soon(int)
    loop.run_until_idle()
    assert [entry[1] for entry in recorder.seen] == [3, 4]
    assert loop.steps == 5


def test_an_exception_of_an_instrument_ends_the_run(loop: SimLoop) -> None:
    class Broken(Instrument):
        def on_step(self, step: int, time_ns: int, callback: Callable[..., object]) -> None:
            raise ValueError("broken instrument")

    undo = loop.add_instrument(Broken())
    ran: list[str] = []
    loop.call_soon(ran.append, "ran")
    with pytest.raises(ValueError, match="broken instrument"):
        loop.run_until_idle()
    undo()
    assert ran == []

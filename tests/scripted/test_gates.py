"""Handlers that stand still at one of their awaits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from llm_sim.loop import SimLoop
from llm_sim.scripted import Gates


def told_by(
    handler: Callable[[list[str]], Awaitable[None]],
    scene: Callable[[Gates, asyncio.Task[None]], Awaitable[None]],
    *,
    before_await: int = 1,
) -> list[str]:
    """Return what a held handler tells, and how it ended, while a scene plays."""
    told: list[str] = []
    outcome: list[str] = []

    async def main() -> None:
        gates = Gates({"slow": before_await})
        held = gates.held("slow", handler)
        task = asyncio.ensure_future(held(told))
        await scene(gates, task)
        await asyncio.wait([task], timeout=60)
        outcome.extend(told)
        outcome.append("cancelled" if task.cancelled() else "done" if task.done() else "held")
        gates.release("slow")
        await asyncio.wait([task])

    loop = SimLoop()
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
    return outcome


async def _two_sleeps(told: list[str]) -> None:
    told.append("begins")
    await asyncio.sleep(1)
    told.append("goes on")
    await asyncio.sleep(1)
    told.append("ends")


async def _nothing(gates: Gates, task: Any) -> None:
    del gates, task


async def _release(gates: Gates, task: Any) -> None:
    await asyncio.sleep(0.5)
    gates.release("slow")


async def _release_late(gates: Gates, task: Any) -> None:
    """Open the gate when what the handler was about to await is long done."""
    await asyncio.sleep(5)
    gates.release("slow")


async def _cancel(gates: Gates, task: Any) -> None:
    await asyncio.sleep(0.5)
    task.cancel()


@pytest.mark.parametrize(
    ("before_await", "scene", "told"),
    [
        (1, _nothing, ["begins", "held"]),
        (2, _nothing, ["begins", "goes on", "held"]),
        (3, _nothing, ["begins", "goes on", "ends", "done"]),
        (1, _release, ["begins", "goes on", "ends", "done"]),
        (1, _release_late, ["begins", "goes on", "ends", "done"]),
        (2, _release_late, ["begins", "goes on", "ends", "done"]),
        (1, _cancel, ["begins", "cancelled"]),
    ],
)
def test_a_handler_stands_still_before_its_nth_await(
    before_await: int, scene: Any, told: list[str]
) -> None:
    assert told_by(_two_sleeps, scene, before_await=before_await) == told


def test_a_bare_yield_is_an_await_too() -> None:
    async def yields(told: list[str]) -> None:
        told.append("begins")
        await asyncio.sleep(0)
        told.append("ends")

    assert told_by(yields, _nothing) == ["begins", "held"]
    assert told_by(yields, _release) == ["begins", "ends", "done"]


def test_what_is_awaited_at_the_gate_may_fail() -> None:
    async def fails(told: list[str]) -> None:
        broken = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(1, broken.set_exception, ValueError("no"))
        try:
            await broken
        except ValueError as error:
            told.append(str(error))

    assert told_by(fails, _release) == ["no", "done"]
    assert told_by(fails, _release_late) == ["no", "done"]


def test_a_cancelled_handler_cleans_up_where_it_stands() -> None:
    async def cleans_up(told: list[str]) -> None:
        try:
            await asyncio.sleep(1)
        finally:
            await asyncio.sleep(1)
            told.append("cleaned up")

    assert told_by(cleans_up, _cancel) == ["cleaned up", "cancelled"]


def test_what_a_cancelled_handler_awaits_is_cancelled_with_it() -> None:
    async def gathers(told: list[str]) -> None:
        async def part(name: str) -> None:
            try:
                await asyncio.sleep(2)
            finally:
                told.append(f"{name} is over at {asyncio.get_running_loop().time()}")

        await asyncio.gather(part("one"), part("other"))

    assert told_by(gathers, _cancel) == ["one is over at 0.5", "other is over at 0.5", "cancelled"]
    assert told_by(gathers, _release) == ["one is over at 2.0", "other is over at 2.0", "done"]


def test_a_cancelled_handler_is_thrown_it_where_what_it_awaits_is_done() -> None:
    async def hurries(told: list[str]) -> None:
        await asyncio.sleep(0.25)
        told.append("goes on")

    assert told_by(hurries, _cancel) == ["cancelled"]


def test_a_handler_that_swallows_its_cancellation_goes_on() -> None:
    async def stubborn(told: list[str]) -> None:
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            told.append("not me")

    assert told_by(stubborn, _cancel) == ["not me", "done"]


def test_a_handler_without_a_gate_is_left_as_it_is() -> None:
    assert Gates({"slow": 1}).held("fast", _two_sleeps) is _two_sleeps


def test_the_gates_say_who_stands_there_and_who_never_came() -> None:
    async def main() -> list[list[str]]:
        gates = Gates({"slow": 1, "other": 1})
        task = asyncio.ensure_future(gates.held("slow", _two_sleeps)([]))
        before = [gates.standing, gates.unreached]
        await asyncio.sleep(0)
        at_the_gate = [gates.standing, gates.unreached]
        gates.release("slow")
        await task
        return [*before, *at_the_gate, gates.standing, gates.unreached]

    loop = SimLoop()
    told = loop.run_until_complete(main())
    loop.close()
    assert told == [[], ["slow", "other"], ["slow"], ["other"], [], ["other"]]

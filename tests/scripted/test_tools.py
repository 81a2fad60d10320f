"""Stub tools."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from llm_sim.loop import SimLoop
from llm_sim.scenario import Tool
from llm_sim.scripted import delayed, stub

MS = 1_000_000


class Params:
    """What a stub is called with."""

    function_name = "f"
    llm = None

    def __init__(self, result_callback: Callable[[Any], Awaitable[None]]) -> None:
        self.result_callback = result_callback


class Desk:
    """Takes answers and notes when they came, in virtual milliseconds."""

    def __init__(self) -> None:
        self.got: list[tuple[int, Any]] = []

    async def take(self, result: Any) -> None:
        """Take one answer."""
        self.got.append((round(asyncio.get_running_loop().time() * 1000), result))

    def params(self) -> Params:
        """Return fresh params that answer here."""
        return Params(self.take)


def run(main: Coroutine[Any, Any, Any] | Awaitable[Any]) -> None:
    """Run a coroutine in virtual time."""
    loop = SimLoop()
    try:
        loop.run_until_complete(main)
    finally:
        loop.close()


def test_a_stub_answers_with_its_result() -> None:
    desk = Desk()
    run(stub(Tool(result={"status": "shipped"}))(desk.params()))
    assert desk.got == [(0, {"status": "shipped"})]


@pytest.mark.parametrize("result", [None, False, 0, "", [], {}])
def test_a_stub_answers_with_what_is_falsy_too(result: Any) -> None:
    desk = Desk()
    run(stub(Tool(result=result))(desk.params()))
    assert desk.got == [(0, result)]


def test_a_stub_takes_its_time() -> None:
    desk = Desk()
    run(stub(Tool(result=1, latency="250ms"))(desk.params()))
    assert desk.got == [(250, 1)]


def test_a_stub_raises_what_it_is_told_to_after_its_time() -> None:
    desk = Desk()
    loop = SimLoop()
    with pytest.raises(RuntimeError, match=r"^the service is down$") as raised:
        loop.run_until_complete(
            stub(Tool(raises="the service is down", latency="1s"))(desk.params())
        )
    assert (type(raised.value).__name__, loop.time_ns, desk.got) == ("StubError", 1000 * MS, [])
    loop.close()


def test_each_answer_is_a_fresh_copy() -> None:
    desk = Desk()
    handler = stub(Tool(result={"rows": [1]}))

    async def twice() -> None:
        await handler(desk.params())
        desk.got[0][1]["rows"].append(2)
        await handler(desk.params())

    run(twice())
    assert desk.got == [(0, {"rows": [1, 2]}), (0, {"rows": [1]})]


def test_a_stub_takes_one_params_object_as_a_new_handler_does() -> None:
    assert list(inspect.signature(stub(Tool())).parameters) == ["params"]


def test_a_delayed_handler_does_the_same_later() -> None:
    desk = Desk()

    async def handler(params: Params) -> None:
        await params.result_callback("done")

    run(delayed(handler, 40 * MS)(desk.params()))
    assert desk.got == [(40, "done")]


def test_a_delayed_handler_keeps_its_signature() -> None:
    async def old(name: str, call: str, args: Any, llm: Any, context: Any, callback: Any) -> None:
        await callback(name)

    desk = Desk()
    slow = delayed(old, MS)
    run(slow("f", "c1", {}, None, None, desk.take))
    assert desk.got == [(1, "f")]
    assert inspect.signature(slow) == inspect.signature(old)

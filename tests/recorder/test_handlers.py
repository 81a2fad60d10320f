"""The life of a handler, seen from around it."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from llm_sim.loop import SimLoop
from llm_sim.recorder import watched
from tests.support.recording import recorder, told


@dataclass
class Params:
    """What a handler of today is called with."""

    function_name: str
    tool_call_id: str
    result_callback: Callable[..., Awaitable[Any]]
    arguments: dict[str, Any] = field(default_factory=dict)


class Answers:
    """Collects what handlers answer."""

    def __init__(self) -> None:
        self.got: list[tuple[Any, ...]] = []

    async def callback(self, result: Any, *, properties: Any = None) -> None:
        """Take one answer."""
        self.got.append((result, properties))

    def params(self) -> Params:
        """Return fresh params that answer here."""
        return Params("lookup", "c1", self.callback)


def run(coroutine: Any) -> Any:
    """Run a coroutine in virtual time."""
    loop = SimLoop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


async def answers(params: Params) -> None:
    await params.result_callback({"rows": (1, 2)}, properties="kept")


async def raises(params: Params) -> None:
    raise LookupError("no order")


async def waits(params: Params) -> None:
    await asyncio.sleep(60)


async def old(
    function_name: str,
    tool_call_id: str,
    arguments: dict[str, Any],
    llm: Any,
    context: Any,
    result_callback: Callable[[Any], Awaitable[None]],
) -> None:
    await result_callback("old")


def test_a_handler_that_answers_is_told_from_its_start_to_its_return() -> None:
    tape, answered = recorder(), Answers()
    run(watched(tape, answers)(answered.params()))
    assert told(tape) == [
        ("handler", "lookup", "c1", {"phase": "started"}),
        ("answer", "lookup", "c1", {"result": {"rows": [1, 2]}}),
        ("handler", "lookup", "c1", {"phase": "returned", "cancels": 0}),
    ]


def test_an_answer_arrives_as_it_was_given() -> None:
    answered = Answers()
    run(watched(recorder(), answers)(answered.params()))
    assert answered.got == [({"rows": (1, 2)}, "kept")]


def test_a_handler_that_raises_is_told_and_its_error_goes_on() -> None:
    tape = recorder()
    with pytest.raises(LookupError, match="no order"):
        run(watched(tape, raises)(Answers().params()))
    assert [data["phase"] for _, _, _, data in told(tape)] == ["started", "raised"]


def test_a_handler_that_is_no_coroutine_function_is_told_to_raise() -> None:
    tape = recorder()
    with pytest.raises(TypeError, match="await"):
        run(watched(tape, lambda params: None)(Answers().params()))  # type: ignore[arg-type,return-value]
    assert [data["phase"] for _, _, _, data in told(tape)] == ["started", "raised"]


def test_a_handler_that_is_cancelled_is_told_and_stays_cancelled() -> None:
    tape = recorder()

    async def interrupted() -> bool:
        task = asyncio.ensure_future(watched(tape, waits)(Answers().params()))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert run(interrupted())
    assert [data for _, _, _, data in told(tape)] == [
        {"phase": "started"},
        {"phase": "cancelled", "cancels": 1},
    ]


async def cleans_up(params: Params) -> None:
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(1)


async def gives_up(params: Params) -> None:
    for _ in range(2):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await asyncio.sleep(60)
    await asyncio.sleep(60)


async def heeds_nothing(params: Params) -> None:
    await asyncio.ensure_future(_swallows())


async def _swallows() -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(60)


@pytest.mark.parametrize(
    ("handler", "moments", "end"),
    [
        (cleans_up, [1, 0], {"phase": "cancelled", "cancels": 1}),
        (cleans_up, [1, 0.5], {"phase": "cancelled", "cancels": 2}),
        (gives_up, [0.15], {"phase": "cancelled", "cancels": 1}),
        (gives_up, [1], {"phase": "cancelled", "cancels": 1}),
        (heeds_nothing, [1], {"phase": "returned", "cancels": 1}),
    ],
)
def test_a_handler_is_cancelled_as_often_as_it_is_interrupted_from_outside(
    handler: Any, moments: list[float], end: dict[str, Any]
) -> None:
    tape = recorder()

    async def cancelled_at() -> None:
        task = asyncio.ensure_future(watched(tape, handler)(Answers().params()))
        for moment in moments:
            if moment:
                await asyncio.sleep(moment)
            task.cancel()
        await asyncio.wait([task])

    run(cancelled_at())
    assert [data for _, _, _, data in told(tape)][1:] == [end]


def test_a_handler_of_its_own_time_limits_alone_is_not_cancelled() -> None:
    tape = recorder()
    run(watched(tape, gives_up)(Answers().params()))
    assert [data for _, _, _, data in told(tape)][1:] == [{"phase": "returned", "cancels": 0}]


def test_a_report_of_who_waits_sees_into_a_watched_handler() -> None:
    loop = SimLoop()
    handler = watched(recorder(), waits)

    async def waiting() -> list[str]:
        task = asyncio.ensure_future(handler(Answers().params()))
        await asyncio.sleep(1)
        lines = list(loop.waiting())
        task.cancel()
        await asyncio.wait([task])
        return lines

    _, line = loop.run_until_complete(waiting())
    loop.close()
    assert re.fullmatch(r"task-2: test_handlers.py:\d+ in waits .*", line)


def test_a_handler_with_the_six_old_arguments_is_told_too() -> None:
    tape, answered = recorder(), Answers()
    run(watched(tape, old)("lookup", "c1", {}, None, None, answered.callback))
    assert told(tape) == [
        ("handler", "lookup", "c1", {"phase": "started"}),
        ("answer", "lookup", "c1", {"result": "old"}),
        ("handler", "lookup", "c1", {"phase": "returned", "cancels": 0}),
    ]
    assert answered.got == [("old", None)]


@pytest.mark.parametrize("handler", [answers, old])
def test_a_watched_handler_keeps_its_signature(handler: Any) -> None:
    wrapped = watched(recorder(), handler)
    assert inspect.signature(wrapped) == inspect.signature(handler)
    assert (wrapped.__name__, inspect.iscoroutinefunction(wrapped)) == (handler.__name__, True)


def test_a_method_can_be_a_handler() -> None:
    class Shop:
        async def lookup(self, params: Params) -> None:
            await params.result_callback("method")

    answered = Answers()
    wrapped = watched(recorder(), Shop().lookup)
    run(wrapped(answered.params()))
    assert answered.got == [("method", None)]
    assert list(inspect.signature(wrapped).parameters) == ["params"]


def test_a_handler_causes_what_it_does() -> None:
    tape = recorder()
    run(watched(tape, answers)(Answers().params()))
    assert [event.cause for event in tape.trace.events] == [None, 0, 0]


def test_watching_adds_no_step() -> None:
    def steps(handler: Any) -> int:
        loop = SimLoop()
        loop.run_until_complete(handler(Answers().params()))
        loop.close()
        return loop.steps

    assert steps(watched(recorder(), answers)) == steps(answers)

"""Stub tools that are plain functions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from llm_sim.errors import UsageError
from llm_sim.scenario import Call
from llm_sim.scripted import check_stub_functions, function_stub

CALLS = [Call(name="book", args={"slot": "10:00", "guests": 2}, id="c1")]


def answer_of(function: Callable[..., Any]) -> Any:
    """Return what a call of the function answers."""
    answers: list[Any] = []

    async def result_callback(result: Any) -> None:
        answers.append(result)

    params: Any = SimpleNamespace(arguments=CALLS[0].args, result_callback=result_callback)
    asyncio.run(function_stub(function)(params))
    (answer,) = answers
    return answer


async def _waits(slot: str) -> str:
    await asyncio.sleep(0)
    return slot


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        (lambda slot, guests: [slot, guests], ["10:00", 2]),
        (lambda guests: guests, 2),
        (lambda: "booked", "booked"),
        (lambda slot, note="none": [slot, note], ["10:00", "none"]),
        (lambda **arguments: arguments, {"slot": "10:00", "guests": 2}),
        (_waits, "10:00"),
        (dict, {"slot": "10:00", "guests": 2}),
    ],
)
def test_a_function_takes_the_arguments_that_it_wants_by_name(
    function: Callable[..., Any], answer: Any
) -> None:
    assert answer_of(function) == answer


def test_what_a_function_raises_the_handler_raises() -> None:
    def fails(slot: str) -> None:
        raise LookupError(slot)

    with pytest.raises(LookupError, match="10:00"):
        answer_of(fails)


@pytest.mark.parametrize(
    "function",
    [
        lambda slot: slot,
        lambda slot, guests=1: slot,
        lambda slot, when="now": slot,
        lambda: 1,
        lambda **all_of: 1,
    ],
)
def test_a_function_that_the_script_serves_is_accepted(function: Callable[..., Any]) -> None:
    check_stub_functions({"book": function}, CALLS)


def test_what_is_never_called_is_not_asked_for_arguments() -> None:
    check_stub_functions({"other": lambda anything: anything}, CALLS)


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda slto: slto, "wants 'slto' (did you mean 'slot'?); call c1 gives slot, guests"),
        (lambda slot, when: slot, "wants 'when'; call c1 gives slot, guests"),
        (lambda slot, gests=1: slot, "wants 'gests' (did you mean 'guests'?); call c1 gives"),
        (lambda slot, /: slot, "takes 'slot' by position; arguments come by name: remove the /"),
        (7, "must be a function, not 7"),
    ],
)
def test_a_function_that_the_script_does_not_serve_is_refused(function: Any, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_stub_functions({"book": function}, CALLS)
    assert f"the stub of 'book' {problem}" in str(caught.value)


def test_an_argument_that_some_calls_leave_out_needs_a_default() -> None:
    calls = [*CALLS, Call(name="book", args={"slot": "11:00"}, id="c2")]
    check_stub_functions({"book": lambda slot, guests=1: slot}, calls)
    with pytest.raises(UsageError, match="wants 'guests'; call c2 gives slot"):
        check_stub_functions({"book": lambda slot, guests: slot}, calls)

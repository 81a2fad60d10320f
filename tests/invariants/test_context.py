"""LS205, LS206, LS208: each fires on a planted fault, and stays quiet on its twin."""

from __future__ import annotations

from typing import Any

import pytest

from llm_sim.invariants._context import problems_of_messages
from llm_sim.trace import UP
from tests.support.laws import broken
from tests.support.told import Told


def _calling(call: str, arguments: str = "{}") -> dict[str, Any]:
    function = {"name": "f", "arguments": arguments}
    return {"role": "assistant", "tool_calls": [{"id": call, "function": function}]}


def _tool(call: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call, "content": "1"}


_USER = {"role": "user", "content": "Hello."}


@pytest.mark.parametrize(
    ("messages", "problems"),
    [
        ([_USER, _calling("c1"), _tool("c1")], []),
        ([_calling("c1")], ["call 'c1' has no tool message"]),
        ([_calling("c1"), _USER], ["call 'c1' has no tool message before the next user message"]),
        ([_tool("c1")], ["the tool message of 'c1' has no tool call before it"]),
        ([_calling("c1"), _tool("c1"), _tool("c1")], ["call 'c1' has two tool messages"]),
        (
            [_calling("c1", "{id"), _tool("c1")],
            ["the arguments of 'c1' are no JSON object: '{id'"],
        ),
    ],
    ids=["accepted", "unanswered", "interleaved", "orphan", "twice", "bad arguments"],
)
def test_ls205_goes_by_the_rules_of_the_providers(
    messages: list[dict[str, Any]], problems: list[str]
) -> None:
    assert [problem for _, problem in problems_of_messages(messages)] == problems


def test_ls205_fires_for_a_context_that_a_provider_refuses() -> None:
    assert broken("LS205", Told().asked(_calling("c1")).rest()) == [
        "a provider refuses the context: call 'c1' has no tool message"
    ]


def test_ls205_is_quiet_about_a_context_that_providers_accept() -> None:
    assert broken("LS205", Told().asked(_USER, _calling("c1"), _tool("c1")).rest()) == []


@pytest.mark.parametrize("result", [[], 0, False, {}, "", None, 0.0])
def test_ls206_fires_when_a_falsy_result_is_replaced_by_a_word(result: Any) -> None:
    told = Told().started("c1").in_progress("c1").result("c1", result=result).rest()
    told.state(context={"c1": "settled"}, contents={"c1": "COMPLETED"})
    assert len(broken("LS206", told)) == 1


@pytest.mark.parametrize(
    ("result", "content"),
    [([], "[]"), (0, "0"), (False, "false"), ({"a": [1]}, '{"a": [1]}'), ("ä", '"ä"')],
)
def test_ls206_is_quiet_when_the_context_holds_the_json_of_the_result(
    result: Any, content: str
) -> None:
    told = Told().started("c1").in_progress("c1").result("c1", result=result).rest()
    told.state(context={"c1": "settled"}, contents={"c1": content})
    assert broken("LS206", told) == []


def test_ls206_tells_zero_from_false() -> None:
    told = Told().started("c1").in_progress("c1").result("c1", result=False).rest()
    told.state(context={"c1": "settled"}, contents={"c1": "0"})
    assert broken("LS206", told) == ["c1 `f`: its result is false, the context says '0'"]


def _text_then_call() -> Told:
    return _and_text_then_call(Told())


def _and_text_then_call(told: Told) -> Told:
    told.pushed(told.frame("LLMFullResponseStart"), to="assistant")
    text = told.frame("LLMText", text="Let me check.")
    told.pushed(text, to="assistant")
    told.taken_up(text, at="assistant")
    return told.started("c1").in_progress("c1").result("c1")


def _asked_by_the_result(told: Told, *messages: dict[str, Any]) -> Told:
    context = told.frame("LLMContext")
    taken_up = told.event("process", "llm", direction=UP, frame=context)
    return told.asked(*messages, cause=taken_up.seq)


def test_ls208_fires_when_the_model_is_not_told_what_it_said() -> None:
    assert broken("LS208", _asked_by_the_result(_text_then_call(), _USER).rest()) == [
        "'Let me check.' was said before c1 `f`, and the model is not told"
    ]


def test_ls208_is_quiet_when_the_text_is_in_the_context() -> None:
    said = {"role": "assistant", "content": "Let me check."}
    told = _asked_by_the_result(_text_then_call(), said)
    assert broken("LS208", told.rest()) == []


def test_ls208_is_quiet_about_a_run_that_the_user_asks_for_while_the_text_is_spoken() -> None:
    told = _text_then_call()
    said = told.processed("LLMContext", at="llm")
    assert broken("LS208", told.asked(_USER, cause=said).rest()) == []


def _asked_by_the_result_of(told: Told, call: str) -> Told:
    """Ask the model with a context that the aggregator pushed when it took up a result."""
    because = told.processed("FunctionCallResult", call, at="assistant")
    context = told.frame("LLMContext")
    told.event("push", "llm", direction=UP, frame=context, data={"by": "assistant"}, cause=because)
    taken_up = told.event("process", "llm", direction=UP, frame=context)
    return told.asked(_USER, cause=taken_up.seq)


def test_ls208_is_quiet_about_a_run_that_the_result_of_another_batch_triggers() -> None:
    told = Told().started("c0").in_progress("c0").result("c0")
    _and_text_then_call(told)
    assert broken("LS208", _asked_by_the_result_of(told, "c0").rest()) == []


def test_ls208_fires_for_the_run_of_its_own_batch_behind_that_of_another() -> None:
    told = Told().started("c0").in_progress("c0").result("c0")
    _asked_by_the_result_of(_and_text_then_call(told), "c0")
    assert broken("LS208", _asked_by_the_result_of(told, "c1").rest()) == [
        "'Let me check.' was said before c1 `f`, and the model is not told"
    ]


def test_ls208_is_quiet_when_an_interruption_came_between() -> None:
    told = _text_then_call()
    told.interruption()
    assert broken("LS208", _asked_by_the_result(told, _USER).rest()) == []


def test_ls208_is_quiet_about_text_that_a_processor_says_in_other_words() -> None:
    told = Told()
    told.pushed(told.frame("LLMFullResponseStart"), to="filter")
    told.pushed(told.frame("LLMText", text="*Let me check.*"), to="filter")
    told.started("c1").in_progress("c1").result("c1")
    assert broken("LS208", _asked_by_the_result(told, _USER).rest()) == []


def test_ls206_is_quiet_about_a_result_that_is_nested_too_deep_to_follow() -> None:
    told = Told().started("c1").in_progress("c1").result("c1", result=["<too deep>"]).rest()
    told.state(context={"c1": "settled"}, contents={"c1": "[[1]]"})
    assert broken("LS206", told) == []

"""What stands in the context, and when the model runs again."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from llm_sim.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    FunctionCallCancelFrame,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallResultProperties,
    FunctionCallsStartedFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMMessagesAppendFrame,
    LLMMessagesUpdateFrame,
    LLMRunFrame,
    LLMSetToolChoiceFrame,
    LLMSetToolsFrame,
    LLMTextFrame,
    StartFrame,
    TextFrame,
    TranscriptionFrame,
)
from llm_sim.service import (
    LLMAssistantAggregator,
    LLMAssistantAggregatorParams,
    LLMUserAggregator,
    OpenAILLMContext,
)
from tests.service.bot import call, said, settle
from tests.service.stepping import run
from tests.service.test_function_calls import Ear


def started(*ids: str) -> Frame:
    return FunctionCallsStartedFrame([call("f", tool_call_id) for tool_call_id in ids])


def progress(tool_call_id: str) -> Frame:
    return FunctionCallInProgressFrame("f", tool_call_id, {"x": 1})


def result(tool_call_id: str, value: Any = 1, **properties: Any) -> Frame:
    stated = FunctionCallResultProperties(**properties) if properties else None
    return FunctionCallResultFrame("f", tool_call_id, {}, value, properties=stated)


def cancel(tool_call_id: str) -> Frame:
    return FunctionCallCancelFrame("f", tool_call_id)


class Heard:
    def __init__(self, aggregator: Any, up: Ear, down: Ear) -> None:
        self.context = aggregator.context
        self.conversation = [said(message) for message in aggregator.messages]
        self.runs_up = up.got.count("LLMContext")
        self.runs_down = down.got.count("LLMContext")
        self.down = down.got
        self.errors = up.errors
        self.open = aggregator.calls_open() if hasattr(aggregator, "calls_open") else {}


def hear(*frames: Frame, aggregator: Any = None, end: bool = True) -> Heard:
    async def main() -> Heard:
        it = aggregator or LLMAssistantAggregator(OpenAILLMContext())
        up, down = Ear(), Ear()
        up.link(it)
        it.link(down)
        for frame in (StartFrame(), *frames):
            await it.queue_frame(frame)
            await settle()
        heard = Heard(it, up, down)
        if end:
            await it.cleanup()
        return heard

    return run(main())


def test_a_response_becomes_one_message_when_it_ends() -> None:
    texts = [LLMTextFrame(text="Hel"), LLMTextFrame(text="lo.")]
    heard = hear(LLMFullResponseStartFrame(), *texts, LLMFullResponseEndFrame())
    assert heard.conversation == ["assistant: Hello."]


def test_words_of_a_speech_service_are_joined_by_spaces_if_they_come_without() -> None:
    words = [LLMFullResponseStartFrame(), TextFrame(text="Good"), TextFrame(text="day.")]
    assert hear(*words, LLMFullResponseEndFrame()).conversation == ["assistant: Good day."]
    verbatim = LLMAssistantAggregator(
        OpenAILLMContext(), params=LLMAssistantAggregatorParams(expect_stripped_words=False)
    )
    heard = hear(*words, LLMFullResponseEndFrame(), aggregator=verbatim)
    assert heard.conversation == ["assistant: Goodday."]


def test_text_outside_a_response_and_blank_text_are_not_committed() -> None:
    blank = [LLMFullResponseStartFrame(), LLMTextFrame(text=" "), LLMFullResponseEndFrame()]
    assert hear(LLMTextFrame(text="stray"), *blank).conversation == []


def test_an_interruption_commits_what_was_said_so_far() -> None:
    heard = hear(
        LLMFullResponseStartFrame(),
        LLMTextFrame(text="I was"),
        InterruptionFrame(),
        LLMTextFrame(text=" saying"),
    )
    assert heard.conversation == ["assistant: I was"]


def test_text_stands_before_the_call_that_followed_it() -> None:
    heard = hear(
        LLMFullResponseStartFrame(),
        LLMTextFrame(text="Let me see."),
        started("1"),
        progress("1"),
        LLMTextFrame(text="One moment."),
        LLMFullResponseEndFrame(),
    )
    assert heard.conversation == [
        "assistant: Let me see.",
        "calls 1",
        "1: IN_PROGRESS",
        "assistant: One moment.",
    ]
    function = heard.context.messages[1]["tool_calls"][0]["function"]
    assert function == {"name": "f", "arguments": '{"x": 1}'}


def test_a_call_is_announced_then_in_progress_then_gone() -> None:
    assert hear(started("1", "2"), progress("2")).open == {"1": "started", "2": "in_progress"}
    assert hear(started("1"), progress("1"), result("1")).open == {}


@pytest.mark.parametrize("value", [None, False, 0, 0.0, "", [], {}, "x", [1], {"a": None}])
def test_the_tool_message_holds_the_json_of_every_value(value: Any) -> None:
    heard = hear(started("1"), progress("1"), result("1", value))
    assert heard.context.messages[-1]["content"] == json.dumps(value)
    assert heard.runs_up == 1


def test_a_result_that_is_not_json_is_settled_with_an_error_that_is_seen() -> None:
    heard = hear(started("1"), progress("1"), result("1", object()))
    assert "not JSON" in json.loads(heard.context.messages[-1]["content"])["error"]
    assert len(heard.errors) == 1
    assert (heard.open, heard.runs_up) == ({}, 1)


def test_the_model_runs_once_when_the_last_call_of_the_batch_settles() -> None:
    begun = [started("1", "2"), progress("1"), progress("2")]
    assert hear(*begun, result("2")).runs_up == 0
    assert hear(*begun, result("2"), result("1")).runs_up == 1
    assert hear(*begun, result("2"), cancel("1")).runs_up == 1
    assert hear(*begun, cancel("2"), result("1")).runs_up == 1


def test_the_model_does_not_run_for_a_batch_that_was_wholly_cancelled() -> None:
    heard = hear(started("1", "2"), progress("1"), cancel("1"), cancel("2"))
    assert (heard.runs_up, heard.conversation) == (0, ["calls 1", "1: CANCELLED"])


@pytest.mark.parametrize("order", [("1", "2"), ("2", "1")])
def test_a_result_that_refuses_the_run_refuses_it_for_its_batch(order: tuple[str, ...]) -> None:
    results = {"1": result("1", run_llm=False), "2": result("2")}
    heard = hear(started("1", "2"), progress("1"), progress("2"), *(results[i] for i in order))
    assert heard.runs_up == 0
    assert heard.context.messages[-1]["content"] == "1"


@pytest.mark.parametrize(
    ("of_the_call", "of_the_handler", "runs"),
    [(None, None, 1), (False, None, 0), (True, None, 1), (False, True, 1), (True, False, 0)],
)
def test_what_the_handler_says_about_the_run_wins_over_what_the_call_says(
    of_the_call: bool | None, of_the_handler: bool | None, runs: int
) -> None:
    stated = FunctionCallResultProperties(run_llm=of_the_handler)
    frame = FunctionCallResultFrame("f", "1", {}, 1, of_the_call, stated)
    assert hear(started("1"), progress("1"), frame).runs_up == runs


def test_a_run_waits_while_a_call_of_another_batch_is_unsettled() -> None:
    begun = [started("1"), progress("1"), started("2"), progress("2"), result("2")]
    assert hear(*begun).runs_up == 0
    assert hear(*begun, cancel("1")).runs_up == 1
    assert hear(*begun, result("1")).runs_up == 1


def test_late_frames_about_a_settled_call_are_ignored_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    settled = [started("1"), progress("1"), cancel("1")]
    with caplog.at_level(logging.WARNING):
        heard = hear(*settled, progress("1"), result("1"), cancel("1"))
    assert heard.conversation == ["calls 1", "1: CANCELLED"]
    assert len(caplog.messages) == 3
    assert heard.runs_up == 0


@pytest.mark.parametrize("frame", [EndFrame, CancelFrame])
def test_at_the_end_everything_open_is_cancelled_and_nothing_runs(frame: Any) -> None:
    heard = hear(
        LLMFullResponseStartFrame(),
        LLMTextFrame(text="Bye"),
        started("1", "2"),
        progress("1"),
        frame(),
        result("1"),
    )
    assert heard.conversation == ["assistant: Bye", "calls 1", "1: CANCELLED"]
    assert (heard.open, heard.runs_up) == ({}, 0)
    assert not heard.context.has_unsettled_calls()


def test_on_context_updated_runs_once_the_result_is_in_the_context() -> None:
    context = OpenAILLMContext()
    seen: list[str] = []

    async def updated() -> None:
        await asyncio.sleep(0)
        seen.append(context.messages[-1]["content"])

    hear(
        started("1"),
        progress("1"),
        result("1", "done", on_context_updated=updated),
        aggregator=LLMAssistantAggregator(context),
    )
    assert seen == ['"done"']


def test_an_on_context_updated_that_fails_is_seen() -> None:
    async def fails() -> None:
        raise ValueError("no")

    heard = hear(started("1"), progress("1"), result("1", on_context_updated=fails))
    assert len(heard.errors) == 1
    assert heard.runs_up == 1


def test_frames_of_calls_travel_on() -> None:
    heard = hear(started("1"), progress("1"), result("1"))
    assert heard.down[1:] == [
        "FunctionCallsStarted",
        "FunctionCallInProgress",
        "FunctionCallResult",
    ]


def test_what_the_user_says_is_added_and_the_model_runs() -> None:
    user = LLMUserAggregator(OpenAILLMContext())
    heard = hear(TranscriptionFrame("Hi", "me", "now"), aggregator=user)
    assert (heard.conversation, heard.runs_down, heard.runs_up) == (["user: Hi"], 1, 0)


@pytest.mark.parametrize(("run_llm", "runs"), [(True, 1), (False, 0), (None, 0)])
def test_appended_messages_run_the_model_only_if_asked(run_llm: bool | None, runs: int) -> None:
    append = LLMMessagesAppendFrame([{"role": "system", "content": "Be brief."}], run_llm)
    heard = hear(append, aggregator=LLMUserAggregator(OpenAILLMContext()))
    assert (heard.conversation, heard.runs_down) == (["system: Be brief."], runs)


def test_a_run_can_be_asked_for_on_both_sides() -> None:
    assert hear(LLMRunFrame(), aggregator=LLMUserAggregator(OpenAILLMContext())).runs_down == 1
    assert hear(LLMRunFrame()).runs_up == 1


@pytest.mark.parametrize("aggregator_class", [LLMUserAggregator, LLMAssistantAggregator])
def test_messages_tools_and_tool_choice_can_be_replaced_on_both_sides(
    aggregator_class: Any,
) -> None:
    heard = hear(
        LLMMessagesAppendFrame([{"role": "user", "content": "Old."}]),
        LLMMessagesUpdateFrame([{"role": "user", "content": "New."}], run_llm=True),
        LLMSetToolsFrame([{"type": "function"}]),
        LLMSetToolChoiceFrame("required"),
        aggregator=aggregator_class(OpenAILLMContext()),
    )
    assert heard.conversation == ["user: New."]
    assert heard.context.tools == [{"type": "function"}]
    assert heard.context.tool_choice == "required"
    assert heard.runs_up + heard.runs_down == 1
    assert [word for word in heard.down if word.startswith("LLMSet")] == []


def test_the_two_sides_have_pipecats_roles_and_helpers() -> None:
    context = OpenAILLMContext()
    user, assistant = LLMUserAggregator(context), LLMAssistantAggregator(context)
    assert (user.role, assistant.role) == ("user", "assistant")
    user.set_messages([{"role": "user", "content": "Hi"}])
    user.add_messages([{"role": "user", "content": "there"}])
    assert user.get_context_frame().context.messages == user.messages
    assert len(user.messages) == 2
    assert not assistant.has_function_calls_in_progress


def test_an_id_that_is_used_again_before_its_old_result_arrives_loses_no_result() -> None:
    again = [started("1"), progress("1"), started("1")]
    heard = hear(*again)
    assert heard.open == {"1": "in_progress"}
    heard = hear(*again, result("1", "old"))
    assert (heard.open, heard.runs_up) == ({"1": "started"}, 0)
    heard = hear(*again, result("1", "old"), progress("1"), result("1", "new"))
    assert heard.conversation == ["calls 1", '1: "old"', "calls 1", '1: "new"']
    assert (heard.open, heard.runs_up) == ({}, 1)
    assert not heard.context.has_unsettled_calls()


def test_at_the_end_every_call_of_an_id_is_cancelled() -> None:
    heard = hear(started("1"), progress("1"), started("1"), EndFrame())
    assert (heard.open, heard.conversation) == ({}, ["calls 1", "1: CANCELLED"])
    assert not heard.context.has_unsettled_calls()


def test_other_frames_pass_the_users_side() -> None:
    heard = hear(
        LLMContextFrame(None), InterruptionFrame(), aggregator=LLMUserAggregator(OpenAILLMContext())
    )
    assert heard.down[1:] == ["LLMContext", "Interruption"]

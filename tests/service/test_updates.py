"""Results on the way to the final one: they tell, and settle nothing."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from llm_sim.frames import (
    Frame,
    FunctionCallResultFrame,
    FunctionCallResultProperties,
    InterruptionFrame,
)
from llm_sim.service import (
    AFTER_RESULT_TIMEOUT_SECS,
    FunctionCallParams,
    LLMAssistantAggregator,
    LLMService,
    OpenAILLMContext,
)
from tests.service.bot import call, settle
from tests.service.stepping import run
from tests.service.test_aggregators import Heard, hear, progress, result, started
from tests.service.test_disturbed_calls import forwarded
from tests.service.test_function_calls import Ear, answer, between, last_result, one_call

UPDATE = FunctionCallResultProperties(is_final=False)
TOO_LATE = "llm: dropped a result of f:1, which is settled"


def update(tool_call_id: str, value: Any, **properties: Any) -> Frame:
    return result(tool_call_id, value, is_final=False, **properties)


def note(so_far: str) -> str:
    """What the aggregator writes of an update of call 1."""
    told = {"type": "async_tool", "status": "running", "tool_call_id": "1", "result": so_far}
    return f"developer: {json.dumps(told)}"


async def tells(params: FunctionCallParams) -> None:
    await params.result_callback("half", properties=UPDATE)
    await asyncio.sleep(1)
    await params.result_callback("whole")


# --- the service ----------------------------------------------------------------------------------


def test_an_update_is_told_in_both_directions_before_the_result() -> None:
    up, down = one_call(tells, cancel_on_interruption=False)
    lives = ["sStarted:1", "InProgress:1", "Update:1", "Result:1"]
    assert up.calls == down.calls == lives
    told = [
        [f.result for f in ear.frames if isinstance(f, FunctionCallResultFrame)]
        for ear in (up, down)
    ]
    assert told == [["half", "whole"], ["half", "whole"]]


def test_a_call_that_told_an_update_is_still_in_flight() -> None:
    async def main() -> list[dict[str, str]]:
        llm = LLMService()
        await between(llm)
        llm.register_function("f", tells, cancel_on_interruption=False)
        await llm.run_function_calls([call("f", "1")])
        await asyncio.sleep(0.5)
        before = llm.calls_in_flight()
        await asyncio.sleep(1)
        await llm.cleanup()
        return [before, llm.calls_in_flight()]

    assert run(main()) == [{"1": "running"}, {}]


def test_an_update_stops_no_timeout() -> None:
    async def tells_and_hangs(params: FunctionCallParams) -> None:
        await asyncio.sleep(1)
        await params.result_callback("half", properties=UPDATE)
        await asyncio.Event().wait()

    up, _ = one_call(tells_and_hangs, cancel_on_interruption=False, timeout_secs=2)
    assert up.calls == ["sStarted:1", "InProgress:1", "Update:1", "Result:1"]
    assert last_result(up).result == {"error": "function 'f' did not answer within 2 s"}


def test_a_handler_that_returns_with_nothing_but_updates_fails_its_call() -> None:
    async def only_tells(params: FunctionCallParams) -> None:
        await params.result_callback("half", properties=UPDATE)

    up, _ = one_call(only_tells, cancel_on_interruption=False)
    assert up.calls == ["sStarted:1", "InProgress:1", "Update:1", "Result:1"]
    assert last_result(up).result == {"error": "function 'f' returned without a result"}


@pytest.mark.parametrize("work_secs", [1, 3 * AFTER_RESULT_TIMEOUT_SECS])
def test_in_sequence_an_update_frees_no_queue_and_bounds_no_time(work_secs: float) -> None:
    log: list[tuple[str, float]] = []

    async def works_on(params: FunctionCallParams) -> None:
        await params.result_callback("half", properties=UPDATE)
        await asyncio.sleep(work_secs)
        await params.result_callback("whole")

    async def next_one(params: FunctionCallParams) -> None:
        log.append(("next", asyncio.get_running_loop().time()))
        await answer(params)

    async def main() -> list[str]:
        llm = LLMService(run_in_parallel=False)
        up, _ = await between(llm)
        llm.register_function("f", works_on, cancel_on_interruption=False)
        llm.register_function("next", next_one)
        await llm.run_function_calls([call("f", "1"), call("next", "2")])
        await asyncio.sleep(100)
        await llm.cleanup()
        return [*up.calls, *up.errors]

    lives = ["InProgress:1", "Update:1", "Result:1", "InProgress:2", "Result:2"]
    assert run(main()) == ["sStarted:1,2", *lives]
    assert log == [("next", work_secs)]


def test_an_update_after_the_result_is_dropped_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def tells_too_late(params: FunctionCallParams) -> None:
        await params.result_callback("whole")
        await params.result_callback("half", properties=UPDATE)

    with caplog.at_level(logging.WARNING):
        up, down = one_call(tells_too_late, cancel_on_interruption=False)
    assert up.calls == down.calls == ["sStarted:1", "InProgress:1", "Result:1"]
    assert caplog.messages == [TOO_LATE]


def test_an_update_after_a_timeout_is_dropped_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def tells_when_cancelled(params: FunctionCallParams) -> None:
        try:
            await asyncio.sleep(5)
        finally:
            await params.result_callback("half", properties=UPDATE)

    with caplog.at_level(logging.WARNING):
        up, _ = one_call(tells_when_cancelled, cancel_on_interruption=False, timeout_secs=1)
    assert up.calls == ["sStarted:1", "InProgress:1", "Result:1"]
    assert caplog.messages == [TOO_LATE]


def test_an_update_of_a_call_that_an_interruption_cancels_is_dropped_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        up, down = one_call(tells)
    assert up.calls == down.calls == ["sStarted:1", "InProgress:1", "Result:1"]
    assert last_result(up).result == "whole"
    assert caplog.messages == [
        "llm: dropped an update of f:1: only a function that is registered with "
        "cancel_on_interruption=False has them"
    ]


def test_an_interruption_leaves_a_call_with_updates_alone() -> None:
    async def main() -> list[str]:
        llm = LLMService()
        up, _ = await between(llm)
        llm.register_function("f", tells, cancel_on_interruption=False)
        await llm.run_function_calls([call("f", "1")])
        await settle()
        await forwarded(llm, InterruptionFrame())
        await asyncio.sleep(5)
        await llm.cleanup()
        return up.calls

    assert run(main()) == ["sStarted:1", "InProgress:1", "Update:1", "Result:1"]


@dataclass
class OfPipecat:
    """Properties of a release that has updates."""

    run_llm: bool | None = None
    on_context_updated: Any = None
    is_final: bool = True


OF_AN_OLDER_ONE = SimpleNamespace(run_llm=None, on_context_updated=None)


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        pytest.param(OfPipecat(is_final=False), ["Update:1", "Result:1"], id="an update"),
        pytest.param(OfPipecat(), ["Result:1"], id="a result"),
        pytest.param(OF_AN_OLDER_ONE, ["Result:1"], id="a release without updates"),
    ],
)
def test_of_properties_only_the_attributes_are_read(properties: Any, told: list[str]) -> None:
    async def handler(params: FunctionCallParams) -> None:
        await params.result_callback("first", properties=properties)
        await params.result_callback("second")

    up, _ = one_call(handler, cancel_on_interruption=False)
    assert up.calls[2:] == told
    assert last_result(up).result == ("second" if "Update:1" in told else "first")


def test_an_update_that_comes_before_the_handler_runs_begins_the_call_once() -> None:
    """Whoever answers a start callback's request for an image may tell an update."""

    async def main() -> Ear:
        llm = LLMService(name="llm")
        up, _ = await between(llm)

        async def begin(name: str, llm: LLMService, context: Any) -> None:
            await llm.request_image_frame("me", tool_call_id="1")
            request = next(f for f in up.frames if type(f).__name__ == "UserImageRequestFrame")
            await request.result_callback("half", properties=UPDATE)

        with pytest.warns(DeprecationWarning, match="start_callback"):
            llm.register_function("f", answer, begin, cancel_on_interruption=False)
        await llm.run_function_calls([call("f", "1")])
        await settle()
        await llm.cleanup()
        return up

    assert run(main()).calls == ["sStarted:1", "InProgress:1", "Update:1", "Result:1"]


# --- the context ----------------------------------------------------------------------------------


def one_in_progress(*frames: Frame, **how: Any) -> Heard:
    return hear(started("1"), progress("1"), *frames, **how)


@pytest.mark.parametrize("value", ["half", {"p": 0.5}, 0, None, [], False])
def test_an_update_is_a_note_behind_the_call_which_stays_in_progress(value: Any) -> None:
    heard = one_in_progress(update("1", value), end=False)
    assert heard.conversation == ["calls 1", "1: IN_PROGRESS", note(json.dumps(value))]
    assert (heard.open, heard.runs_up) == ({"1": "in_progress"}, 0)


def test_the_final_result_is_the_tool_message_whatever_came_before() -> None:
    heard = one_in_progress(update("1", 1), update("1", 2), result("1", 3))
    assert heard.conversation == ["calls 1", "1: 3", note("1"), note("2")]
    assert (heard.open, heard.runs_up) == ({}, 1)


def test_the_model_runs_once_when_the_batch_is_complete_and_not_at_its_updates() -> None:
    batch = [started("1", "2"), progress("1"), progress("2")]
    assert hear(*batch, update("1", 1), result("2"), update("1", 2)).runs_up == 0
    assert hear(*batch, update("1", 1), result("2"), update("1", 2), result("1")).runs_up == 1


def test_an_update_that_wants_no_run_keeps_none_from_the_result() -> None:
    assert one_in_progress(update("1", 1, run_llm=False), result("1")).runs_up == 1


@pytest.mark.parametrize("of_the_result", [None, True, False])
def test_a_run_that_an_update_asks_for_waits_for_the_end_of_the_call(
    of_the_result: bool | None,
) -> None:
    asks = update("1", 1, run_llm=True)
    assert one_in_progress(asks).runs_up == 0
    assert one_in_progress(asks, result("1", run_llm=of_the_result)).runs_up == 1


def test_on_context_updated_runs_once_an_update_is_in_the_context() -> None:
    context = OpenAILLMContext()
    seen: list[int] = []

    async def updated() -> None:
        seen.append(len(context.messages))

    asked = update("1", 1, on_context_updated=updated)
    one_in_progress(asked, aggregator=LLMAssistantAggregator(context))
    assert seen == [3]


def test_an_update_that_is_not_json_is_seen_and_told_as_one_that_says_so() -> None:
    heard = one_in_progress(update("1", object()), result("1", "whole"))
    problem = "the result of 'f' is not JSON: Object of type object is not JSON serializable"
    assert heard.conversation == ["calls 1", '1: "whole"', note(json.dumps({"error": problem}))]
    assert len(heard.errors) == 1


def test_an_update_of_a_settled_call_is_ignored() -> None:
    heard = one_in_progress(result("1", 1), update("1", 2))
    assert (heard.conversation, heard.runs_up) == (["calls 1", "1: 1"], 1)

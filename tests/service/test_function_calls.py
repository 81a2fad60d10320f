"""The life of a call, when nobody disturbs it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from llm_sim.frames import (
    FunctionCallFromLLM,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallResultProperties,
    FunctionCallsStartedFrame,
    StartFrame,
)
from llm_sim.service import FunctionCallParams, LLMService, OpenAILLMContext
from tests.service.bot import CALL_FRAMES, call, settle, told
from tests.service.stepping import run
from tests.service.test_processor import Witness


class Ear(Witness):
    """A neighbour that keeps the frames."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[Any] = []

    async def queue_frame(self, frame: Any, *rest: Any) -> None:
        await super().queue_frame(frame, *rest)
        self.frames.append(frame)

    @property
    def calls(self) -> list[str]:
        return [told(frame) for frame in self.frames if isinstance(frame, CALL_FRAMES)]


async def between(llm: LLMService) -> tuple[Ear, Ear]:
    up, down = Ear(), Ear()
    up.link(llm)
    llm.link(down)
    await llm.queue_frame(StartFrame())
    await settle()
    return up, down


async def answer(params: FunctionCallParams) -> None:
    await params.result_callback({"said": params.arguments})


def last_result(ear: Ear) -> Any:
    return [frame for frame in ear.frames if isinstance(frame, FunctionCallResultFrame)][-1]


def one_call(handler: Any, **registration: Any) -> tuple[Ear, Ear]:
    async def main() -> tuple[Ear, Ear]:
        llm = LLMService(name="llm")
        ears = await between(llm)
        llm.register_function("f", handler, **registration)
        await llm.run_function_calls([call("f", "1", x=1)])
        await asyncio.sleep(10)
        assert llm.calls_in_flight() == {}
        await llm.cleanup()
        return ears

    return run(main())


def test_a_call_is_announced_in_progress_and_settled_in_both_directions() -> None:
    up, down = one_call(answer, cancel_on_interruption=False)
    assert up.calls == down.calls == ["sStarted:1", "InProgress:1", "Result:1"]
    for left, right in zip(up.frames[-3:], down.frames[-3:], strict=True):
        fields = [name for name in left.__dataclass_fields__ if name != "id"]
        assert [getattr(left, n) for n in fields] == [getattr(right, n) for n in fields]
        assert left is not right
    progress = next(f for f in up.frames if isinstance(f, FunctionCallInProgressFrame))
    assert (progress.function_name, progress.arguments) == ("f", {"x": 1})
    assert not progress.cancel_on_interruption
    assert last_result(up).result == {"said": {"x": 1}}


def test_an_empty_batch_does_nothing() -> None:
    async def main() -> list[Any]:
        llm = LLMService()
        up, down = await between(llm)
        llm.add_event_handler("on_function_calls_started", lambda *_: up.got.append("event"))
        before = [*up.got, *down.got]
        await llm.run_function_calls([])
        await settle()
        assert [*up.got, *down.got] == before
        await llm.cleanup()
        return []

    run(main())


def test_the_event_comes_once_and_before_any_frame_of_the_batch() -> None:
    async def main() -> list[str]:
        llm = LLMService()
        up, _ = await between(llm)
        up.got.clear()
        llm.register_function(None, answer)

        @llm.event_handler("on_function_calls_started")
        def started(_: LLMService, calls: list[FunctionCallFromLLM]) -> None:
            up.got.append(f"event for {[c.function_name for c in calls]}")

        await llm.run_function_calls([call("a"), call("b")])
        await settle()
        await llm.cleanup()
        return up.got[:2]

    assert run(main()) == ["event for ['a', 'b']", "FunctionCallsStarted"]


def test_announcing_a_batch_does_not_suspend() -> None:
    async def main() -> dict[str, str]:
        llm = LLMService()
        await between(llm)
        llm.register_function("a", answer)

        @llm.event_handler("on_function_calls_started")
        async def slow(*_: Any) -> None:
            await asyncio.sleep(1)

        announcing = llm.run_function_calls([call("a"), call("b")])
        with pytest.raises(StopIteration):
            announcing.send(None)
        in_flight = llm.calls_in_flight()
        await settle()
        await llm.cleanup()
        return in_flight

    assert run(main()) == {"a": "running", "b": "running"}


def test_a_handler_that_raises_gives_an_error_frame_and_a_result_that_says_so() -> None:
    async def fails(params: FunctionCallParams) -> None:
        raise ValueError("no luck")

    up, down = one_call(fails)
    assert up.errors == ["llm: function 'f' failed: ValueError('no luck')"]
    assert up.calls == down.calls == ["sStarted:1", "InProgress:1", "Result:1"]
    assert last_result(down).result == {"error": "function 'f' failed: ValueError('no luck')"}
    assert last_result(down).error == "function 'f' failed: ValueError('no luck')"


def test_a_handler_that_raises_after_its_result_is_seen_and_settles_nothing_again() -> None:
    async def fails_late(params: FunctionCallParams) -> None:
        await params.result_callback(1)
        raise ValueError("late")

    up, down = one_call(fails_late)
    assert up.errors == ["llm: function 'f' failed: ValueError('late')"]
    assert down.calls == ["sStarted:1", "InProgress:1", "Result:1"]
    assert last_result(down).result == 1


def test_a_handler_that_returns_without_a_result_is_settled_with_one_that_says_so() -> None:
    async def forgets(params: FunctionCallParams) -> None:
        return

    up, down = one_call(forgets)
    assert up.calls == down.calls == ["sStarted:1", "InProgress:1", "Result:1"]
    assert last_result(up).result == {"error": "function 'f' returned without a result"}


def test_a_handler_that_cancels_itself_is_settled_with_a_result_that_says_so() -> None:
    async def cancels_itself(params: FunctionCallParams) -> None:
        raise asyncio.CancelledError

    up, _ = one_call(cancels_itself)
    assert last_result(up).result == {"error": "function 'f' was cancelled from inside"}


def test_a_second_result_is_dropped_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    async def twice(params: FunctionCallParams) -> None:
        await params.result_callback(1)
        await params.result_callback(2)

    with caplog.at_level(logging.WARNING):
        up, down = one_call(twice)
    assert up.calls == down.calls == ["sStarted:1", "InProgress:1", "Result:1"]
    assert last_result(up).result == 1
    assert caplog.messages == ["llm: dropped a result of f:1, which is settled"]


def test_a_result_after_the_handler_returned_is_dropped_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def answers_later(params: FunctionCallParams) -> None:
        async def later() -> None:
            await asyncio.sleep(1)
            await params.result_callback(1)

        params.llm.create_task(later())

    with caplog.at_level(logging.WARNING):
        up, _ = one_call(answers_later)
    assert up.calls == ["sStarted:1", "InProgress:1", "Result:1"]
    assert caplog.messages == ["llm: dropped a result of f:1, which is settled"]


def test_a_timeout_settles_with_a_result_that_says_so_and_cancels_the_handler_once() -> None:
    ended: list[float] = []

    async def slow(params: FunctionCallParams) -> None:
        try:
            await asyncio.sleep(100)
        finally:
            ended.append(asyncio.get_running_loop().time())
            await params.result_callback("too late")

    up, down = one_call(slow, timeout_secs=0.1)
    assert up.calls == down.calls == ["sStarted:1", "InProgress:1", "Result:1"]
    assert last_result(up).result == {"error": "function 'f' did not answer within 0.1 s"}
    assert ended == [pytest.approx(0.1)]


def test_a_timeout_that_is_not_reached_leaves_no_timer() -> None:
    async def main() -> float:
        llm = LLMService()
        await between(llm)
        llm.register_function("f", answer, timeout_secs=1000)
        await llm.run_function_calls([call("f")])
        await settle()
        await llm.cleanup()
        pending = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
        return len([timer for timer in pending if not timer.cancelled()])

    assert run(main()) == 0


def test_a_call_of_an_unregistered_function_is_settled_with_a_result_that_says_so() -> None:
    async def main() -> tuple[Ear, Ear]:
        llm = LLMService()
        up, down = await between(llm)
        await llm.run_function_calls([call("nope", "1")])
        await settle()
        await llm.cleanup()
        return up, down

    up, down = run(main())
    assert up.calls == down.calls == ["sStarted:1", "InProgress:1", "Result:1"]
    assert last_result(up).result == {"error": "function 'nope' is not registered"}


def test_the_registration_at_the_time_of_the_call_decides() -> None:
    async def main() -> list[Any]:
        llm = LLMService()
        up, _ = await between(llm)

        async def old(params: FunctionCallParams) -> None:
            await params.result_callback("old")

        llm.register_function("f", old)
        llm.register_function("g", old)
        await llm.run_function_calls([call("f"), call("g")])
        llm.unregister_function("f")
        llm.register_function("g", answer)
        await settle()
        await llm.cleanup()
        return [f.result for f in up.frames if isinstance(f, FunctionCallResultFrame)]

    assert run(main()) == ["old", "old"]


def test_the_catch_all_takes_what_has_no_registration_of_its_own() -> None:
    async def main() -> list[Any]:
        llm = LLMService()
        up, _ = await between(llm)

        async def any_name(params: FunctionCallParams) -> None:
            await params.result_callback(f"caught {params.function_name}")

        llm.register_function(None, any_name)
        llm.register_function("own", answer)
        await llm.run_function_calls([call("own"), call("other")])
        await settle()
        await llm.cleanup()
        return [f.result for f in up.frames if isinstance(f, FunctionCallResultFrame)]

    assert run(main()) == [{"said": {}}, "caught other"]


def test_two_calls_in_flight_cannot_have_one_id() -> None:
    async def main() -> tuple[list[str], list[str]]:
        llm = LLMService(name="llm")
        up, _ = await between(llm)
        llm.register_function("f", answer)
        await llm.run_function_calls([call("f", "1"), call("f", "1")])
        await settle()
        await llm.cleanup()
        return up.calls, up.errors

    assert run(main()) == (
        ["sStarted:1", "InProgress:1", "Result:1"],
        [
            "llm: refused a call of 'f': another call in flight has its tool_call_id '1'",
        ],
    )


def test_handlers_are_given_the_service_and_the_context_of_the_call() -> None:
    async def main() -> list[Any]:
        llm = LLMService()
        await between(llm)
        context = OpenAILLMContext()
        seen: list[Any] = []

        async def handler(params: FunctionCallParams) -> None:
            seen.extend([params.llm is llm, params.context is context, params.tool_call_id])
            properties = FunctionCallResultProperties(run_llm=False)
            await params.result_callback(None, properties=properties)

        llm.register_function("f", handler)
        await llm.run_function_calls([FunctionCallFromLLM("f", "1", {}, context)])
        await settle()
        await llm.cleanup()
        return seen

    assert run(main()) == [True, True, "1"]


def test_the_announcement_lists_the_batch() -> None:
    async def main() -> list[list[str]]:
        llm = LLMService()
        up, _ = await between(llm)
        llm.register_function(None, answer)
        await llm.run_function_calls([call("a"), call("b")])
        await llm.run_function_calls([call("c")])
        await settle()
        await llm.cleanup()
        return [
            [c.tool_call_id for c in f.function_calls]
            for f in up.frames
            if isinstance(f, FunctionCallsStartedFrame)
        ]

    assert run(main()) == [["a", "b"], ["c"]]

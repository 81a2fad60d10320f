"""A call that asks for an image: the image is its answer."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from llm_sim.frames import (
    EndFrame,
    FunctionCallResultFrame,
    InterruptionFrame,
    TranscriptionFrame,
    UserImageRawFrame,
    UserImageRequestFrame,
)
from llm_sim.service import IMAGE_TIMEOUT_SECS, FunctionCallParams, LLMService
from tests.service.bot import Bot, Camera, Passing, ScriptedLLM, call, settle
from tests.service.stepping import run
from tests.service.test_function_calls import between, last_result


async def look(params: FunctionCallParams) -> None:
    await params.llm.request_image_frame(
        "user",
        function_name=params.function_name,
        tool_call_id=params.tool_call_id,
        text_content="What is this?",
    )


def looking(
    *between: Passing, camera: Camera | None = None, interrupt_at: float = 0, **llm: Any
) -> Bot:
    async def main() -> Bot:
        service = ScriptedLLM([["Let me look. ", [call("look", "1")]], ["Red."]], **llm)
        service.register_function("look", look)
        bot = Bot(service, *between, before=[camera or Camera(0.2)])
        running = asyncio.create_task(bot.task.run())
        await bot.task.queue_frame(TranscriptionFrame(text="What do you see?"))
        if interrupt_at:
            await asyncio.sleep(interrupt_at)
            await bot.task.queue_frame(InterruptionFrame())
        await asyncio.sleep(20)
        await bot.task.stop_when_done()
        await running
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return bot

    return run(main())


def test_an_image_is_asked_for_upstream_with_all_that_was_said() -> None:
    async def main() -> UserImageRequestFrame:
        llm = LLMService()
        up, down = await between(llm)
        await llm.request_image_frame(
            "user",
            function_name="look",
            tool_call_id="1",
            text_content="Look",
            video_source="camera",
        )
        await llm.cleanup()
        assert "UserImageRequest" not in down.got
        request: UserImageRequestFrame = up.frames[-1]
        return request

    asked = run(main())
    assert (asked.user_id, asked.function_name, asked.tool_call_id) == ("user", "look", "1")
    assert (asked.context, asked.video_source) == ("Look", "camera")
    assert asked.result_callback is None


@pytest.mark.parametrize("in_parallel", [True, False])
@pytest.mark.parametrize("slow", [0.0, 1.0])
def test_the_image_settles_its_call_and_the_model_runs_on_it(
    in_parallel: bool, slow: float
) -> None:
    holding = Passing(slow, (FunctionCallResultFrame,))
    bot = looking(holding, run_in_parallel=in_parallel)
    assert bot.calls_seen(bot.assistant, "1") == ["sStarted", "InProgress", "Result"]
    given = bot.llm.given[1]  # type: ignore[attr-defined]
    assert [message["role"] for message in given] == [
        "user",
        "assistant",
        "assistant",
        "tool",
        "user",
    ]
    assert given[3]["content"] == json.dumps("COMPLETED")
    assert given[4]["content"][0] == {"type": "text", "text": "What is this?"}
    assert given[4]["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")
    assert bot.conversation[-1] == "assistant: Red."
    assert bot.errors == []


def test_an_image_that_never_comes_fails_its_call_within_the_bound() -> None:
    bot = looking(camera=Camera(1000))
    assert json.loads(bot.tool_contents["1"]) == {
        "error": f"function 'look' got no image within {IMAGE_TIMEOUT_SECS} s"
    }


def test_an_image_that_cannot_be_shown_fails_its_call_and_is_seen() -> None:
    bot = looking(camera=Camera(format="YUV"))
    assert "got 'YUV'" in json.loads(bot.tool_contents["1"])["error"]
    assert len(bot.errors) == 1


def test_an_image_that_comes_after_an_interruption_is_ignored_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        bot = looking(interrupt_at=0.1)
    assert bot.tool_contents == {"1": "CANCELLED"}
    assert len(bot.llm.given) == 1  # type: ignore[attr-defined]
    assert [m for m in caplog.messages if "which no open call waits for" in m] == caplog.messages


def test_a_result_that_comes_before_the_image_is_the_answer() -> None:
    async def main() -> tuple[Any, dict[str, str]]:
        llm = LLMService()
        up, _ = await between(llm)

        async def impatient(params: FunctionCallParams) -> None:
            await look(params)
            await params.result_callback("looking")

        llm.register_function("look", impatient)
        await llm.run_function_calls([call("look", "1")])
        await settle()
        request = next(f for f in up.frames if isinstance(f, UserImageRequestFrame))
        await request.result_callback("COMPLETED")
        in_flight = llm.calls_in_flight()
        await llm.cleanup()
        return last_result(up).result, in_flight

    assert run(main()) == ("looking", {})


def test_an_end_does_not_wait_for_the_image() -> None:
    async def main() -> tuple[list[str], float]:
        llm = LLMService()
        up, _ = await between(llm)
        llm.register_function("look", look)
        await llm.run_function_calls([call("look", "1")])
        await settle()
        await llm.queue_frame(EndFrame())
        await settle()
        at = asyncio.get_running_loop().time()
        await llm.cleanup()
        return up.calls, at

    calls, at = run(main())
    assert calls == ["sStarted:1", "InProgress:1", "Cancel:1"]
    assert at < 1


def test_an_image_that_nobody_asked_for_travels_on() -> None:
    async def main() -> list[str]:
        bot = Bot(ScriptedLLM())
        running = asyncio.create_task(bot.task.run())
        await bot.task.queue_frame(UserImageRawFrame(b"abc", (1, 1), "RGB", "user"))
        await settle()
        await bot.task.stop_when_done()
        await running
        return bot.seen(bot.pipeline.sink, UserImageRawFrame)

    assert run(main()) == ["UserImageRaw"]

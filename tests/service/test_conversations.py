"""Whole conversations: what the model is given, and when."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from llm_sim.frames import (
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMMessagesAppendFrame,
    TextFrame,
    TranscriptionFrame,
)
from llm_sim.service import FunctionCallParams, OpenAILLMContext
from tests.service.bot import Bot, Passing, ScriptedLLM, call, said, settle
from tests.service.stepping import run


def bot_with(turns: list[list[Any]], *between: Passing, secs: float = 1.0, **llm: Any) -> Bot:
    service = ScriptedLLM(turns, **llm)

    async def work(params: FunctionCallParams) -> None:
        await asyncio.sleep(secs)
        await params.result_callback("done")

    service.register_function("f", work)
    service.register_function("keep", work, cancel_on_interruption=False)
    return Bot(service, *between)


def converse(make: Any, *said: tuple[float, Any]) -> Bot:
    """Play what is queued at which second; end at rest."""

    async def main() -> Bot:
        bot: Bot = make()
        running = asyncio.create_task(bot.task.run())
        loop = asyncio.get_running_loop()
        for at, frame in said:
            await asyncio.sleep(at - loop.time())
            await bot.task.queue_frame(frame)
        await asyncio.sleep(20)
        await bot.task.stop_when_done()
        await running
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return bot

    return run(main())


def given(bot: Bot) -> list[list[str]]:
    llm = bot.llm
    assert isinstance(llm, ScriptedLLM)
    return [[said(message) for message in messages] for messages in llm.given]


def test_what_the_user_says_while_a_call_runs_on_waits_for_the_call() -> None:
    bot = converse(
        lambda: bot_with([[[call("keep", "1")]], ["Both."]]),
        (0.0, TranscriptionFrame(text="Do it.")),
        (0.5, InterruptionFrame()),
        (0.5, TranscriptionFrame(text="And that.")),
    )
    assert given(bot) == [
        ["user: Do it."],
        ["user: Do it.", "calls 1", '1: "done"', "user: And that."],
    ]
    assert bot.conversation[-1] == "assistant: Both."


def test_what_the_user_says_after_an_interruption_is_answered_once_the_call_is_cancelled() -> None:
    bot = converse(
        lambda: bot_with([[[call("f", "1")]], ["Fine."]]),
        (0.0, TranscriptionFrame(text="Do it.")),
        (0.5, InterruptionFrame()),
        (0.5, TranscriptionFrame(text="Stop.")),
    )
    assert given(bot)[1:] == [["user: Do it.", "calls 1", "1: CANCELLED", "user: Stop."]]


def test_an_interruption_drops_a_run_that_was_put_off() -> None:
    bot = converse(
        lambda: bot_with([[[call("f", "1")]], ["Fine."]]),
        (0.0, TranscriptionFrame(text="Do it.")),
        (0.4, LLMMessagesAppendFrame([{"role": "user", "content": "Also."}], run_llm=True)),
        (0.5, InterruptionFrame()),
    )
    assert given(bot) == [["user: Do it."]]


def test_text_that_speech_still_holds_is_in_the_context_of_the_run_after_a_fast_call() -> None:
    bot = converse(
        lambda: bot_with(
            [["Let me see. ", [call("f", "1")]], ["Done."]],
            Passing(0.3, (TextFrame,)),
            secs=0.0,
        ),
        (0.0, TranscriptionFrame(text="Do it.")),
    )
    assert given(bot)[1] == ["user: Do it.", "assistant: Let me see. ", "calls 1", '1: "done"']


def test_a_cancel_never_overtakes_the_in_progress_frame_it_cancels() -> None:
    bot = converse(
        lambda: bot_with([[[call("f", "1")]]], Passing(0.25, (FunctionCallInProgressFrame,))),
        (0.0, TranscriptionFrame(text="Do it.")),
        (0.03, InterruptionFrame()),
    )
    assert bot.calls_seen(bot.assistant, "1") == ["sStarted", "InProgress", "Cancel"]
    assert bot.tool_contents == {"1": "CANCELLED"}


@pytest.mark.parametrize("in_parallel", [True, False])
def test_the_model_runs_once_for_a_batch_of_three(in_parallel: bool) -> None:
    bot = converse(
        lambda: bot_with(
            [[[call("f", "1"), call("f", "2"), call("f", "3")]]], run_in_parallel=in_parallel
        ),
        (0.0, TranscriptionFrame(text="Do it.")),
    )
    assert len(given(bot)) == 2
    assert bot.seen(bot.assistant, LLMContextFrame) == []
    assert [line for line in given(bot)[1] if '"done"' in line] == [
        '1: "done"',
        '2: "done"',
        '3: "done"',
    ]


def test_two_batches_in_one_response_are_followed_by_one_run() -> None:
    bot = converse(
        lambda: bot_with([[[call("keep", "1")], [call("f", "2")]]]),
        (0.0, TranscriptionFrame(text="Do it.")),
    )
    assert len(given(bot)) == 2
    assert bot.tool_contents == {"1": '"done"', "2": '"done"'}


def test_a_slow_processor_may_hold_the_result_of_an_id_that_is_used_again() -> None:
    bot = converse(
        lambda: bot_with(
            [[[call("f", "1")]], [[call("f", "1")]], ["Done."]],
            Passing(0.5, (FunctionCallResultFrame,)),
            secs=0.1,
        ),
        (0.0, LLMMessagesAppendFrame([], run_llm=True)),
        (0.3, LLMContextFrame(OpenAILLMContext())),
    )
    assert bot.conversation == ["calls 1", '1: "done"', "calls 1", '1: "done"', "assistant: Done."]


def test_the_same_conversation_runs_on_a_stock_loop() -> None:
    async def main() -> Bot:
        bot = bot_with([["Let me see.", [call("f", "1")]], ["Done."]], secs=0.0)
        running = asyncio.create_task(bot.task.run())
        await bot.task.queue_frame(TranscriptionFrame(text="Do it."))
        await settle()
        await bot.task.stop_when_done()
        await running
        return bot

    assert asyncio.run(main()).conversation == [
        "user: Do it.",
        "assistant: Let me see.",
        "calls 1",
        '1: "done"',
        "assistant: Done.",
    ]

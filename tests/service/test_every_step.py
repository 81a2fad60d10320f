"""An interruption, an end and a cancel after every step: the laws hold wherever it lands."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from llm_sim.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    FunctionCallResultFrame,
    FunctionCallResultProperties,
    InterruptionFrame,
    LLMContextFrame,
    TextFrame,
    TranscriptionFrame,
)
from llm_sim.service import FunctionCallParams, LLMService, OngoingCall
from tests.service.bot import DOWN, Bot, Camera, Passing, ScriptedLLM, call, settle
from tests.service.stepping import StepLoop, run

UPDATE = FunctionCallResultProperties(is_final=False)
LIVES = [
    ["sStarted", "InProgress", "Result"],
    ["sStarted", "InProgress", "Cancel"],
    ["sStarted", "Cancel"],
]
LIVES_OF_KEEP = [
    ["sStarted", "InProgress", "Update", "Result"],
    ["sStarted", "InProgress", "Update", "Cancel"],
]
Landing = tuple[Callable[[], Frame], int]


def a_bot(
    in_parallel: bool, slow_tts: bool, trouble: list[str], service: type[ScriptedLLM] = ScriptedLLM
) -> Bot:
    llm = service(
        [
            [
                "Let me ",
                "see. ",
                [call(name) for name in ("quick", "keep", "nope", "look", "stuck")],
            ],
            ["Done."],
        ],
        run_in_parallel=in_parallel,
    )
    running: list[str] = []

    async def work(params: FunctionCallParams) -> None:
        if not in_parallel and running:
            trouble.append(f"{params.function_name} runs beside {running}")
        running.append(params.function_name)
        try:
            await asyncio.sleep(0.02)
            if params.function_name == "keep":
                await params.result_callback({"so far": 2}, properties=UPDATE)
            await asyncio.sleep(0.01)
            await params.result_callback([])
        except asyncio.CancelledError:
            trouble.append(f"cancelled {params.tool_call_id}")
            raise
        finally:
            await asyncio.sleep(0.01)
            running.remove(params.function_name)

    async def look(params: FunctionCallParams) -> None:
        await llm.request_image_frame("user", tool_call_id=params.tool_call_id)

    async def begin(name: str, llm: LLMService, context: Any) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.005)

    llm.register_function("quick", work)
    llm.register_function("look", look)
    with pytest.warns(DeprecationWarning, match="start_callback"):
        llm.register_function("keep", work, begin, cancel_on_interruption=False)
    with pytest.warns(DeprecationWarning, match="start_callback"):
        llm.register_function("stuck", work, begin, timeout_secs=0.02)
    slow = (TextFrame,) if slow_tts else ()
    return Bot(llm, Passing(0.1, slow), Passing(), before=[Camera(0.01)])


async def converse(bot: Bot, disturb: Callable[[Bot], None]) -> int:
    running = asyncio.create_task(bot.task.run())
    disturb(bot)
    await bot.task.queue_frame(TranscriptionFrame(text="Hello?"))
    await asyncio.sleep(5)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, StepLoop)
    steps = loop.steps.done
    loop.steps.at.clear()
    await asyncio.sleep(5)
    bot.ended_early = bot.task.has_finished()
    if not bot.ended_early:
        runs = bot.llm.given  # type: ignore[attr-defined]
        said = [message for message in bot.context.messages if message["role"] == "user"]
        assert all(message in runs[-1] for message in said)
        bot.llm.turns = [["Still here. ", [call("quick", "probe")]]]  # type: ignore[attr-defined]
        await bot.task.queue_frame(TranscriptionFrame(text="And now?"))
        await asyncio.sleep(5)
        assert bot.tool_contents["probe"] == "[]"
        await bot.task.stop_when_done()
    await running
    await settle()
    return steps


def check(bot: Bot, trouble: list[str]) -> None:
    row = bot.pipeline.processors
    left, right = bot.user, row[row.index(bot.llm) + 1]
    started = {
        c.tool_call_id: c.function_name
        for _, d, f in bot.pushed
        if d is DOWN and type(f).__name__ == "FunctionCallsStartedFrame"
        for c in f.function_calls  # type: ignore[attr-defined]
    }
    for tool_call_id in started:
        for neighbour in (left, right):
            told = bot.calls_seen(neighbour, tool_call_id)
            assert told in LIVES + (LIVES_OF_KEEP if tool_call_id == "keep" else [])
    assert bot.llm.calls_in_flight() == {}
    assert bot.assistant.calls_open() == {}
    assert "IN_PROGRESS" not in bot.tool_contents.values()
    assert not [word for word in trouble if "beside" in word]
    cancelled = [word for word in trouble if word.startswith("cancelled")]
    assert len(set(cancelled)) == len(cancelled)
    check_runs(bot)
    check_context(bot)


def check_runs(bot: Bot) -> None:
    runs = bot.llm.given  # type: ignore[attr-defined]
    for given in runs:
        assert "IN_PROGRESS" not in [message.get("content") for message in given]
    said = [message for message in bot.context.messages if message["role"] == "user"]
    if not bot.ended_early and said:
        assert all(message in runs[-1] for message in said)


def check_context(bot: Bot) -> None:
    ids = [m["tool_call_id"] for m in bot.context.messages if m["role"] == "tool"]
    assert len(set(ids)) == len(ids)
    for before, message in zip(bot.context.messages, bot.context.messages[1:], strict=False):
        if message["role"] == "tool":
            assert before["tool_calls"][0]["id"] == message["tool_call_id"]


def land(
    in_parallel: bool,
    slow_tts: bool,
    *landings: Landing,
    service: type[ScriptedLLM] = ScriptedLLM,
) -> int:
    """Run the conversation with frames that land after a step; return the number of steps."""
    loop = StepLoop()

    def inject(bot: Bot, frame: Frame) -> None:
        loop.create_task(bot.task.queue_frame(frame))
        if isinstance(frame, InterruptionFrame):
            loop.create_task(bot.task.queue_frame(TranscriptionFrame(text="Wait!")))

    trouble: list[str] = []
    made: list[Bot] = []
    steps: list[int] = []

    async def main() -> set[str]:
        bot = a_bot(in_parallel, slow_tts, trouble, service)
        made.append(bot)

        def disturb(bot: Bot) -> None:
            for frame, step in landings:
                at = loop.steps.done + step
                loop.steps.at[at] = partial(loop.call_soon, inject, bot, frame())

        steps.append(await converse(bot, disturb))
        left = asyncio.all_tasks() - {asyncio.current_task()}
        return {task.get_name() for task in left}

    assert run(main(), loop) == set()
    check(made[0], trouble)
    return steps[0]


MODES = [pytest.param(True, id="parallel"), pytest.param(False, id="sequential")]
SPEECH = [pytest.param(False, id="fast speech"), pytest.param(True, id="slow speech")]
FRAMES = [InterruptionFrame, EndFrame, pytest.param(CancelFrame, marks=pytest.mark.slow)]


def sweep(in_parallel: bool, slow_tts: bool, *landings: Landing) -> None:
    try:
        land(in_parallel, slow_tts, *landings)
    except BaseException as error:
        error.add_note(", ".join(f"{frame().name} after step {step}" for frame, step in landings))
        raise


@pytest.mark.parametrize("in_parallel", MODES)
@pytest.mark.parametrize("slow_tts", SPEECH)
@pytest.mark.parametrize("frame", FRAMES)
def test_the_laws_hold_wherever_it_lands(in_parallel: bool, slow_tts: bool, frame: Any) -> None:
    for step in range(1, land(in_parallel, slow_tts)):
        sweep(in_parallel, slow_tts, (frame, step))


@pytest.mark.slow
@pytest.mark.parametrize("in_parallel", MODES)
@pytest.mark.parametrize("slow_tts", SPEECH)
@pytest.mark.parametrize("second", FRAMES)
@pytest.mark.parametrize("first", [InterruptionFrame, EndFrame])
def test_the_laws_hold_wherever_two_land(
    in_parallel: bool, slow_tts: bool, first: Any, second: Any
) -> None:
    steps = land(in_parallel, slow_tts)
    for step in range(1, steps, 3):
        for later in range(1, 40, 7):
            sweep(in_parallel, slow_tts, (first, step), (second, step + later))


class SettlesTwice(ScriptedLLM):
    """Forgets that a call is settled once."""

    def _settle(self, call: OngoingCall) -> bool:
        self._calls.pop(call.tool_call_id, None)
        return True


def test_a_service_that_settles_twice_is_noticed() -> None:
    with pytest.raises(AssertionError):
        land(True, False, service=SettlesTwice)


def test_the_undisturbed_conversation_runs_the_model_once_for_the_batch() -> None:
    for in_parallel in (True, False):
        trouble: list[str] = []
        bots: list[Bot] = []

        async def main(
            in_parallel: bool = in_parallel, trouble: list[str] = trouble, bots: list[Bot] = bots
        ) -> None:
            bot = a_bot(in_parallel, True, trouble)
            bots.append(bot)
            running = asyncio.create_task(bot.task.run())
            await bot.task.queue_frame(TranscriptionFrame(text="Hello?"))
            await asyncio.sleep(2)
            await settle()
            await bot.task.stop_when_done()
            await running

        run(main())
        bot = bots[0]
        assert bot.seen(bot.llm, LLMContextFrame) == ["LLMContext", "LLMContext"]
        results = bot.seen(bot.user, FunctionCallResultFrame)
        assert sorted(results) == [
            "Result:keep",
            "Result:look",
            "Result:nope",
            "Result:quick",
            "Result:stuck",
            "Update:keep",
        ]
        assert bot.conversation[0:2] == ["user: Hello?", "assistant: Let me see. "]
        assert bot.conversation[-1] == "assistant: Done."

"""Conversations drawn by a seed: everything a call can do, at once, in any order.

The sweep lands one or two frames in one conversation. Here the calls, their ids, the slow
processor, the interruptions and the pauses differ from seed to seed, and ids are used again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from llm_sim.frames import (
    Frame,
    FrameProcessorPauseFrame,
    FrameProcessorPauseUrgentFrame,
    FrameProcessorResumeUrgentFrame,
    FunctionCallCancelFrame,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallResultProperties,
    FunctionCallsStartedFrame,
    InterruptionFrame,
    TextFrame,
    TranscriptionFrame,
)
from llm_sim.service import FunctionCallParams
from tests.service.bot import Bot, Camera, Passing, ScriptedLLM, call, settle, told
from tests.service.stepping import StepLoop, run

IDS = ["1", "2", "3", "4"]
HELD = [TextFrame, FunctionCallInProgressFrame, FunctionCallResultFrame]
AFTER: dict[type[Frame], tuple[str, tuple[str, ...]]] = {
    FunctionCallInProgressFrame: ("in progress", ("started",)),
    FunctionCallResultFrame: ("settled", ("in progress",)),
    FunctionCallCancelFrame: ("settled", ("started", "in progress")),
}
UPDATED = ("in progress", ("in progress",))


class Handlers:
    """What tools do, well and badly."""

    def __init__(self, random: Random) -> None:
        self.random = random

    async def answers(self, params: FunctionCallParams) -> None:
        await asyncio.sleep(self.random.choice([0, 0.01, 0.05]))
        await params.result_callback([])

    async def tells(self, params: FunctionCallParams) -> None:
        for so_far in range(self.random.randint(1, 3)):
            await asyncio.sleep(self.random.choice([0, 0.01, 0.05]))
            await params.result_callback(so_far, properties=self.update())
        if self.random.random() < 0.8:
            await params.result_callback([])
        await params.result_callback("late", properties=self.update())

    def update(self) -> FunctionCallResultProperties:
        run_llm = self.random.choice([None, False, True])
        return FunctionCallResultProperties(run_llm=run_llm, is_final=False)

    async def lingers(self, params: FunctionCallParams) -> None:
        await params.result_callback(0)
        await asyncio.sleep(self.random.choice([0.1, 30]))

    async def looks(self, params: FunctionCallParams) -> None:
        await params.llm.request_image_frame("user", tool_call_id=params.tool_call_id)

    async def raises(self, params: FunctionCallParams) -> None:
        raise ValueError

    async def forgets(self, params: FunctionCallParams) -> None:
        await asyncio.sleep(0.01)

    async def swallows(self, params: FunctionCallParams) -> None:
        for _ in range(3):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.2)
        await params.result_callback(1)

    async def begins(self, name: str, llm: Any, context: Any) -> None:
        try:
            await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            if self.random.random() < 0.5:
                raise
        if self.random.random() < 0.2:
            raise KeyError(name)

    def register(self, llm: ScriptedLLM) -> list[str]:
        patience = partial(self.random.choice, [None, 0.03, 1])
        for handler in (self.answers, self.lingers, self.looks, self.raises, self.forgets):
            llm.register_function(handler.__name__, handler, timeout_secs=patience())
        llm.register_function("swallows", self.swallows, timeout_secs=patience())
        llm.register_function("keeps", self.answers, cancel_on_interruption=False)
        llm.register_function("dropped", self.tells, timeout_secs=patience())
        llm.register_function(
            "tells", self.tells, cancel_on_interruption=False, timeout_secs=patience()
        )
        with pytest.warns(DeprecationWarning, match="start_callback"):
            llm.register_function("begins", self.answers, self.begins, timeout_secs=patience())
        return [*(name for name in llm._functions if name), "unknown"]


def drawn(random: Random) -> tuple[Bot, Passing]:
    """A bot whose model calls what it likes, with few ids, and whose last turn is text."""
    llm = ScriptedLLM(run_in_parallel=random.random() < 0.5, name="llm", cancel_timeout_secs=0.3)
    names = Handlers(random).register(llm)

    def batch() -> Any:
        return [call(random.choice(names), one) for one in random.sample(IDS, random.randint(1, 3))]

    llm.turns = [["Let me ", batch()], [batch()], ["see ", batch(), "now"], ["Done."]]
    slow = Passing(random.choice([0, 0.05, 0.4]), (random.choice(HELD),))
    camera = Camera(random.choice([0, 0.05, 50]))
    return Bot(llm, slow, Passing(), before=[camera]), slow


def disturb(bot: Bot, slow: Passing, random: Random, loop: StepLoop) -> None:
    frames: list[Callable[[], Frame]] = [
        InterruptionFrame,
        partial(TranscriptionFrame, text="More."),
        partial(FrameProcessorPauseFrame, processor=slow),
        partial(FrameProcessorPauseUrgentFrame, processor=slow),
        partial(FrameProcessorResumeUrgentFrame, processor=slow),
    ]

    def land(frame: Frame) -> None:
        loop.create_task(bot.task.queue_frame(frame))

    for _ in range(random.randint(0, 4)):
        frame, step = random.choice(frames)(), loop.steps.done + random.randint(1, 250)
        loop.steps.at[step] = partial(loop.call_soon, land, frame)


async def converse(random: Random, loop: StepLoop) -> Bot:
    bot, slow = drawn(random)
    running = asyncio.create_task(bot.task.run())
    disturb(bot, slow, random, loop)
    await bot.task.queue_frame(TranscriptionFrame(text="Hello?"))
    await asyncio.sleep(100)
    loop.steps.at.clear()
    await asyncio.sleep(1)
    for _ in range(4):  # Each resume may set a pause frame free that waited behind another.
        await slow.resume_processing_frames()
        await asyncio.sleep(100)
    bot.llm.turns = [[[call("keeps", "probe")]], ["Still here."]]  # type: ignore[attr-defined]
    await bot.task.queue_frame(TranscriptionFrame(text="And now?"))
    await asyncio.sleep(100)
    assert bot.tool_contents["probe"] == "[]"
    assert (bot.llm.calls_in_flight(), bot.assistant.calls_open()) == ({}, {})
    await (bot.task.stop_when_done() if random.random() < 0.5 else bot.task.cancel())
    await running
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return bot


def check_lives(bot: Bot, neighbour: str) -> None:
    """Each call of an id begins when the one before it is settled, and is settled once."""
    state: dict[str, str] = {}
    for name, _, frame in bot.pushed:
        if name != neighbour:
            continue
        if isinstance(frame, FunctionCallsStartedFrame):
            for one in frame.function_calls:
                assert state.get(one.tool_call_id, "settled") == "settled"
                state[one.tool_call_id] = "started"
        elif type(frame) in AFTER:
            tool_call_id = frame.tool_call_id  # type: ignore[attr-defined]
            is_update = told(frame).startswith("Update")
            then, before = UPDATED if is_update else AFTER[type(frame)]
            assert state[tool_call_id] in before
            state[tool_call_id] = then
    assert set(state.values()) == {"settled"}


def check_context(bot: Bot) -> None:
    messages = bot.context.messages
    for before, message in pairwise(messages):
        if message["role"] == "tool":
            assert before["tool_calls"][0]["id"] == message["tool_call_id"]
    for given in [messages, *bot.llm.given]:  # type: ignore[attr-defined]
        assert "IN_PROGRESS" not in [message.get("content") for message in given]


@pytest.mark.parametrize("block", range(10))
def test_the_laws_hold_in_conversations_drawn_by_a_seed(block: int) -> None:
    for seed in range(block * 30, block * 30 + 30):
        loop = StepLoop()
        try:
            bot = run(converse(Random(seed), loop), loop)
            row = bot.pipeline.processors
            check_lives(bot, bot.user.name)
            check_lives(bot, row[row.index(bot.llm) + 1].name)
            check_context(bot)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise

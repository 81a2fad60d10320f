"""A paused processor holds its frames, and is still interrupted and ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from llm_sim.frames import (
    BotStartedSpeakingFrame,
    CancelFrame,
    EndFrame,
    Frame,
    FrameProcessorPauseFrame,
    FrameProcessorPauseUrgentFrame,
    FrameProcessorResumeFrame,
    FrameProcessorResumeUrgentFrame,
    InterruptionFrame,
    TextFrame,
    UserStartedSpeakingFrame,
)
from llm_sim.service import FrameProcessor, Pipeline, PipelineTask
from tests.service.bot import UP, Passing, settle
from tests.service.stepping import run
from tests.service.test_pipeline_task import Last
from tests.service.test_processor import result, row

Script = Callable[[Passing], Any]


def text(said: str) -> TextFrame:
    return TextFrame(text=said)


def heard(*frames: Frame | Script) -> list[list[str]]:
    """What came through after each frame or action."""

    async def main() -> list[list[str]]:
        it = Passing(name="it")
        _, behind = await row(it)
        told = []
        for frame in frames:
            behind.got.clear()
            await (it.queue_frame(frame) if isinstance(frame, Frame) else frame(it))
            await settle()
            told.append(list(behind.got))
        await it.cleanup()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return told

    return run(main())


def pause(it: Passing) -> Any:
    return it.pause_processing_frames()


def resume(it: Passing) -> Any:
    return it.resume_processing_frames()


def pause_system(it: Passing) -> Any:
    return it.pause_processing_system_frames()


def resume_system(it: Passing) -> Any:
    return it.resume_processing_system_frames()


def by(frame_class: Any) -> Script:
    return lambda it: it.queue_frame(frame_class(processor=it))


def test_paused_frames_wait_in_order_and_system_frames_pass() -> None:
    told = heard(pause, text("a"), text("b"), UserStartedSpeakingFrame(), resume)
    assert told == [[], [], [], ["UserStartedSpeaking"], ["a", "b"]]


def test_a_processor_can_pause_itself_while_it_processes_a_frame() -> None:
    class Once(FrameProcessor):
        async def process_frame(self, frame: Frame, direction: Any) -> None:
            await super().process_frame(frame, direction)
            await self.push_frame(frame, direction)
            if isinstance(frame, TextFrame):
                await self.pause_processing_frames()

    async def main() -> list[str]:
        once = Once()
        _, behind = await row(once)
        for said in ("a", "b"):
            await once.queue_frame(text(said))
        await settle()
        first = list(behind.got)
        await once.resume_processing_frames()
        await settle()
        await once.cleanup()
        return [*first, "resumed", *behind.got[len(first) :]]

    assert run(main()) == ["a", "resumed", "b"]


def test_paused_system_frames_wait_and_the_data_frames_behind_them() -> None:
    told = heard(
        pause_system, text("a"), UserStartedSpeakingFrame(), text("b"), InterruptionFrame()
    )
    assert told == [[], ["a"], [], [], []]
    told = heard(pause_system, UserStartedSpeakingFrame(), text("b"), resume_system)
    assert told[-1] == ["UserStartedSpeaking", "b"]


@pytest.mark.parametrize(
    ("paused_by", "resumed_by"),
    [
        (FrameProcessorPauseFrame, FrameProcessorResumeFrame),
        (FrameProcessorPauseFrame, FrameProcessorResumeUrgentFrame),
        (FrameProcessorPauseUrgentFrame, FrameProcessorResumeFrame),
        (FrameProcessorPauseUrgentFrame, FrameProcessorResumeUrgentFrame),
    ],
)
def test_frames_pause_and_resume_the_processor_they_name(paused_by: Any, resumed_by: Any) -> None:
    told = heard(by(paused_by), text("a"), by(resumed_by))
    assert told[0] == [paused_by.__name__[:-5]]
    assert told[1] == []
    assert sorted(told[2]) == sorted([resumed_by.__name__[:-5], "a"])


def test_a_pause_frame_for_another_processor_passes() -> None:
    other = FrameProcessor()
    for frame_class in (FrameProcessorPauseFrame, FrameProcessorPauseUrgentFrame):
        told = heard(frame_class(processor=other), text("a"))
        assert told == [[frame_class.__name__[:-5]], ["a"]]
    assert heard(pause, FrameProcessorResumeFrame(processor=other), text("a"))[-1] == []


def test_a_pause_frame_lets_what_was_queued_before_it_through() -> None:
    async def main() -> list[str]:
        it = Passing(0.1, (TextFrame,))
        _, behind = await row(it)
        frames: list[Frame] = [text("a"), FrameProcessorPauseFrame(processor=it), text("b")]
        for frame in frames:
            await it.queue_frame(frame)
        await asyncio.sleep(5)
        await it.cleanup()
        return behind.got

    assert run(main()) == ["a", "FrameProcessorPause"]


def test_an_interruption_resets_the_pause_and_drops_what_it_may() -> None:
    told = heard(pause, text("old"), result(), InterruptionFrame(), text("new"))
    assert told[-2:] == [["Interruption", "FunctionCallResult"], ["new"]]


def test_an_end_frame_waits_for_the_resume() -> None:
    assert heard(pause, EndFrame(), resume) == [[], [], ["End"]]


@pytest.mark.parametrize("how", [pause, pause_system])
def test_a_cancel_frame_ends_a_paused_processor(how: Script) -> None:
    assert heard(how, text("a"), CancelFrame())[-1][-1] == "Cancel"


def test_system_frames_that_were_held_come_before_the_cancel_that_frees_them() -> None:
    told = heard(pause_system, UserStartedSpeakingFrame(), BotStartedSpeakingFrame(), CancelFrame())
    assert told[-1] == ["UserStartedSpeaking", "BotStartedSpeaking", "Cancel"]


@pytest.mark.parametrize("how", [pause, pause_system])
def test_a_pipeline_with_a_paused_processor_can_be_cancelled(how: Script) -> None:
    async def main() -> list[str]:
        paused, last = Passing(), Last()
        task = PipelineTask(Pipeline([Passing(), paused, last]))
        running = asyncio.create_task(task.run())
        await settle()
        await how(paused)
        await task.queue_frame(text("a"))
        await settle()
        await last.push_frame(CancelFrame(), UP)
        await running
        return last.got

    assert run(main())[-1] == "Cancel"

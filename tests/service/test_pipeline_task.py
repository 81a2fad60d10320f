"""A pipeline from its start to its last task."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from llm_sim.errors import UsageError
from llm_sim.frames import (
    CancelFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    FrameDirection,
    StartFrame,
    TextFrame,
)
from llm_sim.service import FrameProcessor, Pipeline, PipelineRunner, PipelineTask
from tests.service.bot import UP, Passing, settle
from tests.service.stepping import run
from tests.service.test_processor import word


class Last(Passing):
    """Keep what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[str] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        self.got.append(word(frame))
        await super().process_frame(frame, direction)


def in_a_row(*processors: FrameProcessor) -> tuple[PipelineTask, Last]:
    last = Last()
    return PipelineTask(Pipeline([*processors, last])), last


def play(task: PipelineTask, script: Any) -> None:
    async def main() -> None:
        running = asyncio.create_task(PipelineRunner().run(task))
        await settle()
        await script()
        await running
        assert task.has_finished()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


def test_an_end_frame_comes_after_what_was_queued_before_it() -> None:
    task, last = in_a_row(Passing(0.1, (TextFrame,)))

    async def script() -> None:
        assert not task.has_finished()
        await task.queue_frames([TextFrame(text="a"), TextFrame(text="b")])
        await task.stop_when_done()
        await task.queue_frame(TextFrame(text="late"))

    play(task, script)
    assert last.got == ["Start", "a", "b", "End"]


def test_a_cancel_drops_what_is_queued_and_overtakes_a_waiting_end() -> None:
    task, last = in_a_row(Passing(), Passing(10.0, (TextFrame,)))

    async def script() -> None:
        await task.queue_frames([TextFrame(text="a"), EndFrame()])
        await settle()
        await task.cancel(reason="enough")

    play(task, script)
    assert last.got == ["Start", "Cancel"]


def test_frames_can_come_from_an_async_iterator() -> None:
    task, last = in_a_row()

    async def words() -> AsyncIterator[Frame]:
        yield TextFrame(text="a")
        yield EndFrame()

    async def script() -> None:
        await task.queue_frames(words())

    play(task, script)
    assert last.got == ["Start", "a", "End"]


def test_a_cancel_that_never_arrives_is_cleaned_up_within_the_bound() -> None:
    class Keeps(FrameProcessor):
        async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
            if isinstance(frame, StartFrame):
                await self.push_frame(frame, direction)

    last = Last()
    task = PipelineTask(Pipeline([Keeps(), last]), cancel_timeout_secs=3.0)

    async def script() -> None:
        before = asyncio.get_running_loop().time()
        await task.cancel()
        for _ in range(100):
            if task.has_finished():
                break
            await asyncio.sleep(0.1)
        assert asyncio.get_running_loop().time() - before == pytest.approx(3.1, abs=0.2)

    play(task, script)
    assert last.got == ["Start"]


def test_requests_to_end_that_travel_upstream_are_answered_from_the_source() -> None:
    for frame, told in ((EndFrame(), "End"), (CancelFrame(), "Cancel")):
        middle = Passing()
        task, last = in_a_row(Passing(), middle)

        async def script(middle: Passing = middle, frame: Frame = frame) -> None:
            await middle.push_frame(frame, UP)

        play(task, script)
        assert last.got == ["Start", told]


def test_a_fatal_error_cancels_and_every_error_is_told() -> None:
    middle = Passing()
    task, last = in_a_row(middle)
    told: list[str] = []

    @task.event_handler("on_pipeline_error")
    def error(_: PipelineTask, frame: ErrorFrame) -> None:
        told.append(frame.error)

    async def script() -> None:
        await middle.push_error("bad")
        await settle()
        assert not task.has_finished()
        await middle.push_error("worse", fatal=True)

    play(task, script)
    assert told == ["bad", "worse"]
    assert last.got == ["Start", "Cancel"]


def test_the_events_of_a_run_come_in_order() -> None:
    task, _ = in_a_row()
    told: list[str] = []

    @task.event_handler("on_pipeline_started")
    async def started(_: PipelineTask) -> None:
        told.append("started")

    @task.event_handler("on_pipeline_finished")
    async def finished(_: PipelineTask, frame: Frame) -> None:
        await asyncio.sleep(0.1)
        told.append(f"finished by {word(frame)}")

    play(task, task.stop_when_done)
    assert told == ["started", "finished by End"]


def test_cancelling_the_task_that_runs_it_cleans_up() -> None:
    task, _ = in_a_row(Passing(10.0, (TextFrame,)))

    async def main() -> None:
        running = asyncio.create_task(task.run())
        await task.queue_frame(TextFrame(text="a"))
        await settle()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert task.has_finished()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


def test_a_task_runs_once() -> None:
    task, _ = in_a_row()

    async def script() -> None:
        with pytest.raises(UsageError, match="runs once"):
            await task.run()
        await task.stop_when_done()

    play(task, script)


def test_pipelines_nest() -> None:
    inner_last = Last()
    first = Last()
    task, last = in_a_row(first, Pipeline([Passing(), inner_last]), Passing())

    async def script() -> None:
        await task.queue_frame(TextFrame(text="a"))
        await settle()
        await task.queue_frame(TextFrame(text="b"), UP)
        await settle()
        await task.stop_when_done()

    play(task, script)
    assert inner_last.got == ["Start", "a", "b", "End"]
    assert first.got == ["Start", "a", "b", "End"]
    assert last.got == ["Start", "a", "b", "End"]


def test_the_runner_ends_what_it_runs() -> None:
    for how in ("stop_when_done", "cancel"):

        async def main(how: str = how) -> list[str]:
            runner = PipelineRunner()
            task, last = in_a_row()
            running = asyncio.create_task(runner.run(task))
            await settle()
            await getattr(runner, how)()
            await running
            return last.got

        assert run(main()) == ["Start", "End" if how == "stop_when_done" else "Cancel"]

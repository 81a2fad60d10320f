"""One run of a pipeline, from its start frame to the last task cleaned up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Iterable
from typing import Any

from llm_sim.errors import UsageError
from llm_sim.frames import (
    CancelFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    FrameDirection,
    StartFrame,
)
from llm_sim.service._event_handlers import EventSource
from llm_sim.service._pipeline import Pipeline
from llm_sim.service._processor import FrameProcessorSetup, numbered
from llm_sim.service._task_owner import still_running

PIPELINE_CANCEL_TIMEOUT_SECS = 20.0
"""How long a cancel frame may take to reach the sink before the pipeline is cleaned up anyway."""

_DOWNSTREAM = FrameDirection.DOWNSTREAM


class PipelineTask(EventSource):
    """Run a pipeline.

    Args:
        pipeline: The pipeline.
        name: For log lines.
        cancel_timeout_secs: How long a cancel frame may take to reach the sink.

    Event handlers:
        on_pipeline_started: The start frame has reached the sink.
        on_pipeline_error: An error frame, the argument, has reached the source.
        on_pipeline_finished: The end or cancel frame, the argument, has reached the sink and every
            processor is cleaned up.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        name: str | None = None,
        cancel_timeout_secs: float = PIPELINE_CANCEL_TIMEOUT_SECS,
    ) -> None:
        super().__init__(name or numbered(type(self)), cancel_timeout_secs)
        self._pipeline = pipeline
        pipeline.source.exit = self._at_source
        pipeline.sink.exit = self._at_sink
        self._over = asyncio.Event()
        self._running = False
        self._finished = False
        self._last: Frame | None = None
        self._bound: asyncio.TimerHandle | None = None
        for event in ("on_pipeline_started", "on_pipeline_error", "on_pipeline_finished"):
            self._register_event_handler(event)

    @property
    def pipeline(self) -> Pipeline:
        """Return the pipeline."""
        return self._pipeline

    def has_finished(self) -> bool:
        """Return whether the pipeline has ended and everything is cleaned up."""
        return self._finished

    async def queue_frame(self, frame: Frame, direction: FrameDirection = _DOWNSTREAM) -> None:
        """Queue a frame at the source, or, upstream, at the sink.

        Args:
            frame: The frame.
            direction: Where it travels.
        """
        if self._over.is_set():
            return
        if isinstance(frame, CancelFrame) and direction is _DOWNSTREAM and self._bound is None:
            # The cancel frame has to pass every processor. One that holds it up must not hold up
            # the cleanup as well.
            loop = asyncio.get_running_loop()
            self._bound = loop.call_later(self._cancel_timeout_secs, self._over.set)
        await self._pipeline.queue_frame(frame, direction)

    async def queue_frames(self, frames: Iterable[Frame] | AsyncIterable[Frame]) -> None:
        """Queue frames at the source, in order.

        Args:
            frames: The frames.
        """
        if isinstance(frames, AsyncIterable):
            async for frame in frames:
                await self.queue_frame(frame)
        else:
            for frame in frames:
                await self.queue_frame(frame)

    async def stop_when_done(self) -> None:
        """Queue an end frame: what was queued before it is still processed."""
        await self.queue_frame(EndFrame())

    async def cancel(self, *, reason: Any = None) -> None:
        """Queue a cancel frame, which drops what is queued.

        Args:
            reason: Why, for people.
        """
        await self.queue_frame(CancelFrame(reason=reason))

    async def run(self) -> None:
        """Start the pipeline, wait for its end, and clean up.

        Cancelling the task that runs this cleans up all the same.

        Raises:
            UsageError: The task has been run before.
        """
        if self._running:
            raise UsageError(f"{self} has been run before; a pipeline task runs once")
        self._running = True
        try:
            await self._pipeline.setup(FrameProcessorSetup(task=self))
            await self.queue_frame(StartFrame())
            await self._over.wait()
        finally:
            # Also when the task that runs this is cancelled: nothing may be queued behind the
            # cleanup.
            self._over.set()
            if self._bound is not None:
                self._bound.cancel()
            await self._pipeline.cleanup()
            if self._last is not None:
                await self._call_event_handler("on_pipeline_finished", self._last)
            # An async handler of the last event has just begun, in a task of its own. It gets its
            # time before what is left is cancelled (test_the_events_of_a_run_come_in_order).
            await still_running(list(self._tasks), self._cancel_timeout_secs)
            await self._cancel_all_tasks()
            self._finished = True

    async def _at_source(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, ErrorFrame):
            await self._call_event_handler("on_pipeline_error", frame)
            if frame.fatal:
                await self.cancel(reason=frame.error)
        elif isinstance(frame, EndFrame):
            # Upstream, both are requests: a processor in the middle cannot end what is before it.
            await self.queue_frame(EndFrame(reason=frame.reason))
        elif isinstance(frame, CancelFrame):
            await self.cancel(reason=frame.reason)

    async def _at_sink(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, StartFrame):
            await self._call_event_handler("on_pipeline_started")
        elif isinstance(frame, (EndFrame, CancelFrame)):
            self._last = frame
            self._over.set()


class PipelineRunner:
    """Run pipeline tasks, and end the ones that run.

    Args:
        name: For people.
    """

    def __init__(self, *, name: str | None = None) -> None:
        self.name = name or numbered(type(self))
        self._tasks: dict[str, PipelineTask] = {}

    async def run(self, task: PipelineTask) -> None:
        """Run a task until it has finished.

        Args:
            task: The pipeline task.
        """
        self._tasks[task.name] = task
        try:
            await task.run()
        finally:
            del self._tasks[task.name]

    async def stop_when_done(self) -> None:
        """Ask every running task to end after what is queued."""
        for task in tuple(self._tasks.values()):
            await task.stop_when_done()

    async def cancel(self) -> None:
        """Cancel every running task."""
        for task in tuple(self._tasks.values()):
            await task.cancel()

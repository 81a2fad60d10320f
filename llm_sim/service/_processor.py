"""The frame processor: the unit that a pipeline is made of."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from itertools import count
from typing import Any

from llm_sim.frames import ErrorFrame, Frame, FrameDirection
from llm_sim.service._event_handlers import EventSource
from llm_sim.service._frame_lanes import FrameCallback, Lanes
from llm_sim.service._task_owner import CANCEL_TIMEOUT_SECS

_logger = logging.getLogger(__name__)
_DOWNSTREAM = FrameDirection.DOWNSTREAM
_UPSTREAM = FrameDirection.UPSTREAM
# Of the whole process, as in Pipecat. The numbers are in names only, and the recorder leaves them
# out.
_counts: dict[str, count[int]] = {}


@dataclass(frozen=True, slots=True)
class FrameProcessorSetup:
    """What a processor is told before it is started.

    Parameters:
        task: The pipeline task that runs the processor; None when it is driven by hand.
    """

    task: Any = None


class FrameProcessor(EventSource):
    """Take frames from two neighbours, process them, and push frames to both.

    A subclass overrides `process_frame`, calls the base first and pushes on what it does not keep::

        async def process_frame(self, frame, direction):
            await super().process_frame(frame, direction)
            await self.push_frame(frame, direction)

    Neither `push_frame` nor `queue_frame` suspends: frames that are pushed one after the other,
    with nothing else awaited in between, are pushed together or not at all.

    Args:
        name: For log lines and error frames; ``"ClassName#n"`` if not given.
        cancel_timeout_secs: How long anything that is cancelled here may take to end before it is
            reported by name and left behind.
    """

    def __init__(
        self, name: str | None = None, *, cancel_timeout_secs: float = CANCEL_TIMEOUT_SECS
    ) -> None:
        super().__init__(name or numbered(type(self)), cancel_timeout_secs)
        self._next: FrameProcessor | None = None
        self._previous: FrameProcessor | None = None
        self._lanes = Lanes(self)
        self._setup: FrameProcessorSetup | None = None

    @property
    def next(self) -> FrameProcessor | None:
        """Return the neighbour downstream."""
        return self._next

    @property
    def previous(self) -> FrameProcessor | None:
        """Return the neighbour upstream."""
        return self._previous

    def link(self, processor: FrameProcessor) -> None:
        """Make a processor the neighbour downstream, and this one its neighbour upstream.

        Args:
            processor: The next processor.
        """
        self._next = processor
        processor._previous = self

    async def setup(self, setup: FrameProcessorSetup) -> None:
        """Prepare for the start frame.

        Args:
            setup: What the processor is told.
        """
        self._setup = setup

    async def cleanup(self) -> None:
        """Stop both lanes and every task within the bound; cleaning up twice is no mistake."""
        await self._lanes.close()
        await self._cancel_all_tasks()

    def get_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return the running event loop."""
        return asyncio.get_running_loop()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Process one frame.

        The lanes have done their part by then: when an interruption comes here, the frame in
        process has been cancelled and what was queued before it has been dropped.

        Args:
            frame: The frame.
            direction: Where it travels.
        """

    async def queue_frame(
        self,
        frame: Frame,
        direction: FrameDirection = _DOWNSTREAM,
        callback: FrameCallback | None = None,
    ) -> None:
        """Queue a frame, as a neighbour does.

        Args:
            frame: The frame.
            direction: Where it travels.
            callback: Called with the processor, the frame and the direction once it is processed.
        """
        self._lanes.put(frame, direction, callback)

    async def pause_processing_frames(self) -> None:
        """Hold data and control frames from the next one on, until they are resumed.

        An interruption resumes them too. The frame in process goes on.
        """
        self._lanes.data_paused = True

    async def resume_processing_frames(self) -> None:
        """Process the data and control frames that were held."""
        self._lanes.resume_data()

    async def pause_processing_system_frames(self) -> None:
        """Hold system frames from the next one on, interruptions too, until they are resumed.

        A cancel frame resumes them: what came before it is processed before it.
        """
        self._lanes.system_paused = True

    async def resume_processing_system_frames(self) -> None:
        """Process the system frames that were held."""
        self._lanes.resume_system()

    async def push_frame(self, frame: Frame, direction: FrameDirection = _DOWNSTREAM) -> None:
        """Hand a frame to a neighbour; without a neighbour it ends here.

        After an end frame only system frames are let out; after a cancel frame nothing is.

        Args:
            frame: The frame.
            direction: Which neighbour.
        """
        if self._lanes.guarded and not self._lanes.lets_out(frame):
            return
        neighbour = self._next if direction is _DOWNSTREAM else self._previous
        if neighbour is not None:
            # Through the neighbour's method, not into its lanes: a tap replaces the method on the
            # instance.
            await neighbour.queue_frame(frame, direction)

    async def broadcast_frame(self, frame_class: type[Frame], **kwargs: Any) -> None:
        """Push two frames of equal content, one downstream and one upstream.

        Args:
            frame_class: The class of both.
            **kwargs: Its arguments.
        """
        # Two frames and in this order, as Pipecat does: each has an id of its own.
        await self.push_frame(frame_class(**kwargs), _DOWNSTREAM)
        await self.push_frame(frame_class(**kwargs), _UPSTREAM)

    async def push_error(
        self,
        error_msg: str | ErrorFrame,
        exception: Exception | None = None,
        fatal: bool = False,
    ) -> None:
        """Log an error and push it upstream.

        Args:
            error_msg: What happened, for people; or, as in Pipecat 0.0.72, the error frame.
            exception: The exception behind it.
            fatal: Whether the pipeline task must be cancelled.
        """
        if isinstance(error_msg, ErrorFrame):
            frame = error_msg
        else:
            frame = ErrorFrame(error_msg, fatal=fatal, processor=self, exception=exception)
        _logger.error(frame.error, exc_info=frame.exception)
        await self.push_frame(frame, _UPSTREAM)

    async def _report(self, message: str, error: Exception | None = None) -> None:
        await self.push_error(message, error)

    def _holds(self, frame: Frame, direction: FrameDirection) -> bool:
        """Return whether to drop a data frame instead of processing it."""
        return False

    async def _process(
        self, frame: Frame, direction: FrameDirection, callback: FrameCallback | None
    ) -> None:
        try:
            await self.process_frame(frame, direction)
            if callback is not None:
                await callback(self, frame, direction)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody cancelled this lane: process_frame awaited something that was cancelled.
            await self.push_error(f"{self}: awaited a cancelled future on {frame}: {error!r}")
        # One bad frame must not end the lane: every frame behind it would wait for ever.
        except Exception as error:
            await self.push_error(f"{self}: failed on {frame}: {error!r}", error)


def numbered(owner: type) -> str:
    """Return the next name for an instance of a class: ``"ClassName#n"``."""
    name = owner.__name__
    return f"{name}#{next(_counts.setdefault(name, count()))}"

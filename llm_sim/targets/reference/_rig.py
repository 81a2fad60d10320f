"""One processor of the embedded core, under a runner."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from llm_sim import frames, service
from llm_sim.errors import UsageError
from llm_sim.frames import Frame, FrameDirection
from llm_sim.service import FrameCallback
from llm_sim.targets._rig import RigOptions


class _Ear(service.FrameProcessor):
    """Notes what arrives in one direction, and lets everything pass in the step it comes in."""

    def __init__(self, direction: FrameDirection, heard: list[Any]) -> None:
        super().__init__()
        self._direction = direction
        self._heard = heard

    async def queue_frame(
        self,
        frame: Frame,
        direction: FrameDirection = FrameDirection.DOWNSTREAM,
        callback: FrameCallback | None = None,
    ) -> None:
        if direction is self._direction:
            self._heard.append(frame)
        await self.push_frame(frame, direction)


class ReferenceRig:
    """A pipeline of one processor between two ears.

    Args:
        processor: The processor.
        options: What only Pipecat's pipelines have.

    Raises:
        UsageError: An option is given.
    """

    frames: ClassVar[Any] = frames

    def __init__(self, processor: service.FrameProcessor, options: RigOptions) -> None:
        if options != RigOptions():
            raise UsageError(
                "enable_rtvi, observers and pipeline_params are Pipecat's; leave them out for "
                f"{processor}, which is a processor of llm_sim.service"
            )
        self.down: list[Any] = []
        self.up: list[Any] = []
        self.started = asyncio.Event()
        ears = _Ear(FrameDirection.UPSTREAM, self.up), _Ear(FrameDirection.DOWNSTREAM, self.down)
        self._task = service.PipelineTask(service.Pipeline([ears[0], processor, ears[1]]))
        self._task.add_event_handler("on_pipeline_started", self._on_started)

    async def run(self) -> None:
        """Run until an end or a cancel has gone through the pipeline."""
        await service.PipelineRunner().run(self._task)

    async def send(self, frame: Frame, *, upstream: bool = False) -> None:
        """Queue a frame at the source; or at the sink, upstream."""
        way = FrameDirection.UPSTREAM if upstream else FrameDirection.DOWNSTREAM
        await self._task.queue_frame(frame, way)

    async def _on_started(self, _task: Any) -> None:
        self.started.set()

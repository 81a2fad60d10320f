"""One processor of Pipecat 1.3 and later, under a worker and a runner."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pipecat.frames.frames as pipecat_frames
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

if TYPE_CHECKING:
    from llm_sim.targets._rig import RigOptions


class _Ear(FrameProcessor):  # type: ignore[misc]
    """Notes what arrives in one direction, and lets everything pass."""

    def __init__(self, direction: FrameDirection, heard: list[Any]) -> None:
        # Frames in direct mode pass in the order of their arrival.
        super().__init__(enable_direct_mode=True)
        self._direction = direction
        self._heard = heard

    async def process_frame(self, frame: Any, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if direction == self._direction:
            self._heard.append(frame)
        await self.push_frame(frame, direction)


class WorkerRig:
    """A pipeline of one processor between two ears.

    Args:
        processor: The processor.
        options: What the pipeline gets besides.
    """

    frames = pipecat_frames

    def __init__(self, processor: FrameProcessor, options: RigOptions) -> None:
        self.down: list[Any] = []
        self.up: list[Any] = []
        self.started = asyncio.Event()
        ears = _Ear(FrameDirection.UPSTREAM, self.up), _Ear(FrameDirection.DOWNSTREAM, self.down)
        self._worker = PipelineWorker(
            Pipeline([ears[0], processor, ears[1]]),
            cancel_on_idle_timeout=False,
            # Who looks again and again whether the pipeline is idle would let no run come to rest.
            idle_timeout_secs=None,
            enable_rtvi=options.enable_rtvi,
            observers=list(options.observers),
            params=options.pipeline_params or PipelineParams(),
        )
        self._worker.add_event_handler("on_pipeline_started", self._on_started)

    async def run(self) -> None:
        """Run under a runner until the worker has finished."""
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(self._worker)
        await runner.run()

    async def send(self, frame: Any, *, upstream: bool = False) -> None:
        """Queue a frame at the source; or at the sink, upstream."""
        way = FrameDirection.UPSTREAM if upstream else FrameDirection.DOWNSTREAM
        await self._worker.queue_frame(frame, way)

    async def _on_started(self, _worker: Any, _frame: Any) -> None:
        self.started.set()

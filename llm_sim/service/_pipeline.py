"""A row of processors between a source and a sink; itself a processor, so that pipelines nest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from llm_sim.frames import Frame, FrameDirection
from llm_sim.service._frame_lanes import FrameCallback
from llm_sim.service._processor import FrameProcessor, FrameProcessorSetup

FrameExit = Callable[[Frame, FrameDirection], Awaitable[None]]

_DOWNSTREAM = FrameDirection.DOWNSTREAM


class PipelineEdge(FrameProcessor):
    """One end of a pipeline: frames enter on one side and leave through an exit on the other.

    It has no lanes. A frame passes in the step in which it was pushed, so that the ends of a
    pipeline cost nothing and a nested pipeline behaves like its processors in a row.

    Args:
        outward: The direction in which frames leave the pipeline here.
        exit: What takes them.
        name: For log lines and error frames.
    """

    def __init__(self, outward: FrameDirection, exit: FrameExit, name: str | None = None) -> None:
        super().__init__(name)
        self._outward = outward
        self.exit = exit

    async def queue_frame(
        self,
        frame: Frame,
        direction: FrameDirection = _DOWNSTREAM,
        callback: FrameCallback | None = None,
    ) -> None:
        """Process a frame at once.

        Args:
            frame: The frame.
            direction: Where it travels.
            callback: Called once it is processed.
        """
        await self._process(frame, direction, callback)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass a frame on, into the pipeline or out of it.

        Args:
            frame: The frame.
            direction: Where it travels.
        """
        await super().process_frame(frame, direction)
        if direction is self._outward:
            await self.exit(frame, direction)
        else:
            await self.push_frame(frame, direction)


class PipelineSource(PipelineEdge):
    """The end of a pipeline where downstream frames enter.

    Args:
        exit: What takes the frames that leave upstream.
        name: For log lines and error frames.
    """

    def __init__(self, exit: FrameExit, name: str | None = None) -> None:
        super().__init__(FrameDirection.UPSTREAM, exit, name)


class PipelineSink(PipelineEdge):
    """The end of a pipeline where upstream frames enter.

    Args:
        exit: What takes the frames that leave downstream.
        name: For log lines and error frames.
    """

    def __init__(self, exit: FrameExit, name: str | None = None) -> None:
        super().__init__(FrameDirection.DOWNSTREAM, exit, name)


class Pipeline(FrameProcessor):
    """Link processors in a row.

    Args:
        processors: The processors, from the source of the conversation to its sink.
        name: For log lines and error frames.
    """

    def __init__(self, processors: Sequence[FrameProcessor], name: str | None = None) -> None:
        super().__init__(name)
        self._source = PipelineSource(self.push_frame, f"{self}::source")
        self._sink = PipelineSink(self.push_frame, f"{self}::sink")
        self._processors = [self._source, *processors, self._sink]
        for left, right in zip(self._processors, self._processors[1:], strict=False):
            left.link(right)

    @property
    def processors(self) -> list[FrameProcessor]:
        """Return the source, the processors in order, and the sink."""
        return list(self._processors)

    @property
    def source(self) -> PipelineSource:
        """Return the end where downstream frames enter."""
        return self._source

    @property
    def sink(self) -> PipelineSink:
        """Return the end where upstream frames enter."""
        return self._sink

    async def setup(self, setup: FrameProcessorSetup) -> None:
        """Set every processor up, in order.

        Args:
            setup: What the processors are told.
        """
        await super().setup(setup)
        for processor in self._processors:
            await processor.setup(setup)

    async def cleanup(self) -> None:
        """Clean every processor up, in order."""
        for processor in self._processors:
            await processor.cleanup()
        await super().cleanup()

    async def queue_frame(
        self,
        frame: Frame,
        direction: FrameDirection = _DOWNSTREAM,
        callback: FrameCallback | None = None,
    ) -> None:
        """Let a frame in at the end where its direction begins.

        Args:
            frame: The frame.
            direction: Where it travels.
            callback: Called once it has entered.
        """
        edge = self._source if direction is _DOWNSTREAM else self._sink
        await edge.queue_frame(frame, direction, callback)

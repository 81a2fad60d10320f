"""A processor with a service behind it."""

from __future__ import annotations

from typing import Any

from llm_sim.frames import CancelFrame, EndFrame, Frame, FrameDirection, StartFrame
from llm_sim.service._processor import FrameProcessor


class AIService(FrameProcessor):
    """Call `start`, `stop` and `cancel` when their frames come downstream.

    It does not forward frames: a subclass pushes on what it does not keep.

    Args:
        **kwargs: For the frame processor.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    async def start(self, frame: StartFrame) -> None:
        """Start the service.

        Args:
            frame: The start frame.
        """

    async def stop(self, frame: EndFrame) -> None:
        """Stop the service, before the end frame is forwarded.

        Args:
            frame: The end frame.
        """

    async def cancel(self, frame: CancelFrame) -> None:
        """Stop the service at once, before the cancel frame is forwarded.

        Args:
            frame: The cancel frame.
        """

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Process a frame.

        Args:
            frame: The frame.
            direction: Where it travels. An end or cancel frame that travels upstream asks the
                pipeline task to end, and ends nothing on its way.
        """
        await super().process_frame(frame, direction)
        if direction is not FrameDirection.DOWNSTREAM:
            return
        if isinstance(frame, StartFrame):
            await self.start(frame)
        elif isinstance(frame, EndFrame):
            await self.stop(frame)
        elif isinstance(frame, CancelFrame):
            await self.cancel(frame)

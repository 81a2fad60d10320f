"""What the user said, into the context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from llm_sim.frames import Frame, FrameDirection, TranscriptionFrame
from llm_sim.service._context import OpenAILLMContext
from llm_sim.service._context_aggregator import LLMContextAggregator


@dataclass(frozen=True, slots=True)
class LLMUserAggregatorParams:
    """The settings of the user's side; there are none: each transcription is one turn."""


class LLMUserAggregator(LLMContextAggregator):
    """Add each transcription to the context and ask the model for a run.

    It stands before the LLM service. Transcriptions and requests to the context end here.

    Args:
        context: The context.
        params: The settings.
        **kwargs: For the frame processor.
    """

    toward_llm: ClassVar[FrameDirection] = FrameDirection.DOWNSTREAM

    def __init__(
        self,
        context: OpenAILLMContext,
        *,
        params: LLMUserAggregatorParams | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(context, **kwargs)
        self._params = params or LLMUserAggregatorParams()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Process a frame.

        Args:
            frame: The frame.
            direction: Where it travels.
        """
        await super().process_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            if isinstance(frame, TranscriptionFrame):
                self._context.add_message({"role": "user", "content": frame.text})
                await self.push_context_frame()
                return
            if await self._handled_request(frame):
                return
        await self.push_frame(frame, direction)

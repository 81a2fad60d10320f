"""What the aggregators of both sides do: keep the context, and ask for a run of the model."""

from __future__ import annotations

from typing import Any, ClassVar

from llm_sim.frames import (
    Frame,
    FrameDirection,
    LLMContextFrame,
    LLMMessagesAppendFrame,
    LLMRunFrame,
)
from llm_sim.service._context import Message, OpenAILLMContext
from llm_sim.service._processor import FrameProcessor


class LLMContextAggregator(FrameProcessor):
    """Add messages to a context.

    Args:
        context: The context.
        **kwargs: For the frame processor.
    """

    toward_llm: ClassVar[FrameDirection]
    """Where the model is, seen from this aggregator."""

    def __init__(self, context: OpenAILLMContext, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._context = context

    @property
    def context(self) -> OpenAILLMContext:
        """Return the context."""
        return self._context

    @property
    def messages(self) -> list[Message]:
        """Return the messages of the context."""
        return self._context.messages

    async def push_context_frame(self) -> None:
        """Ask the model for a run on the context."""
        await self.push_frame(LLMContextFrame(context=self._context), self.toward_llm)

    async def _handled_request(self, frame: Frame) -> bool:
        """Return whether the frame was a request to the context, which ends here."""
        if isinstance(frame, LLMMessagesAppendFrame):
            self._context.add_messages(frame.messages)
            if frame.run_llm:
                await self.push_context_frame()
            return True
        if isinstance(frame, LLMRunFrame):
            await self.push_context_frame()
            return True
        return False

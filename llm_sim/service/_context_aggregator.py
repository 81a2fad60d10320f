"""What the aggregators of both sides do: keep the context, and ask for a run of the model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from llm_sim.frames import (
    Frame,
    FrameDirection,
    LLMContextFrame,
    LLMMessagesAppendFrame,
    LLMMessagesUpdateFrame,
    LLMRunFrame,
    LLMSetToolChoiceFrame,
    LLMSetToolsFrame,
)
from llm_sim.service._llm_context import Message, OpenAILLMContext
from llm_sim.service._processor import FrameProcessor


class LLMContextAggregator(FrameProcessor):
    """Add messages to a context.

    Args:
        context: The context.
        **kwargs: For the frame processor.
    """

    toward_llm: ClassVar[FrameDirection]
    """Where the model is, seen from this aggregator."""

    role: ClassVar[str]
    """Whose side of the conversation this is."""

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

    def add_messages(self, messages: Iterable[Message]) -> None:
        """Add messages to the context.

        Args:
            messages: The messages.
        """
        self._context.add_messages(messages)

    def set_messages(self, messages: Iterable[Message]) -> None:
        """Replace the messages of the context.

        Args:
            messages: The new messages.
        """
        self._context.set_messages(messages)

    def set_tools(self, tools: Any) -> None:
        """Replace the tools of the context.

        Args:
            tools: A tools schema, or tools in the provider's form.
        """
        self._context.set_tools(tools)

    def set_tool_choice(self, tool_choice: Any) -> None:
        """Replace the tool choice of the context.

        Args:
            tool_choice: The tool choice, in the provider's form.
        """
        self._context.set_tool_choice(tool_choice)

    def get_context_frame(self) -> LLMContextFrame:
        """Return a frame that asks the model for a run on the context."""
        return LLMContextFrame(context=self._context)

    async def push_context_frame(self, direction: FrameDirection | None = None) -> None:
        """Ask the model for a run on the context.

        Args:
            direction: Where the frame travels; toward the model if not given.
        """
        await self.push_frame(self.get_context_frame(), direction or self.toward_llm)

    async def _handled_request(self, frame: Frame) -> bool:
        """Return whether the frame was a request to the context, which ends here."""
        run_llm: bool | None = None
        if isinstance(frame, LLMMessagesAppendFrame):
            self.add_messages(frame.messages)
            run_llm = frame.run_llm
        elif isinstance(frame, LLMMessagesUpdateFrame):
            self.set_messages(frame.messages)
            run_llm = frame.run_llm
        elif isinstance(frame, LLMSetToolsFrame):
            self.set_tools(frame.tools)
        elif isinstance(frame, LLMSetToolChoiceFrame):
            self.set_tool_choice(frame.tool_choice)
        elif isinstance(frame, LLMRunFrame):
            run_llm = True
        else:
            return False
        if run_llm:
            await self.push_context_frame()
        return True

"""Races in the assistant aggregator: each class plants one, and its docstring says which."""

from __future__ import annotations

import json
from typing import Any

from llm_sim.frames import (
    Frame,
    FrameDirection,
    FunctionCallCancelFrame,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from llm_sim.service import LLMAssistantAggregator


class FalsyResultsBecomeAWord(LLMAssistantAggregator):
    """A falsy result is taken for none and replaced by a word."""

    async def _as_json(self, frame: FunctionCallResultFrame) -> str:
        return await super()._as_json(frame) if frame.result else json.dumps("COMPLETED")


class RunsAfterEachResult(LLMAssistantAggregator):
    """The model runs after each result of a batch, while the other calls are in progress."""

    async def _settle(self, tool_call_id: str) -> None:
        await super()._settle(tool_call_id)
        if self._open:
            for other in self._open:
                self._context.call_settled(other)
            await self.push_context_frame()


class ForgetsTheRunWhileTheUserSpeaks(LLMAssistantAggregator):
    """A result that comes while the user speaks does not run the model, then or later."""

    _user_speaks = False

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, UserStartedSpeakingFrame | UserStoppedSpeakingFrame):
            self._user_speaks = isinstance(frame, UserStartedSpeakingFrame)
        await super().process_frame(frame, direction)

    async def push_context_frame(self, direction: FrameDirection | None = None) -> None:
        if not self._user_speaks:
            await super().push_context_frame(direction)


class ToolMessageComesWithTheResult(LLMAssistantAggregator):
    """The tool message is written when the result comes, behind whatever was said meanwhile."""

    def _begin_call(self, frame: FunctionCallInProgressFrame) -> None:
        super()._begin_call(frame)
        self.messages.pop()

    async def _add_result(self, frame: FunctionCallResultFrame) -> None:
        message: dict[str, Any] = {"role": "tool", "tool_call_id": frame.tool_call_id}
        self._context.add_message(message)
        await super()._add_result(frame)


class OverlooksTheCancelOfAQueuedCall(LLMAssistantAggregator):
    """The cancel of a call that was announced, but never in progress, is overlooked."""

    async def _cancel_call(self, frame: FunctionCallCancelFrame) -> None:
        call = self._known_call(frame)
        if call is not None and call.in_progress:
            await super()._cancel_call(frame)


class LeavesACancelledCallInProgress(LLMAssistantAggregator):
    """A cancelled call is settled for the aggregator, and stays in progress in the context."""

    async def _cancel_call(self, frame: FunctionCallCancelFrame) -> None:
        if self._known_call(frame) is not None:
            await self._settle(frame.tool_call_id)

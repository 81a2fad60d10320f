"""Races in the life of a call: each class plants one, and its docstring says which."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from llm_sim.frames import (
    Frame,
    FrameDirection,
    FunctionCallCancelFrame,
    FunctionCallFromLLM,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallResultProperties,
    FunctionCallsStartedFrame,
    LLMContextFrame,
)
from llm_sim.service import FunctionCallResultCallback, LLMAssistantAggregator, OngoingCall
from llm_sim.targets.reference import ScriptedLLMService
from tests.support.planted import ServiceWithAssistant, droppable, overtaking


class OnlyHandlersSettle(ScriptedLLMService):
    """A call whose handler raises, is silent or is cancelled from inside is never settled."""

    async def _fail(self, call: OngoingCall, message: str) -> bool:
        return False


class UnregisteredIsForgotten(ScriptedLLMService):
    """A call of an unregistered function is announced, and then forgotten."""

    def _dispatch(self, call: OngoingCall) -> None:
        if self.has_function(call.item.function_name):
            super()._dispatch(call)


class LateResultsArePushed(ScriptedLLMService):
    """A result is pushed whether or not its call is settled."""

    def _result_callback(self, call: OngoingCall) -> FunctionCallResultCallback:
        async def result_callback(
            result: Any, *, properties: FunctionCallResultProperties | None = None
        ) -> None:
            self._settle(call)
            await self.broadcast_frame(
                FunctionCallResultFrame,
                **call.frame_fields(),
                arguments=call.item.arguments,
                result=result,
                properties=properties,
            )

        return result_callback


class TimedOutHandlersRunOn(LateResultsArePushed):
    """The handler of a call that timed out runs on, and its result is pushed as a second one."""

    def _cancel_handler(self, call: OngoingCall) -> None:
        if call.tool_call_id in self._calls:
            super()._cancel_handler(call)


class LateResultsAreWritten(ScriptedLLMService):
    """A result that comes after its cancel is dropped, but not before it is in the context."""

    def _result_callback(self, call: OngoingCall) -> FunctionCallResultCallback:
        answer = super()._result_callback(call)

        async def result_callback(
            result: Any, *, properties: FunctionCallResultProperties | None = None
        ) -> None:
            await asyncio.sleep(0.01)
            call.item.context.set_tool_content(call.tool_call_id, f'"{result}"')
            await answer(result, properties=properties)

        return result_callback


class InProgressIsToldLater(ScriptedLLMService):
    """The in-progress frame goes out in a task of its own, and a fast handler answers before it."""

    async def broadcast_frame(self, frame_class: type[Frame], **fields: Any) -> None:
        told = super().broadcast_frame(frame_class, **fields)
        if frame_class is FunctionCallInProgressFrame:
            self.create_task(told)
        else:
            await told


class CancelGoesDownstreamOnly(ScriptedLLMService):
    """Nobody upstream hears that a call was cancelled."""

    async def broadcast_frame(self, frame_class: type[Frame], **fields: Any) -> None:
        if frame_class is FunctionCallCancelFrame:
            await self.push_frame(frame_class(**fields), FrameDirection.DOWNSTREAM)
        else:
            await super().broadcast_frame(frame_class, **fields)


class CancelOvertakes(ScriptedLLMService):
    """The cancel is a system frame and overtakes the in-progress frame that it cancels."""

    async def broadcast_frame(self, frame_class: type[Frame], **fields: Any) -> None:
        if frame_class is FunctionCallCancelFrame:
            frame_class = _OVERTAKING_CANCEL
        await super().broadcast_frame(frame_class, **fields)


class _AsksAtOnce(LLMAssistantAggregator):
    async def push_context_frame(self, direction: FrameDirection | None = None) -> None:
        way = direction or self.toward_llm
        await self.push_frame(_OVERTAKING_RUN(context=self._context), way)


class CallsOvertakeText(ServiceWithAssistant):
    """Calls, and the run after them, are told in system frames: they overtake what was said."""

    assistant_class = _AsksAtOnce

    async def broadcast_frame(self, frame_class: type[Frame], **fields: Any) -> None:
        await super().broadcast_frame(_OVERTAKING.get(frame_class, frame_class), **fields)


class InProgressIsDroppable(ScriptedLLMService):
    """An interruption drops an in-progress frame that waits behind text."""

    async def broadcast_frame(self, frame_class: type[Frame], **fields: Any) -> None:
        if frame_class is FunctionCallInProgressFrame:
            frame_class = _DROPPABLE_IN_PROGRESS
        await super().broadcast_frame(frame_class, **fields)


class ResultIsDroppable(ScriptedLLMService):
    """An interruption drops a result that waits behind text."""

    async def broadcast_frame(self, frame_class: type[Frame], **fields: Any) -> None:
        if frame_class is FunctionCallResultFrame:
            frame_class = _DROPPABLE_RESULT
        await super().broadcast_frame(frame_class, **fields)


class EventComesAfterTheFrames(ScriptedLLMService):
    """A batch is announced to the processors before it is to the application."""

    async def run_function_calls(self, function_calls: Sequence[FunctionCallFromLLM]) -> None:
        await super().broadcast_frame(FunctionCallsStartedFrame, function_calls=function_calls)
        await super().run_function_calls(function_calls)

    async def broadcast_frame(self, frame_class: type[Frame], **fields: Any) -> None:
        if frame_class is not FunctionCallsStartedFrame:
            await super().broadcast_frame(frame_class, **fields)


class EventFiresTwice(ScriptedLLMService):
    """The application is told of a batch by the provider's service and by the base class."""

    async def run_function_calls(self, function_calls: Sequence[FunctionCallFromLLM]) -> None:
        await self._call_event_handler("on_function_calls_started", function_calls)
        await super().run_function_calls(function_calls)


_OVERTAKING_CANCEL = overtaking(FunctionCallCancelFrame)
_OVERTAKING_RUN = overtaking(LLMContextFrame)
_OVERTAKING: dict[type[Frame], type[Frame]] = {
    FunctionCallInProgressFrame: overtaking(FunctionCallInProgressFrame),
    FunctionCallResultFrame: overtaking(FunctionCallResultFrame),
}
_DROPPABLE_IN_PROGRESS = droppable(FunctionCallInProgressFrame)
_DROPPABLE_RESULT = droppable(FunctionCallResultFrame)

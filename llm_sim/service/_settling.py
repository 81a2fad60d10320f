"""Settle the model's function calls: each one ends once.

One dict decides: a call is unsettled while it is in ``_calls``. Whoever takes it out settles it and
pushes its terminal frame, in the same step; everyone who comes later finds it gone. Nothing here
suspends between a decision and the frames that tell of it, so an interruption, an end or a cancel
lands before or after, never in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from llm_sim.frames import (
    FunctionCallCancelFrame,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallResultProperties,
)
from llm_sim.service._ai_service import AIService
from llm_sim.service._ongoing_calls import OngoingCall, is_update
from llm_sim.service._task_owner import still_running


class CallSettling(AIService):
    """The part of an LLM service that knows the unsettled calls, and how each of them can end.

    Args:
        **kwargs: For the frame processor.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._calls: dict[str, OngoingCall] = {}

    def calls_in_flight(self) -> dict[str, str]:
        """Return each unsettled call, in call order: ``"queued"`` or ``"running"``."""
        return {
            tool_call_id: "queued" if call.task is None else "running"
            for tool_call_id, call in self._calls.items()
        }

    def _is_unsettled(self, call: OngoingCall) -> bool:
        # The object and not the id decides: a settled call's id may be in use again.
        return self._calls.get(call.tool_call_id) is call

    async def _begin(self, call: OngoingCall) -> None:
        """Push the in-progress frame of a call, unless it was pushed before."""
        if call.in_progress:
            return
        # The in-progress frame comes once, whoever is first: the handler's task, or a result that
        # comes before the handler ran.
        call.in_progress = True
        await self.broadcast_frame(
            FunctionCallInProgressFrame,
            **call.frame_fields(),
            arguments=call.item.arguments,
            cancel_on_interruption=call.item.registry_item.cancel_on_interruption,
        )

    def _settle(self, call: OngoingCall) -> bool:
        """Settle a call; returns False if it is settled already, and then nothing may be pushed."""
        if not self._is_unsettled(call):
            return False
        del self._calls[call.tool_call_id]
        call.stop_timer()
        # The handler's task may wait for an image that nobody needs any more.
        if call.image is not None:
            call.image.set()
        return True

    async def _answer(
        self,
        call: OngoingCall,
        result: Any,
        *,
        properties: FunctionCallResultProperties | None = None,
        error: str | None = None,
    ) -> bool:
        """Push a result; it settles the call unless it is an update. False if it comes too late."""
        # An update settles nothing: LS101 asks for one final result, and one may still come.
        settles = self._is_unsettled if is_update(properties) else self._settle
        if not settles(call):
            return False
        # It may come before the handler ran. The call's messages enter the context with this frame.
        await self._begin(call)
        await self.broadcast_frame(
            FunctionCallResultFrame,
            **call.frame_fields(),
            arguments=call.item.arguments,
            result=result,
            run_llm=call.item.run_llm,
            properties=properties,
            error=error,
        )
        return True

    async def _fail(self, call: OngoingCall, message: str) -> bool:
        """Settle a call with a result that tells the model what happened."""
        return await self._answer(call, {"error": message}, error=message)

    async def _cancel_call(self, call: OngoingCall) -> None:
        """Settle a call as cancelled, and cancel its handler without waiting for its end."""
        if not self._settle(call):
            return
        # Only requested: an interruption that waited for what a handler does about it would be held
        # up by one that ignores it (Pipecat PR #2552, LS110).
        self._cancel_handler(call)
        # Both ways, or trackers upstream keep the call for ever (Pipecat PR #3672, LS105). A
        # control frame: as a system frame it would overtake the in-progress frame that it cancels
        # (#5779, LS102).
        await self.broadcast_frame(FunctionCallCancelFrame, **call.frame_fields())

    def _cancel_handler(self, call: OngoingCall) -> None:
        call.stop_timer()
        # `cancelled` and not `Task.cancelling`: that also counts what `asyncio.timeout` asks for
        # and takes back, and LS110 wants one cancellation of ours.
        if call.task is not None and not call.cancelled and not call.task.done():
            call.cancelled = True
            self._request_cancel(call.task)

    async def _await_handlers(self, calls: Iterable[OngoingCall]) -> None:
        """Wait for cancelled handlers; report and leave behind those that do not end."""
        waited = {call.task: call for call in calls if call.task and not call.left_behind}
        # Bounded, because nothing makes a coroutine end that swallows its cancellation. `gone` is
        # set for one that is left behind, so that a sequential queue goes on (LS107).
        bound = self._cancel_timeout_secs
        for task in await still_running(list(waited), bound):
            call = waited[task]
            if not call.left_behind:
                call.left_behind = True
                call.gone.set()
                await self.push_error(
                    f"{self}: the handler of {call} did not end within {bound} s of its "
                    "cancellation and is left behind"
                )

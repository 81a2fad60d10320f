"""Running the model's function calls: each one starts once and settles once.

One dict decides: a call is unsettled while it is in ``_calls``. Whoever takes it out settles it and
pushes its terminal frame, in the same step; everyone who comes later finds it gone. Nothing here
suspends between a decision and the frames that tell of it, so an interruption, an end or a cancel
lands before or after, never in between.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from llm_sim.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    FrameDirection,
    FunctionCallCancelFrame,
    FunctionCallFromLLM,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallResultProperties,
    FunctionCallsStartedFrame,
    InterruptionFrame,
    StartFrame,
)
from llm_sim.service._ai_service import AIService
from llm_sim.service._calls import Call, without_duplicates
from llm_sim.service._tasks import still_running
from llm_sim.service._types import (
    FunctionCallParams,
    FunctionCallRegistryItem,
    FunctionCallResultCallback,
    FunctionCallRunnerItem,
)

if TYPE_CHECKING:
    from llm_sim.service._llm_service import LLMService

_logger = logging.getLogger(__name__)


class FunctionCalling(AIService):
    """The part of an LLM service that runs function calls.

    The small methods are the seams: `_calls_to_interrupt`, `_cancel_call`, `_settle`,
    `_run_queued_calls` and `_end_calls` each hold one decision.

    Args:
        run_in_parallel: Whether the calls of a batch run at the same time, or one after the other.
        **kwargs: For the frame processor.
    """

    def __init__(self, run_in_parallel: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._run_in_parallel = run_in_parallel
        self._functions: dict[str | None, FunctionCallRegistryItem] = {}
        self._calls: dict[str, Call] = {}
        self._handlers: dict[asyncio.Task[None], Call] = {}
        self._queue: deque[Call] = deque()
        self._queued = asyncio.Event()
        self._sequential_runner_task: asyncio.Task[None] | None = None
        self._calls_ended = False
        self._register_event_handler("on_function_calls_started")

    def calls_in_flight(self) -> dict[str, str]:
        """Return each unsettled call, in call order: ``"queued"`` or ``"running"``."""
        return {
            tool_call_id: "queued" if call.task is None else "running"
            for tool_call_id, call in self._calls.items()
        }

    async def start(self, frame: StartFrame) -> None:
        """Start the service.

        Args:
            frame: The start frame.
        """
        await super().start(frame)
        if not self._run_in_parallel and self._sequential_runner_task is None:
            self._sequential_runner_task = self.create_task(
                self._run_queued_calls(), f"{self}::sequential_runner"
            )

    async def stop(self, frame: EndFrame) -> None:
        """Settle every call and wait for the handlers, within the bound.

        Args:
            frame: The end frame.
        """
        await super().stop(frame)
        await self._end_calls()

    async def cancel(self, frame: CancelFrame) -> None:
        """Settle every call and wait for the handlers, within the bound.

        Args:
            frame: The cancel frame.
        """
        await super().cancel(frame)
        await self._end_calls()

    async def cleanup(self) -> None:
        """Settle what no end or cancel frame has settled, and stop."""
        await self._end_calls()
        await super().cleanup()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Process a frame.

        Args:
            frame: The frame.
            direction: Where it travels.
        """
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            await self._handle_interruptions(frame)

    async def run_function_calls(self, function_calls: Sequence[FunctionCallFromLLM]) -> None:
        """Announce a batch of calls and start them, or queue them in sequential mode.

        The event `on_function_calls_started` comes first, then the frames. The calls settle later;
        this returns at once, and without suspending.

        Args:
            function_calls: The calls, in call order. An empty batch does nothing.
        """
        function_calls = await self._acceptable(function_calls)
        if not function_calls:
            return
        await self._call_event_handler("on_function_calls_started", function_calls)
        calls = [Call(self._runner_item(function_call)) for function_call in function_calls]
        self._calls.update((call.tool_call_id, call) for call in calls)
        await self.broadcast_frame(FunctionCallsStartedFrame, function_calls=function_calls)
        for call in calls:
            self._dispatch(call)

    async def _acceptable(
        self, function_calls: Sequence[FunctionCallFromLLM]
    ) -> list[FunctionCallFromLLM]:
        if function_calls and (self._calls_ended or self._lanes.left_behind()):
            _logger.warning("%s: refused function calls of a response that is over", self)
            return []
        fresh, duplicates = without_duplicates(function_calls, self._calls)
        for function_call in duplicates:
            await self.push_error(
                f"{self}: refused a call of {function_call.function_name!r}: another call in "
                f"flight has its tool_call_id {function_call.tool_call_id!r}"
            )
        return fresh

    def _runner_item(self, function_call: FunctionCallFromLLM) -> FunctionCallRunnerItem:
        return FunctionCallRunnerItem(
            registry_item=self._registration(function_call.function_name),
            function_name=function_call.function_name,
            tool_call_id=function_call.tool_call_id,
            arguments=function_call.arguments,
            context=function_call.context,
        )

    def _registration(self, function_name: str) -> FunctionCallRegistryItem:
        item = self._functions.get(function_name) or self._functions.get(None)
        if item is None:
            _logger.warning("%s: the model called %r, which is not registered", self, function_name)
            # A call like any other, so that it is announced, in progress and settled like one.
            item = FunctionCallRegistryItem(function_name, self._answer_unregistered, True)
        return item

    async def _answer_unregistered(self, params: FunctionCallParams) -> None:
        call = self._calls.get(params.tool_call_id)
        if call is not None:
            await self._fail(call, f"function {params.function_name!r} is not registered")

    def _dispatch(self, call: Call) -> None:
        if self._run_in_parallel:
            self._start_call(call)
        else:
            self._queue.append(call)
            self._queued.set()

    def _start_call(self, call: Call) -> None:
        """Start the handler of a call, unless the call was settled while it waited."""
        if self._calls.get(call.tool_call_id) is not call:
            call.gone.set()
            return
        task = self.create_task(self._run_call(call), f"{self}::{call}")
        call.task = task
        self._handlers[task] = call
        task.add_done_callback(self._handler_ended)

    def _handler_ended(self, task: asyncio.Task[None]) -> None:
        self._handlers.pop(task).gone.set()

    async def _run_queued_calls(self) -> None:
        """Run one call after the other; the next one only when the handler before it has ended."""
        while True:
            while self._queue:
                call = self._queue.popleft()
                self._start_call(call)
                await call.gone.wait()
            self._queued.clear()
            await self._queued.wait()

    async def _run_call(self, call: Call) -> None:
        item = call.item
        registration = item.registry_item
        await self.broadcast_frame(
            FunctionCallInProgressFrame,
            **call.frame_fields(),
            arguments=item.arguments,
            cancel_on_interruption=registration.cancel_on_interruption,
        )
        if registration.timeout_secs is not None:
            loop = asyncio.get_running_loop()
            call.timer = loop.call_later(registration.timeout_secs, self._timeout_reached, call)
        try:
            await registration.handler(self._params(call))
        except asyncio.CancelledError:
            if not call.cancelled:
                await self._fail(call, f"function {item.function_name!r} was cancelled from inside")
            raise
        except Exception as error:
            message = f"function {item.function_name!r} failed: {error!r}"
            await self.push_error(f"{self}: {message}", error)
            await self._fail(call, message)
        else:
            # A handler could have handed its callback to a task that answers later, or never:
            # nobody can tell which, and a call that waits for an answer that never comes stops
            # the conversation. So a call is over when its handler is; who needs longer waits.
            await self._fail(call, f"function {item.function_name!r} returned without a result")

    def _params(self, call: Call) -> FunctionCallParams:
        return FunctionCallParams(
            function_name=call.item.function_name,
            tool_call_id=call.item.tool_call_id,
            arguments=call.item.arguments,
            llm=cast("LLMService", self),
            context=call.item.context,
            result_callback=self._result_callback(call),
        )

    def _result_callback(self, call: Call) -> FunctionCallResultCallback:
        async def result_callback(
            result: Any, *, properties: FunctionCallResultProperties | None = None
        ) -> None:
            if not await self._answer(call, result, properties=properties):
                _logger.warning("%s: dropped a result of %s, which is settled", self, call)

        return result_callback

    def _settle(self, call: Call) -> bool:
        """Settle a call; returns False if it is settled already, and then nothing may be pushed."""
        if self._calls.get(call.tool_call_id) is not call:
            return False
        del self._calls[call.tool_call_id]
        if call.timer is not None:
            call.timer.cancel()
            call.timer = None
        return True

    async def _answer(
        self,
        call: Call,
        result: Any,
        *,
        properties: FunctionCallResultProperties | None = None,
        error: str | None = None,
    ) -> bool:
        if not self._settle(call):
            return False
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

    async def _fail(self, call: Call, message: str) -> bool:
        """Settle a call with a result that tells the model what happened."""
        return await self._answer(call, {"error": message}, error=message)

    async def _cancel_call(self, call: Call) -> None:
        """Settle a call as cancelled; its handler is told, and not waited for."""
        if not self._settle(call):
            return
        self._cancel_handler(call)
        await self.broadcast_frame(FunctionCallCancelFrame, **call.frame_fields())

    def _cancel_handler(self, call: Call) -> None:
        if call.task is not None and not call.cancelled and not call.task.done():
            call.cancelled = True
            self._request_cancel(call.task)

    def _timeout_reached(self, call: Call) -> None:
        call.timer = None
        self.create_task(self._time_out(call), f"{self}::timeout:{call}")

    async def _time_out(self, call: Call) -> None:
        item = call.item
        secs = item.registry_item.timeout_secs
        message = f"function {item.function_name!r} did not answer within {secs} s"
        if await self._fail(call, message):
            self._cancel_handler(call)
            await self._await_handlers([call])

    async def _handle_interruptions(self, _: InterruptionFrame) -> None:
        calls = self._calls_to_interrupt()
        for call in calls:
            await self._cancel_call(call)
        if any(call.task is not None for call in calls):
            # In a task of its own: the interruption does not wait for what handlers do about it.
            self.create_task(self._await_handlers(calls), f"{self}::cancelled_handlers")

    def _calls_to_interrupt(self) -> list[Call]:
        """Return the running and queued calls whose registration lets an interruption cancel."""
        return [
            call for call in self._calls.values() if call.item.registry_item.cancel_on_interruption
        ]

    async def _await_handlers(self, calls: Iterable[Call]) -> None:
        """Wait for cancelled handlers; report by name and leave behind who does not end."""
        waited = {call.task: call for call in calls if call.task and not call.left_behind}
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

    async def _end_calls(self) -> None:
        """Let no call outlive the service; again is harmless."""
        self._calls_ended = True
        self._queue.clear()
        for call in list(self._calls.values()):
            await self._cancel_call(call)
        for call in list(self._handlers.values()):
            self._cancel_handler(call)
        if self._sequential_runner_task is not None:
            await self.cancel_task(self._sequential_runner_task)
        await self._await_handlers(list(self._handlers.values()))

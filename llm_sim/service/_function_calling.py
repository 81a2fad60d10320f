"""Run the model's function calls, at the same time or one after the other."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from llm_sim.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    FrameDirection,
    FunctionCallFromLLM,
    FunctionCallResultProperties,
    FunctionCallsStartedFrame,
    InterruptionFrame,
    StartFrame,
)
from llm_sim.service._ongoing_calls import OngoingCall, is_update, without_duplicates
from llm_sim.service._settling import CallSettling
from llm_sim.service._types import (
    FunctionCallParams,
    FunctionCallRegistryItem,
    FunctionCallResultCallback,
    FunctionCallRunnerItem,
)

if TYPE_CHECKING:
    from llm_sim.service._llm_service import LLMService

_logger = logging.getLogger(__name__)

IMAGE_TIMEOUT_SECS = 10.0
"""How long a call waits for an image when its handler has returned."""

AFTER_RESULT_TIMEOUT_SECS = 10.0
"""How long a handler may work on after its result while other calls wait for it."""


class FunctionCalling(CallSettling):
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
        self._handlers: dict[asyncio.Task[None], OngoingCall] = {}
        self._queue: deque[OngoingCall] = deque()
        self._queued = asyncio.Event()
        self._sequential_runner_task: asyncio.Task[None] | None = None
        self._calls_ended = False
        self._register_event_handler("on_function_calls_started")

    async def start(self, frame: StartFrame) -> None:
        """Start the service.

        Args:
            frame: The start frame.
        """
        await super().start(frame)
        if not self._run_in_parallel and self._sequential_runner_task is None:
            self._sequential_runner_task = self.create_task(
                self._run_queued_calls(), "sequential_runner"
            )

    async def stop(self, frame: EndFrame) -> None:
        """Settle every call and wait for the handlers, within the bound.

        Args:
            frame: The end frame.
        """
        # Before the end frame goes on: Pipecat forgets here what is in flight (#5790, LS101,
        # LS302).
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
        """Settle the calls that are still open, and stop."""
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
        # Before any frame of the batch (LS108). In the reference text the event's handlers run in
        # tasks, and so after the first frames.
        await self._call_event_handler("on_function_calls_started", function_calls)
        calls = [self._new_call(function_call) for function_call in function_calls]
        # All of them before the announcement: whoever sees it and asks for the calls in flight
        # finds the whole batch.
        self._calls.update((call.tool_call_id, call) for call in calls)
        await self.broadcast_frame(FunctionCallsStartedFrame, function_calls=function_calls)
        for call in calls:
            self._dispatch(call)

    async def _acceptable(
        self, function_calls: Sequence[FunctionCallFromLLM]
    ) -> list[FunctionCallFromLLM]:
        # A `process_frame` that swallows its cancellation may still come here, with the calls of a
        # response that was interrupted (LS403).
        if function_calls and (self._calls_ended or self._lanes.left_behind()):
            _logger.warning("%s: refused function calls of a response that is over", self)
            return []
        fresh, duplicates = without_duplicates(function_calls, self._calls)
        # No frame could tell which of two calls with one id it is about.
        for function_call in duplicates:
            await self.push_error(
                f"{self}: refused a call of {function_call.function_name!r}: another call in "
                f"flight has its tool_call_id {function_call.tool_call_id!r}"
            )
        return fresh

    def _new_call(self, function_call: FunctionCallFromLLM) -> OngoingCall:
        # Looked up once, when the model asks. The function may be unregistered, or registered anew,
        # before the call's turn comes (LS106).
        registration = self._registration(function_call.function_name)
        catch_all = self._functions.get(None)
        item = FunctionCallRunnerItem(
            registry_item=registration,
            function_name=function_call.function_name,
            tool_call_id=function_call.tool_call_id,
            arguments=function_call.arguments,
            context=function_call.context,
        )
        return OngoingCall(
            item, registration.start_callback or (catch_all.start_callback if catch_all else None)
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

    def _dispatch(self, call: OngoingCall) -> None:
        if self._run_in_parallel:
            self._start_call(call)
        else:
            self._queue.append(call)
            self._queued.set()
            # A handler that works on after its result is left in peace until somebody waits for it.
            self._make_way()

    def _start_call(self, call: OngoingCall) -> None:
        """Start the handler of a call, unless the call was settled while it waited."""
        if not self._is_unsettled(call):
            call.gone.set()
            return
        task = self.create_task(self._run_call(call), str(call))
        call.task = task
        self._handlers[task] = call
        # A callback and not a `finally` in the coroutine: a task that is cancelled before its first
        # step never enters its coroutine, and the queue would wait for `gone` for ever.
        task.add_done_callback(self._handler_ended)

    def _handler_ended(self, task: asyncio.Task[None]) -> None:
        call = self._handlers.pop(task)
        call.stop_timer()
        call.gone.set()

    async def _run_queued_calls(self) -> None:
        """Run one call after the other; the next one only when the handler before it has ended."""
        while True:
            while self._queue:
                call = self._queue.popleft()
                self._start_call(call)
                # The event, not the task: the runner would be cancelled together with the task that
                # it awaits, and no function would ever run again (Pipecat #2043, up to 1.7.0;
                # LS107, LS111).
                await call.gone.wait()
            # Nothing is awaited between the look at the empty queue and this line, so no call is
            # missed.
            self._queued.clear()
            await self._queued.wait()

    async def _run_call(self, call: OngoingCall) -> None:
        item = call.item
        registration = item.registry_item
        # Armed before the start callback, which may hang as well as the handler
        # (test_the_timeout_of_a_call_bounds_its_start_callback).
        if registration.timeout_secs is not None:
            loop = asyncio.get_running_loop()
            call.timer = loop.call_later(registration.timeout_secs, self._timeout_reached, call)
        try:
            if call.start_callback is not None:
                await call.start_callback(item.function_name, self, item.context)
                if not self._is_unsettled(call):
                    return  # It swallowed its cancellation; what it starts is settled.
            await self._begin(call)
            await registration.handler(self._params(call))
            await self._await_image(call)
        except asyncio.CancelledError:
            # The service did not ask for it: the handler awaited something that was cancelled. Its
            # call is over all the same, and must not stay open (LS101).
            if not call.cancelled:
                await self._fail(call, f"function {item.function_name!r} was cancelled from inside")
            raise
        except Exception as error:
            message = f"function {item.function_name!r} failed: {error!r}"
            # Besides the result, which only the model reads: an exception that nobody else hears of
            # is unseen (LS303).
            await self.push_error(f"{self}: {message}", error)
            await self._fail(call, message)
        except BaseException as error:
            # It goes on to whoever runs the loop; the conversation must not wait for it.
            await self._fail(call, f"function {item.function_name!r} failed: {error!r}")
            raise
        else:
            # A handler could have handed its callback to a task that answers later, or never:
            # nobody can tell which, and a call that waits for an answer that never comes stops
            # the conversation. So a call is over when its handler is; who needs longer waits.
            problem = "returned without a result"
            if call.image is not None:
                problem = f"got no image within {IMAGE_TIMEOUT_SECS} s"
            await self._fail(call, f"function {item.function_name!r} {problem}")

    async def _await_image(self, call: OngoingCall) -> None:
        """Wait for the image that the handler asked for, which is its answer; a bounded time."""
        if call.image is None:
            return
        timer = asyncio.get_running_loop().call_later(IMAGE_TIMEOUT_SECS, call.image.set)
        try:
            await call.image.wait()
        finally:
            timer.cancel()

    def _params(self, call: OngoingCall) -> FunctionCallParams:
        return FunctionCallParams(
            function_name=call.item.function_name,
            tool_call_id=call.item.tool_call_id,
            arguments=call.item.arguments,
            llm=cast("LLMService", self),
            context=call.item.context,
            result_callback=self._result_callback(call),
        )

    def _result_callback(self, call: OngoingCall) -> FunctionCallResultCallback:
        # The closure holds the call and not its id: when a late result comes, the id may be that of
        # a call that has nothing to do with it (LS109).
        async def result_callback(
            result: Any, *, properties: FunctionCallResultProperties | None = None
        ) -> None:
            update = is_update(properties)
            if update and call.item.registry_item.cancel_on_interruption:
                _logger.warning(
                    "%s: dropped an update of %s: only a function that is registered with "
                    "cancel_on_interruption=False has them",
                    self,
                    call,
                )
            elif not await self._answer(call, result, properties=properties):
                _logger.warning("%s: dropped a result of %s, which is settled", self, call)
            elif not self._run_in_parallel and not update:
                self._expect_end(call)

        return result_callback

    def _expect_end(self, call: OngoingCall) -> None:
        # In sequential mode the next handler starts when this one has ended, not when it has
        # answered: the mode promises one handler at a time, and what a handler does after its
        # result is part of it. But if it hangs there, nothing else would ever end it: a timeout is
        # met by the answer, and an interruption leaves settled calls alone. So its time is bounded;
        # and only while a call waits behind it, for whoever says goodbye and then hangs up a minute
        # later is in nobody's way.
        if not call.gone.is_set():
            loop = asyncio.get_running_loop()
            call.timer = loop.call_later(AFTER_RESULT_TIMEOUT_SECS, self._outstays, call)

    def _outstays(self, call: OngoingCall) -> None:
        call.timer = None
        call.outstayed = True
        self._make_way()

    def _make_way(self) -> None:
        """End the handler that answered long ago and holds up the queue."""
        for call in list(self._handlers.values()):
            if call.outstayed and self._queue and not call.cancelled:
                self._cancel_handler(call)
                self.create_task(self._ended_for_the_queue(call), f"outstayed:{call}")

    async def _ended_for_the_queue(self, call: OngoingCall) -> None:
        await self.push_error(
            f"{self}: cancelled the handler of {call}, which worked on for more than "
            f"{AFTER_RESULT_TIMEOUT_SECS} s after its result while other calls waited for it"
        )
        await self._await_handlers([call])

    def _timeout_reached(self, call: OngoingCall) -> None:
        call.timer = None
        self.create_task(self._time_out(call), f"timeout:{call}")

    async def _time_out(self, call: OngoingCall) -> None:
        item = call.item
        secs = item.registry_item.timeout_secs
        message = f"function {item.function_name!r} did not answer within {secs} s"
        # Settled first, so that a handler that answers while it is cancelled comes too late: in
        # Pipecat up to 1.7.0 a second result followed (#4936, LS101, LS102).
        if await self._fail(call, message):
            self._cancel_handler(call)
            await self._await_handlers([call])

    async def _handle_interruptions(self, _: InterruptionFrame) -> None:
        # The list is complete before anything is awaited. Pipecat up to 1.7.0 awaited while it
        # walked its dictionary, which a handler that ended meanwhile changed (PR #5291, LS303).
        calls = self._calls_to_interrupt()
        for call in calls:
            await self._cancel_call(call)
        if any(call.task is not None for call in calls):
            # In a task of its own: the interruption does not wait for what handlers do about it.
            self.create_task(self._await_handlers(calls), "cancelled_handlers")

    def _calls_to_interrupt(self) -> list[OngoingCall]:
        """Return the running and queued calls whose registration lets an interruption cancel."""
        # Running or queued: in Pipecat a queued call survives, and hangs up on a caller who has
        # just interrupted (#4997, LS106). Unregistered functions are in the list, because they have
        # a registration of their own.
        return [
            call for call in self._calls.values() if call.item.registry_item.cancel_on_interruption
        ]

    async def _end_calls(self) -> None:
        """Settle every call and end every handler; ending twice is no mistake."""
        # First of all: what a cancelled handler does in its `finally` may ask for another call.
        self._calls_ended = True
        self._queue.clear()
        for call in list(self._calls.values()):
            await self._cancel_call(call)
        # Handlers of settled calls too: they have answered, and no handler may run on when the
        # service is gone (Pipecat #4948, LS302).
        for call in list(self._handlers.values()):
            self._cancel_handler(call)
        if self._sequential_runner_task is not None:
            await self.cancel_task(self._sequential_runner_task)
        await self._await_handlers(list(self._handlers.values()))

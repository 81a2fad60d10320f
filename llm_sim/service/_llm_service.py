"""The LLM service: what a provider's service is built on."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from llm_sim.errors import UsageError
from llm_sim.frames import (
    Frame,
    FrameDirection,
    InterruptionFrame,
    LLMContextFrame,
    UserImageRequestFrame,
)
from llm_sim.service._adapters import BaseLLMAdapter, OpenAILLMAdapter
from llm_sim.service._aggregator_pair import LLMContextAggregatorPair
from llm_sim.service._assistant_aggregator import LLMAssistantAggregatorParams
from llm_sim.service._errors import UnknownFunctionError
from llm_sim.service._function_calling import FunctionCalling
from llm_sim.service._legacy import single_parameter, warn_of_start_callback
from llm_sim.service._llm_context import OpenAILLMContext
from llm_sim.service._task_owner import CANCEL_TIMEOUT_SECS
from llm_sim.service._types import FunctionCallParams, FunctionCallRegistryItem, StartCallback
from llm_sim.service._user_aggregator import LLMUserAggregatorParams


class LLMService(FunctionCalling):
    """Register functions, run the model's calls of them, and keep every law while doing so.

    A provider's service overrides `process_frame`: it runs the model on an `LLMContextFrame` from
    either direction, hands the calls to `run_function_calls`, and pushes every other frame on. A
    context frame whose context has an unsettled call does not reach `process_frame`: the run is put
    off until the assistant aggregator has settled the call.

    Args:
        run_in_parallel: Whether the calls of a batch run at the same time, or one after the other.
        cancel_timeout_secs: How long a cancelled handler may take to end before it is reported by
            name and left behind.
        **kwargs: For the frame processor.

    Event handlers:
        on_function_calls_started: Called with the calls of a batch, before any frame of it.
        on_completion_timeout: Called by a provider's service when a completion times out.
    """

    adapter_class: ClassVar[type[BaseLLMAdapter]] = OpenAILLMAdapter

    def __init__(
        self,
        run_in_parallel: bool = True,
        *,
        cancel_timeout_secs: float = CANCEL_TIMEOUT_SECS,
        **kwargs: Any,
    ) -> None:
        super().__init__(run_in_parallel, cancel_timeout_secs=cancel_timeout_secs, **kwargs)
        self._adapter = self.adapter_class()
        self._put_off: list[OpenAILLMContext] = []
        self._register_event_handler("on_completion_timeout")

    def get_llm_adapter(self) -> BaseLLMAdapter:
        """Return the adapter, an instance of `adapter_class`."""
        return self._adapter

    def create_context_aggregator(
        self,
        context: OpenAILLMContext,
        *,
        user_params: LLMUserAggregatorParams | None = None,
        assistant_params: LLMAssistantAggregatorParams | None = None,
    ) -> LLMContextAggregatorPair:
        """Return the two aggregators of a context.

        Args:
            context: The context.
            user_params: The settings of the user's side.
            assistant_params: The settings of the assistant's side.
        """
        context.set_llm_adapter(self._adapter)
        return LLMContextAggregatorPair(
            context, user_params=user_params, assistant_params=assistant_params
        )

    def register_function(
        self,
        function_name: str | None,
        handler: Any,
        start_callback: StartCallback | None = None,
        *,
        cancel_on_interruption: bool = True,
        timeout_secs: float | None = None,
    ) -> None:
        """Register a function, or register it anew.

        A call keeps the registration that was in force when the model asked for it.

        Args:
            function_name: The function; None catches every call of a function that has no
                registration of its own.
            handler: An async function with one parameter, `FunctionCallParams`. It calls
                ``params.result_callback`` once, before it returns; before that, with updates.
            start_callback: Deprecated: put its code at the top of the handler. Called with
                ``(function_name, llm, context)`` before the call is in progress; that of the
                catch-all also serves functions that have none of their own.
            cancel_on_interruption: Whether an interruption cancels the calls. Only calls that it
                does not cancel have updates.
            timeout_secs: How long a call may run before it is settled without the handler, and the
                handler is cancelled; None is for ever.

        Raises:
            UsageError: The handler cannot be called with one argument, or the timeout is not
                positive.
        """
        if not callable(handler):
            raise UsageError(f"the handler of {function_name!r} cannot be called: {handler!r}")
        if timeout_secs is not None and timeout_secs <= 0:
            raise UsageError(f"timeout_secs of {function_name!r} is {timeout_secs!r}, not positive")
        if start_callback is not None:
            warn_of_start_callback()
        # A new item: calls in flight keep the one that they began with.
        self._functions[function_name] = FunctionCallRegistryItem(
            function_name=function_name,
            handler=single_parameter(handler),
            cancel_on_interruption=cancel_on_interruption,
            timeout_secs=timeout_secs,
            start_callback=start_callback,
        )

    def register_direct_function(
        self,
        handler: Any,
        *,
        cancel_on_interruption: bool = True,
        timeout_secs: float | None = None,
    ) -> None:
        """Register a function that takes its arguments by name, under its own name.

        Args:
            handler: An async function whose first parameter is `FunctionCallParams`; the others are
                the arguments that the model gives.
            cancel_on_interruption: As for `register_function`.
            timeout_secs: As for `register_function`.

        Raises:
            UsageError: As for `register_function`.
        """

        async def handle(params: FunctionCallParams) -> None:
            await handler(params, **params.arguments)

        self.register_function(
            handler.__name__,
            handle,
            cancel_on_interruption=cancel_on_interruption,
            timeout_secs=timeout_secs,
        )

    def unregister_function(self, function_name: str | None) -> None:
        """Remove a registration; calls in flight keep it.

        Args:
            function_name: The function; None for the catch-all.

        Raises:
            UnknownFunctionError: It is not registered.
        """
        if function_name not in self._functions:
            raise UnknownFunctionError(self.name, function_name, tuple(self._functions))
        del self._functions[function_name]

    def has_function(self, function_name: str | None) -> bool:
        """Return whether calls of a function have a handler, its own or the catch-all.

        Args:
            function_name: The function.
        """
        return function_name in self._functions or None in self._functions

    async def request_image_frame(
        self,
        user_id: str,
        *,
        function_name: str | None = None,
        tool_call_id: str | None = None,
        text_content: str | None = None,
        video_source: str | None = None,
    ) -> None:
        """Ask for an image of a user.

        A handler that asks for an image of its own call may return without a result: the image is
        the answer. The call stays open for it, a bounded time.

        Args:
            user_id: Whose camera.
            function_name: The function that asks.
            tool_call_id: The call that asks.
            text_content: The text that goes with the image.
            video_source: Which of the user's sources.
        """
        # Noted before the request is pushed: an image that comes at once must find its call open.
        call = self._calls.get(tool_call_id or "")
        if call is not None and call.image is None:
            call.image = asyncio.Event()
        await self.push_frame(
            UserImageRequestFrame(
                user_id=user_id,
                context=text_content,
                function_name=function_name,
                tool_call_id=tool_call_id,
                video_source=video_source,
                result_callback=None if call is None else self._result_callback(call),
            ),
            FrameDirection.UPSTREAM,
        )

    async def _handle_interruptions(self, frame: InterruptionFrame) -> None:
        # What was put off is dropped like the context frame that waits in the queue.
        for context in self._put_off:
            context.forget_owed_run()
        self._put_off.clear()
        await super()._handle_interruptions(frame)

    def _holds(self, frame: Frame, direction: FrameDirection) -> bool:
        # Decided in the lane, because `process_frame` belongs to the provider's service, which
        # overrides it.
        if not isinstance(frame, LLMContextFrame):
            return False
        context = frame.context
        if not isinstance(context, OpenAILLMContext) or not context.put_off_run():
            return False
        if not any(other is context for other in self._put_off):
            self._put_off.append(context)
        return True

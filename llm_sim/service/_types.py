"""The parts of a function call: what is registered, and what a handler is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from llm_sim.frames import FunctionCallResultProperties
from llm_sim.service._llm_context import OpenAILLMContext

if TYPE_CHECKING:
    from llm_sim.service._llm_service import LLMService


class FunctionCallResultCallback(Protocol):
    """What a handler calls with its result."""

    async def __call__(
        self, result: Any, *, properties: FunctionCallResultProperties | None = None
    ) -> None:
        """Settle the call, or tell of an update if the properties say ``is_final=False``.

        Args:
            result: Any JSON value.
            properties: What to do with it; read are its attributes, so it may be Pipecat's.
        """


@dataclass(slots=True)
class FunctionCallParams:
    """What a handler is given.

    Parameters:
        function_name: The function that the model called.
        tool_call_id: The call.
        arguments: The arguments.
        llm: The service that runs the call.
        context: The context that the model was run on.
        result_callback: What to call with the result, once and before the handler returns; with
            updates as often as it likes before.
    """

    function_name: str
    tool_call_id: str
    arguments: Mapping[str, Any]
    llm: LLMService
    context: OpenAILLMContext
    result_callback: FunctionCallResultCallback


FunctionCallHandler = Callable[[FunctionCallParams], Awaitable[None]]
StartCallback = Callable[..., Awaitable[None]]


@dataclass(slots=True, eq=False)
class FunctionCallRegistryItem:
    """What a function was registered with.

    Parameters:
        function_name: The function; None for the catch-all.
        handler: What runs its calls.
        cancel_on_interruption: Whether an interruption cancels its calls.
        timeout_secs: How long a call may run; None is for ever.
        start_callback: Called before the handler; deprecated.
    """

    function_name: str | None
    handler: FunctionCallHandler
    cancel_on_interruption: bool
    timeout_secs: float | None = None
    start_callback: StartCallback | None = None


@dataclass(slots=True, eq=False)
class FunctionCallRunnerItem:
    """One call, with the registration that was in force when the model asked for it.

    Parameters:
        registry_item: The registration.
        function_name: The function that the model called.
        tool_call_id: The call.
        arguments: The arguments.
        context: The context that the model was run on.
        run_llm: Whether to run the model after the batch; None leaves it to the rule.
    """

    registry_item: FunctionCallRegistryItem
    function_name: str
    tool_call_id: str
    arguments: Mapping[str, Any]
    context: OpenAILLMContext
    run_llm: bool | None = None

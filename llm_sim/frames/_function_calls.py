"""The frames of a function call, from its announcement to its one terminal frame."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from llm_sim.frames._base import ControlFrame, DataFrame, SystemFrame


@dataclass(slots=True)
class FunctionCallFromLLM:
    """One call that the model asks for.

    Parameters:
        function_name: The function to call.
        tool_call_id: The call's id, unique among the calls in flight.
        arguments: The arguments, as parsed JSON.
        context: The context that the model was run on.
    """

    function_name: str
    tool_call_id: str
    arguments: Mapping[str, Any]
    context: Any = None


@dataclass(slots=True)
class FunctionCallResultProperties:
    """What a handler says about its result.

    Parameters:
        run_llm: Whether to run the model after the batch of the call; None leaves it to the rule.
        on_context_updated: Called, in a task of its own, once the result is in the context.
        is_final: False says that it is an update: the call goes on, and its result is still to
            come. Only calls that outlive an interruption have updates.
    """

    run_llm: bool | None = None
    on_context_updated: Callable[[], Awaitable[None]] | None = None
    is_final: bool = True


@dataclass(slots=True, eq=False)
class FunctionCallsStartedFrame(SystemFrame):
    """A batch of calls is announced; none of them runs yet.

    Parameters:
        function_calls: The calls of the batch, in call order.
    """

    function_calls: Sequence[FunctionCallFromLLM]


@dataclass(slots=True, eq=False)
class FunctionCallInProgressFrame(ControlFrame):
    """The handler of a call is about to run.

    Parameters:
        function_name: The function.
        tool_call_id: The call.
        arguments: The arguments.
        cancel_on_interruption: What the registration at the time of the call says.
    """

    interruptible: ClassVar[bool] = False

    function_name: str
    tool_call_id: str
    arguments: Mapping[str, Any]
    cancel_on_interruption: bool = False


@dataclass(slots=True, eq=False)
class FunctionCallResultFrame(DataFrame):
    """A call is settled with a result, or tells of an update on the way to it.

    Parameters:
        function_name: The function.
        tool_call_id: The call.
        arguments: The arguments.
        result: Any JSON value.
        run_llm: Whether to run the model after the batch of the call; the properties win.
        properties: What the handler said about its result.
        error: What went wrong, when the result was written by the service and not by the handler.
    """

    interruptible: ClassVar[bool] = False

    function_name: str
    tool_call_id: str
    arguments: Mapping[str, Any]
    result: Any
    run_llm: bool | None = None
    properties: FunctionCallResultProperties | None = None
    error: str | None = None


@dataclass(slots=True, eq=False)
class FunctionCallCancelFrame(ControlFrame):
    """A call is settled without a result.

    A control frame, where Pipecat has a system frame: a cancel that overtakes the in-progress frame
    it cancels leaves the call in progress for ever (pipecat #5779).

    Parameters:
        function_name: The function.
        tool_call_id: The call.
    """

    interruptible: ClassVar[bool] = False

    function_name: str
    tool_call_id: str

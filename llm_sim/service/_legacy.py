"""Handlers of older Pipecat code, as handlers with one parameter."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

from llm_sim.service._types import FunctionCallHandler, FunctionCallParams, StartCallback


def single_parameter(handler: Any, start_callback: StartCallback | None) -> FunctionCallHandler:
    """Return a handler that takes `FunctionCallParams`, whatever the given one takes.

    Args:
        handler: A handler with one parameter, or with the six of
            ``(function_name, tool_call_id, arguments, llm, context, result_callback)``.
        start_callback: Called with ``(function_name, llm, context)`` before the handler.
    """
    takes_six = len(inspect.signature(handler).parameters) > 1
    if takes_six:
        warnings.warn(
            "a function handler with six parameters is deprecated; take one FunctionCallParams",
            DeprecationWarning,
            stacklevel=3,
        )
    if start_callback is not None:
        warnings.warn(
            "start_callback is deprecated; put its code at the top of the handler",
            DeprecationWarning,
            stacklevel=3,
        )
    if not takes_six and start_callback is None:
        checked: FunctionCallHandler = handler
        return checked

    async def adapted(params: FunctionCallParams) -> None:
        if start_callback is not None:
            await start_callback(params.function_name, params.llm, params.context)
        if not takes_six:
            await handler(params)
            return
        await handler(
            params.function_name,
            params.tool_call_id,
            params.arguments,
            params.llm,
            params.context,
            params.result_callback,
        )

    return adapted

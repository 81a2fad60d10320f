"""Accept what older Pipecat code registers, and warn at the line that registers it."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

from llm_sim.errors import UsageError
from llm_sim.service._types import FunctionCallHandler, FunctionCallParams


def single_parameter(handler: Any) -> FunctionCallHandler:
    """Return a handler that takes `FunctionCallParams`, whatever the given one takes.

    A handler that can be called with one argument is called with one, mocks and optional further
    parameters included.

    Args:
        handler: A handler with one parameter, or with the six of
            ``(function_name, tool_call_id, arguments, llm, context, result_callback)``.

    Raises:
        UsageError: It takes neither one argument nor six.
    """
    signature = inspect.signature(handler)
    # One before six: a handler with five optional parameters more is a handler of today.
    if _takes(signature, 1):
        checked: FunctionCallHandler = handler
        return checked
    if not _takes(signature, 6):
        raise UsageError(f"the handler {handler!r} takes {signature}, not one FunctionCallParams")
    # Here and not where it is called: there the warning would name a line of ours, once a call.
    _warn_deprecated("a function handler with six parameters", "take one FunctionCallParams")
    return _with_six_arguments(handler)


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True


def warn_of_start_callback() -> None:
    """Warn that `start_callback` is deprecated."""
    _warn_deprecated("start_callback", "put its code at the top of the handler")


def _with_six_arguments(handler: Any) -> FunctionCallHandler:
    async def adapted(params: FunctionCallParams) -> None:
        await handler(
            params.function_name,
            params.tool_call_id,
            params.arguments,
            params.llm,
            params.context,
            params.result_callback,
        )

    return adapted


def _warn_deprecated(what: str, remedy: str) -> None:
    # The line that called register_function: past this function, its caller and register_function.
    warnings.warn(f"{what} is deprecated; {remedy}", DeprecationWarning, stacklevel=4)

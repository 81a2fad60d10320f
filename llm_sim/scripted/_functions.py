"""Stub tools that are plain functions: they take arguments by name and return the result."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from inspect import Parameter
from typing import Any, Protocol

from llm_sim.errors import UsageError, did_you_mean
from llm_sim.scenario import Call

StubFunction = Callable[..., Any]
"""Takes the call's arguments by name, as many of them as it wants; returns the result, or an
awaitable of it. What it raises, the handler raises."""


class Called(Protocol):
    """What a stub function's handler reads of Pipecat's ``FunctionCallParams``.

    Parameters:
        arguments: What the model called it with, by name.
        result_callback: Takes the result.
    """

    arguments: Mapping[str, Any]
    result_callback: Callable[..., Awaitable[None]]


def function_stub(function: StubFunction) -> Callable[[Called], Coroutine[Any, Any, None]]:
    """Return a handler that answers with what a function returns."""
    wanted = _parameters(function)

    async def handler(params: Called) -> None:
        given = params.arguments
        if not _takes_all(wanted):
            given = {name: value for name, value in given.items() if name in wanted}
        result = function(**given)
        if inspect.isawaitable(result):
            result = await result
        await params.result_callback(result)

    return handler


def check_stub_functions(stubs: Mapping[str, StubFunction], calls: Iterable[Call]) -> None:
    """Refuse functions that a script calls without what they need.

    Args:
        stubs: The functions by the name of their tool.
        calls: The calls of the script.

    Raises:
        UsageError: One is no function, takes arguments by position only, wants an argument that a
            call does not give, or one that looks like a misspelt one.
    """
    called = list(calls)
    for tool, function in stubs.items():
        if not callable(function):
            raise UsageError(f"the stub of {tool!r} must be a function, not {function!r}")
        mine = [call for call in called if call.name == tool]
        for problem in _problems(_parameters(function), mine):
            raise UsageError(f"the stub of {tool!r} {problem}")


def _problems(wanted: Mapping[str, Parameter], calls: list[Call]) -> Iterator[str]:
    for name, parameter in wanted.items():
        if parameter.kind is Parameter.POSITIONAL_ONLY:
            yield f"takes {name!r} by position; arguments come by name: remove the /"
        if parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
            continue
        without = [call for call in calls if name not in call.args]
        if not without:
            continue
        given = list(without[0].args)
        near = did_you_mean(name, given)
        is_misspelt = near and len(without) == len(calls)
        if parameter.default is Parameter.empty or is_misspelt:
            what = ", ".join(given) or "nothing"
            yield f"wants {name!r}{near}; call {without[0].id} gives {what}"


def _parameters(function: StubFunction) -> Mapping[str, Parameter]:
    try:
        return inspect.signature(function).parameters
    except ValueError:  # a built-in that does not say what it takes
        return {"arguments": Parameter("arguments", Parameter.VAR_KEYWORD)}


def _takes_all(parameters: Mapping[str, Parameter]) -> bool:
    return any(each.kind is Parameter.VAR_KEYWORD for each in parameters.values())

"""What a service says about its calls, as lines of text that can be compared."""

from __future__ import annotations

import json
from typing import Any

from llm_sim.trace import Trace

TYPES = (
    "FunctionCallsStarted",
    "FunctionCallInProgress",
    "FunctionCallResult",
    "FunctionCallCancel",
)
TOLD = ("arguments", "result", "cancel_on_interruption")
"""What a frame says besides whom it is about."""


def line(type_: str, calls: list[tuple[str, str]], fields: dict[str, Any]) -> str:
    """Return one frame as text.

    Args:
        type_: Its type without the ``Frame`` suffix.
        calls: The id and the function of each call that it is about.
        fields: What else it says, by the names in ``TOLD``.
    """
    whom = " ".join(f"{call}:{function}" for call, function in calls)
    what = [f"{name}={json.dumps(fields[name])}" for name in TOLD if name in fields]
    return " ".join([type_, whom, *what])


def lines_of(trace: Trace, direction: str, service: str = "llm") -> list[str]:
    """Return what the service of a trace pushed about calls in a direction, in order.

    What comes after rest is the harness's own.
    """
    rest = trace.last("rest")
    end = len(trace.events) if rest is None else rest.seq
    return [
        _line_of(trace.frames[event.frame].type, trace.frames[event.frame].fields)
        for event in trace.of("push")
        if event.frame is not None
        and event.seq < end
        and event.direction == direction
        and event.data["by"] == service
        and trace.frames[event.frame].type in TYPES
    ]


def _line_of(type_: str, fields: dict[str, Any]) -> str:
    batch = fields.get("function_calls")
    if batch is None:
        return line(type_, [(fields["tool_call_id"], fields["function_name"])], fields)
    calls = [(call["tool_call_id"], call["function_name"]) for call in batch]
    return line(type_, calls, {"arguments": [call["arguments"] for call in batch]})

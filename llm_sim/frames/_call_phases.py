"""The phases of a tool call, and the frame that moves a call into each: one row a phase.

Whoever follows calls reads this table: the trace, the recorder, golden traces, coverage, drawn
landings, expectations and the laws. A frame about calls that has no row is recorded like any other
frame, and moves no call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

PhaseName = Literal["started", "in_progress", "update", "result", "cancelled"]
"""What may become of a call, in the order of its life."""


@dataclass(frozen=True, slots=True)
class CallPhase:
    """A phase of a call.

    Parameters:
        name: Its name.
        frame: The type of the frame that says it, without the ``Frame`` suffix.
        after: The phase that must come before it; None for the one that begins a call.
        ends: Whether nothing more may come of the call.
        fields: What a trace keeps of the frame.
        shows: The field that is shown to people beside the call's id and function, or empty.
        anchors: How many of these frames, from the first, a drawn stimulus may be counted from.
    """

    name: PhaseName
    frame: str
    after: PhaseName | None = None
    ends: bool = False
    fields: tuple[str, ...] = ()
    shows: str = ""
    anchors: int = 0


CALL_PHASES: Final = (
    # It announces a whole batch; the recorder keeps its list of calls besides the fields.
    CallPhase("started", "FunctionCallsStarted", anchors=1),
    CallPhase(
        "in_progress",
        "FunctionCallInProgress",
        after="started",
        fields=("function_name", "tool_call_id", "arguments", "cancel_on_interruption"),
        shows="arguments",
        anchors=2,
    ),
    # An update is a result that says that it is not the final one.
    CallPhase("update", "FunctionCallResult", after="in_progress", shows="result"),
    CallPhase(
        "result",
        "FunctionCallResult",
        after="in_progress",
        ends=True,
        fields=("function_name", "tool_call_id", "arguments", "result", "run_llm"),
        shows="result",
        anchors=2,
    ),
    # A queued call is cancelled without ever having been in progress.
    CallPhase(
        "cancelled",
        "FunctionCallCancel",
        after="started",
        ends=True,
        fields=("function_name", "tool_call_id", "run_llm"),
    ),
)

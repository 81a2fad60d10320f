"""The life of a call, read off a trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from llm_sim.frames import CALL_PHASES
from llm_sim.trace._events import DOWN, SERVICE, Event
from llm_sim.trace._phases import phase_of
from llm_sim.trace._trace import Trace


@dataclass(slots=True)
class CallLife:
    """One tool call, from what the service pushed about it.

    Parameters:
        id: The tool-call id.
        name: The function's name.
        batch: The number of the FunctionCallsStarted frame that announced it.
        pushes: For each direction the ``(phase, event)`` pairs that the service pushed, in order;
            an intermediate result is the phase ``update``.
        handler: The handler's events, in order.
        arguments: What the model called it with.
        result: What its final result says; None until there is one.
        context: What the context thinks of it at rest: ``in_progress``, ``cancelled``, ``settled``
            or ``missing``; empty where it is not in the context, or before rest.
        message: The content of its tool message at rest, or empty.
    """

    id: str
    name: str = ""
    batch: int | None = None
    pushes: dict[str, list[tuple[str, Event]]] = field(default_factory=dict)
    handler: list[Event] = field(default_factory=list)
    arguments: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    context: str = ""
    message: str = ""

    @property
    def phases(self) -> list[str]:
        """The phases that were pushed downstream, in order.

        They are ``started``, ``in_progress``, ``update``, ``result`` and ``cancelled``.
        """
        return self.phases_in(DOWN)

    @property
    def is_cancelled(self) -> bool:
        """Whether the first thing that settled it downstream was a cancel."""
        return self.settled_as(DOWN) == "cancelled"

    def phases_in(self, direction: str) -> list[str]:
        """Return the phases that were pushed in a direction, in order."""
        return [phase for phase, _ in self.pushes.get(direction, ())]

    def settled_by(self, direction: str) -> Event | None:
        """Return the first terminal push in a direction, or None."""
        return next(
            (event for phase, event in self.pushes.get(direction, ()) if phase in _TERMINAL), None
        )

    def settled_as(self, direction: str) -> str:
        """Return the phase of the first terminal push in a direction; empty without one."""
        return next((phase for phase in self.phases_in(direction) if phase in _TERMINAL), "")

    def settled_before(self, moment: Event, direction: str = DOWN) -> bool:
        """Return whether it had a terminal push in a direction before a moment."""
        end = self.settled_by(direction)
        return end is not None and end.seq < moment.seq


_TERMINAL: Final = frozenset(phase.name for phase in CALL_PHASES if phase.ends)


def calls(trace: Trace, service: str = SERVICE) -> dict[str, CallLife]:
    """Return every call of the trace by its id, in the order of first sight.

    Args:
        trace: The trace.
        service: The label of the processor whose pushes count.
    """
    found: dict[str, CallLife] = {}

    def life(call: str) -> CallLife:
        return found.setdefault(call, CallLife(call))

    for event in trace.events:
        if event.kind == "handler":
            life(event.call).handler.append(event)
        if event.kind != "push" or event.data.get("by") != service or event.frame is None:
            continue
        frame = trace.frames[event.frame]
        phase = phase_of(frame)
        if phase is None:
            continue
        for call in frame.calls:
            one = life(call)
            one.pushes.setdefault(event.direction, []).append((phase.name, event))
            told = _told(frame.fields, call)
            one.name = one.name or str(told.get("function_name", ""))
            one.arguments = one.arguments or _arguments(told)
            if phase.name == "started" and one.batch is None:
                one.batch = frame.number
            if phase.name == "result" and event.direction == DOWN and one.result is None:
                one.result = frame.fields.get("result")
    return found


def calls_at_rest(trace: Trace) -> dict[str, CallLife]:
    """Return every call of the conversation, with what the context has of it at rest."""
    lives = calls(trace.until_rest())
    state = trace.last("state")
    if state is not None:
        for life in lives.values():
            life.context = state.data["context"].get(life.id, "")
            life.message = state.data["contents"].get(life.id, "")
    return lives


def _told(fields: dict[str, Any], call: str) -> dict[str, Any]:
    """Return what a frame tells of one of its calls."""
    listed = fields.get("function_calls")
    if isinstance(listed, list):
        return next((each for each in listed if each["tool_call_id"] == call), {})
    return fields


def _arguments(told: dict[str, Any]) -> dict[str, Any]:
    arguments = told.get("arguments")
    return arguments if isinstance(arguments, dict) else {}


def effects(trace: Trace) -> Iterator[Event]:
    """Yield the event by which each run of a handler took effect, in order.

    It has taken effect when it calls back with a final result, or when it returns, whichever is
    first. A handler that raises, or is cancelled, and has not called back has had no effect.
    """
    acted: set[str] = set()
    for event in trace.of("handler", "answer"):
        if event.data.get("phase") == "started":
            acted.discard(event.call)
        elif event.call not in acted and _acts(event):
            acted.add(event.call)
            yield event


def _acts(event: Event) -> bool:
    if event.kind == "answer":
        return bool(event.data.get("final", True))
    return bool(event.data["phase"] == "returned")

"""Traces written by hand, with good defaults."""

from __future__ import annotations

from typing import Any

from llm_sim.trace import DOWN, UP, Event, FrameRecord, Header, Trace

_LANES = {"Interruption": "system", "Cancel": "system", "FunctionCallsStarted": "system"}


class Told:
    """Tells a trace event by event; each verb returns the teller.

    A frame about a call is pushed by the service both ways and processed by the assistant
    aggregator, unless ``ways`` or ``seen`` say otherwise.
    """

    def __init__(self, *, mode: str = "parallel") -> None:
        self.trace = Trace(Header("reference 0.1.0", "told", mode))
        self.now_ms = 0

    def after(self, ms: int) -> Told:
        """Let virtual time pass."""
        self.now_ms += ms
        return self

    def event(self, kind: str, where: str = "", *, cause: int | None = None, **more: Any) -> Event:
        """Append one event."""
        event = Event(
            len(self.trace.events),
            len(self.trace.events),
            self.now_ms * 1_000_000,
            kind,
            where,
            cause=cause,
            **more,
        )
        self.trace.events.append(event)
        return event

    def frame(self, type_: str, *calls: str, kept: bool = False, **fields: Any) -> int:
        """Append one frame and return its number."""
        number = len(self.trace.frames)
        lane = _LANES.get(type_, "control")
        self.trace.frames.append(FrameRecord(number, type_, lane, calls, fields, kept))
        return number

    def about(
        self,
        type_: str,
        *calls: str,
        ways: tuple[str, ...] = (DOWN, UP),
        seen: bool = True,
        cause: int | None = None,
        **fields: Any,
    ) -> Told:
        """Push a frame about calls."""
        for way in ways:
            number = self.frame(type_, *calls, **fields)
            neighbour = "assistant" if way == DOWN else "user"
            self.event(
                "push", neighbour, direction=way, frame=number, data={"by": "llm"}, cause=cause
            )
            if seen:
                self.event("process", neighbour, direction=way, frame=number)
        return self

    def started(self, *calls: str, **how: Any) -> Told:
        """Announce a batch."""
        listed = [{"function_name": "f", "tool_call_id": c, "arguments": {}} for c in calls]
        return self.about("FunctionCallsStarted", *calls, function_calls=listed, **how)

    def in_progress(self, call: str, **how: Any) -> Told:
        """Put a call in progress."""
        return self.about("FunctionCallInProgress", call, function_name="f", **how)

    def result(self, call: str, **how: Any) -> Told:
        """Give a call's result."""
        return self.about("FunctionCallResult", call, function_name="f", **{"result": 1, **how})

    def cancelled(self, call: str, **how: Any) -> Told:
        """Cancel a call."""
        return self.about("FunctionCallCancel", call, function_name="f", **how)

    def registered(self, name: str = "f", *, cancel: bool = True) -> Told:
        """Register a handler."""
        self.event("register", name, data={"cancel_on_interruption": cancel})
        return self

    def handler(self, call: str, phase: str, *, cancels: int = 0) -> Told:
        """Move a handler on."""
        data: dict[str, Any] = {"phase": phase}
        self.event("handler", "f", call=call, data=data | ({"cancels": cancels} if cancels else {}))
        return self

    def answered(self, call: str, result: Any = 1) -> Told:
        """Let a handler call back."""
        self.event("answer", "f", call=call, data={"result": result})
        return self

    def fired(self, *calls: str) -> Told:
        """Fire the event of a batch."""
        data = {"name": "on_function_calls_started", "calls": list(calls)}
        self.event("event", "llm", data=data)
        return self

    def stimulus(self, do: str) -> Told:
        """Let something come from outside."""
        self.event("stimulus", data={"do": do})
        return self

    def pushed(self, frame: int, *, to: str, by: str = "llm") -> int:
        """Hand a frame over downstream; return the event's number."""
        return self.event("push", to, direction=DOWN, frame=frame, data={"by": by}).seq

    def taken_up(self, frame: int, *, at: str) -> int:
        """Let a processor take a frame up; return the event's number."""
        return self.event("process", at, direction=DOWN, frame=frame).seq

    def said(self, text: str) -> Told:
        """Push a whole response with one text."""
        self.pushed(self.frame("LLMFullResponseStart"), to="assistant")
        self.pushed(self.frame("LLMText", text=text), to="assistant")
        self.pushed(self.frame("LLMFullResponseEnd"), to="assistant")
        return self

    def processed(self, type_: str, *calls: str, at: str, **fields: Any) -> int:
        """Let a processor take up a frame of its own; return the event's number."""
        number = self.frame(type_, *calls, **fields)
        return self.event("process", at, direction=DOWN, frame=number).seq

    def interruption(self) -> int:
        """Let an interruption reach the service; return the event's number."""
        return self.processed("Interruption", at="llm")

    def asked(self, *messages: dict[str, Any], cause: int | None = None, turn: int = 1) -> Told:
        """Ask the model."""
        data = {"turn": turn, "messages": list(messages)}
        self.event("inference", "llm", cause=cause, data=data)
        return self

    def rest(self, how: str = "idle", *waiting: str) -> Told:
        """Come to rest."""
        self.event("rest", data={"how": how, "waiting": list(waiting)})
        return self

    def state(self, **views: dict[str, str]) -> Told:
        """Take the three views."""
        empty: dict[str, Any] = {
            "service": {},
            "aggregator": {},
            "context": {},
            "contents": {},
            "roles": [],
        }
        self.event("state", data={**empty, **views})
        return self

    def probe(self) -> Told:
        """Send a fresh call through."""
        self.event("probe", call="llm_sim_probe")
        return self

    def close(self, *tasks: str, timers: int = 0) -> Told:
        """Look at what is left."""
        self.event("close", data={"tasks": list(tasks), "timers": timers})
        return self

"""Where two runs part."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from llm_sim.trace._events import Event
from llm_sim.trace._trace import Trace


@dataclass(frozen=True, slots=True)
class Difference:
    """The first event in which two traces differ.

    Parameters:
        seq: Its number in both traces.
        left: The event of the first trace, or None where that one has ended.
        right: The event of the second trace, or None where that one has ended.
        unlike: What differs, in words, e.g. ``its step is 31 and 32``.
    """

    seq: int
    left: Event | None
    right: Event | None
    unlike: str

    def in_words(self) -> str:
        """Return e.g. ``event 45 is the first that differs: its step is 31 and 32``."""
        return f"event {self.seq} is the first that differs: {self.unlike}"


def first_difference(left: Trace, right: Trace) -> Difference | None:
    """Return where the traces part, or None when their events and frames are equal."""
    for seq, (one, other) in enumerate(zip_longest(left.events, right.events)):
        if (
            one is None
            or other is None
            or one != other
            or left.frame_of(one) != right.frame_of(other)
        ):
            return Difference(seq, one, other, _unlike(left, one, right, other))
    return None


def _unlike(left: Trace, one: Event | None, right: Trace, other: Event | None) -> str:
    if one is None or other is None:
        return "one of the traces has ended before it"
    if one.kind != other.kind:
        return f"its kind is {one.kind} and {other.kind}"
    told, told_other = _told(left, one), _told(right, other)
    return "; ".join(
        f"{name} is {told[name]} and {told_other[name]}"
        for name in told
        if told[name] != told_other[name]
    )


def _told(trace: Trace, event: Event) -> dict[str, str]:
    """Return the facts of an event, each by what it is called in a sentence."""
    frame = trace.frame_of(event)
    return {
        "its place": event.where or "none",
        "its direction": event.direction or "none",
        "its frame": "none" if frame is None else f"{frame.type}#{frame.number}",
        "the payload": "none" if frame is None else _json(frame.fields),
        "its call": event.call or "none",
        "its data": _json(event.data),
        "its step": str(event.step),
        "its time": f"{event.time_ns / 1e6:.6g} ms",
        "its cause": "none" if event.cause is None else f"event {event.cause}",
        "its lane": "none" if frame is None else frame.lane,
        "its list of calls": "none" if frame is None else ", ".join(frame.calls) or "none",
        "its `kept`": "no" if frame is None or not frame.kept else "yes",
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

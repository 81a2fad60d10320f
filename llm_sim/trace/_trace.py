"""The container."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from llm_sim.trace._events import Event, FrameRecord, Header


@dataclass(slots=True)
class Trace:
    """What happened in one run, append-only.

    Parameters:
        header: What was run.
        frames: Every frame that was seen, by its number.
        events: Every event, by its ``seq``.
    """

    header: Header
    frames: list[FrameRecord] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def of(self, *kinds: str) -> Iterator[Event]:
        """Yield the events of these kinds, in order."""
        return (event for event in self.events if event.kind in kinds)

    def frame_of(self, event: Event) -> FrameRecord | None:
        """Return the frame that an event is about, or None."""
        return None if event.frame is None else self.frames[event.frame]

    def type_of(self, event: Event) -> str:
        """Return the type of the frame that an event is about, or an empty string."""
        return "" if event.frame is None else self.frames[event.frame].type

    @property
    def is_whole(self) -> bool:
        """Whether it tells the run to its end; the file of one may have been cut short."""
        return self.last("close") is not None

    def until_rest(self) -> Trace:
        """Return the conversation alone: what the harness does after rest is not part of it."""
        rest = self.last("rest")
        if rest is None:
            return self
        return Trace(self.header, self.frames, self.events[: rest.seq + 1])

    def last(self, kind: str) -> Event | None:
        """Return the last event of a kind, or None."""
        return next((event for event in reversed(self.events) if event.kind == kind), None)


def conversation(trace: Trace) -> list[Event]:
    """Return the events from the opening to rest; before it the pipeline starts."""
    opening = next(trace.of("stimulus"), None)
    return [] if opening is None else trace.until_rest().events[opening.seq :]

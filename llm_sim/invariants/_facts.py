"""What several laws read off one trace, read once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from llm_sim.stimuli import STIMULUS_KINDS
from llm_sim.trace import SERVICE, UP, CallLife, Event, FrameRecord, Trace, calls

ENDS: Final = frozenset(
    frame for row in STIMULUS_KINDS.values() if row.ends for frame in row.enters_as
)
INTERRUPTIONS: Final = frozenset(STIMULUS_KINDS["interrupt"].enters_as)


@dataclass(slots=True)
class Facts:
    """A trace, and what is asked of it again and again.

    Parameters:
        trace: The record of one run.
        rest: The ``rest`` event, or None in a trace that was cut short.
        lives: The calls by id, as far as the conversation went: what happens while the harness
            takes the pipeline down settles nothing.
        conversation: The events up to rest.
        taken_up: The events in which a processor began to process a frame, by its label.
    """

    trace: Trace
    rest: Event | None = None
    lives: dict[str, CallLife] = field(default_factory=dict)
    conversation: list[Event] = field(default_factory=list)
    taken_up: dict[str, list[Event]] = field(default_factory=dict)

    @classmethod
    def of(cls, trace: Trace) -> Facts:
        """Read the facts of a trace."""
        told = trace.until_rest()
        taken_up: dict[str, list[Event]] = {}
        for event in trace.of("process"):
            taken_up.setdefault(event.where, []).append(event)
        return cls(trace, trace.last("rest"), calls(told), told.events, taken_up)

    def frame(self, event: Event) -> FrameRecord:
        """Return the frame of an event that has one."""
        if event.frame is None:  # pragma: no cover - callers pass push and process events
            raise ValueError(f"event {event.seq} ({event.kind}) is about no frame")
        return self.trace.frames[event.frame]

    def processed(self, types: frozenset[str], where: str) -> Iterator[Event]:
        """Yield the events in which a processor began to process a frame of these types."""
        for event in self.taken_up.get(where, ()):
            if self.trace.type_of(event) in types:
                yield event

    @property
    def ended(self) -> bool:
        """Whether the service was told of the end of the conversation, not of the run's."""
        return bool(self._heard_of(ENDS))

    @property
    def interruptions(self) -> list[Event]:
        """The interruptions of the conversation, each as the service began to process it."""
        return self._heard_of(INTERRUPTIONS)

    def _heard_of(self, types: frozenset[str]) -> list[Event]:
        """Return what the service began to process of these types before rest."""
        heard = self.processed(types, SERVICE)
        return [event for event in heard if self.rest is None or event.seq < self.rest.seq]

    def reason(self, inference: Event) -> FrameRecord | None:
        """Return the frame because of which a processor behind the service asked for a run.

        None where nobody there asked for it, as for what the user says, or where it is not told.
        """
        push = self.push_behind(inference)
        because = None if push is None else self._cause(push)
        return None if because is None else self.trace.frame_of(because)

    def push_behind(self, inference: Event) -> Event | None:
        """Return the push with which a processor behind the service asked for a run, or None."""
        taken_up = self._cause(inference)
        if taken_up is None or taken_up.direction != UP:
            return None
        pushes = (event for event in self.conversation if event.kind == "push")
        return next((event for event in pushes if event.frame == taken_up.frame), None)

    def _cause(self, event: Event) -> Event | None:
        return None if event.cause is None else self.trace.events[event.cause]

    def state(self) -> dict[str, Any]:
        """Return the three views at rest; empty where none was taken."""
        event = self.trace.last("state")
        return {} if event is None else event.data

    def name(self, call: str) -> str:
        """Return the call with its function's name, as a message says it."""
        life = self.lives.get(call)
        return f"{call} `{life.name}`" if life is not None and life.name else call

    def names(self, calls: Iterable[str]) -> str:
        """Return several calls with their functions' names."""
        return ", ".join(self.name(call) for call in calls)

"""The one writer of a trace."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, Protocol

from llm_sim.errors import SimulationError
from llm_sim.loop import visible_caller
from llm_sim.recorder._frames import describe
from llm_sim.trace import Event, Header, Trace

FrameListener = Callable[[str], None]

MOST_EVENTS_IN_A_STEP: Final = 100_000


class Clock(Protocol):
    """Where a recorder reads the time; the simulated loop is one."""

    @property
    def steps(self) -> int:
        """Steps begun so far."""
        ...

    @property
    def time_ns(self) -> int:
        """Virtual nanoseconds."""
        ...


class Recorder:
    """Appends events to a trace; synchronous, so it adds neither a task nor a step.

    What led to an event is carried by a context variable: a task inherits the context of the task
    that created it, so causes follow the program's own structure without any bookkeeping.

    Args:
        header: What is run.
        clock: Where steps and virtual time are read.
    """

    def __init__(self, header: Header, clock: Clock) -> None:
        self.trace = Trace(header)
        self._clock = clock
        self._numbers: dict[Any, int] = {}
        # A frame is known by its class and its id: ids are unique among the frames of one library,
        # and a bot may push Pipecat's on the embedded core. Holding on to the frame itself is not
        # needed, and its hash may be its content's.
        self._listeners: list[FrameListener] = []
        self._step, self._first = -1, 0
        self.endless: SimulationError | None = None
        """What a step that made no end of events was refused with."""
        self._cause: ContextVar[int | None] = ContextVar("llm_sim_cause", default=None)

    def on_new_frame(self, listener: FrameListener) -> None:
        """Call ``listener`` with the type of each frame when it is first seen."""
        self._listeners.append(listener)

    def record(
        self,
        kind: str,
        where: str = "",
        direction: str = "",
        frame: Any = None,
        call: str = "",
        data: dict[str, Any] | None = None,
    ) -> int:
        """Append one event and return its number.

        Args:
            kind: One of the kinds of :class:`~llm_sim.trace.Event`.
            where: The label of the processor or tool.
            direction: ``"down"``, ``"up"`` or empty.
            frame: The live frame, or None.
            call: The tool-call id, or empty.
            data: More facts, as JSON values.
        """
        events = self.trace.events
        seq = len(events)
        step = self._clock.steps
        if step != self._step:
            self._step, self._first = step, seq
        elif seq - self._first >= MOST_EVENTS_IN_A_STEP:
            self._refuse_endless_step()
        number = None if frame is None else self._number_of(frame)
        events.append(
            Event(
                seq,
                step,
                self._clock.time_ns,
                kind,
                where,
                direction,
                number,
                call,
                self._cause.get(),
                {} if data is None else data,
            )
        )
        return seq

    def _refuse_endless_step(self) -> None:
        """Stop a program that never lets the loop go on; it may contain the error.

        Raises:
            SimulationError: Always.
        """
        caller = visible_caller() or "an unknown place"
        self.endless = self.endless or SimulationError(
            f"one step of the loop has made {MOST_EVENTS_IN_A_STEP:,} events and does not end "
            f"(at {caller}): await something there that lets others run, such as asyncio.sleep(0)"
        )
        raise self.endless

    def begin(self, seq: int) -> None:
        """Make an event the cause of what the current task does from here on."""
        self._cause.set(seq)

    def call_under_way(self) -> str:
        """Return the id of the call that led to what happens, or an empty string."""
        cause = self._cause.get()
        while cause is not None:
            event = self.trace.events[cause]
            if event.call:
                return event.call
            cause = event.cause
        return ""

    def _number_of(self, frame: Any) -> int:
        key = (frame.__class__, frame.id)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.trace.frames)
            record = describe(frame, number)
            self.trace.frames.append(record)
            for listener in self._listeners:
                listener(record.type)
        return number

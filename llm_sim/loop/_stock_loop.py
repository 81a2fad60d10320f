"""asyncio's own loop on a virtual clock, to see whether it does the same as the simulated one.

Ready queue, timers and iterations are asyncio's. Three things stand where asyncio has left room for
them: a selector that lets virtual time pass instead of waiting, a ready queue that counts what is
taken from it, and deadlines that are never equal.
"""

from __future__ import annotations

import asyncio
import math
import selectors
from asyncio import Handle, TimerHandle
from collections import deque
from collections.abc import Callable
from contextvars import Context
from heapq import heappop, heappush
from typing import Any, TypeVarTuple

from llm_sim.loop._clock import NEVER_NS, VirtualTime
from llm_sim.loop._creation import Creation
from llm_sim.loop._executor import InlineExecution
from llm_sim.loop._instruments import Instrument
from llm_sim.loop._machine import IDLE, STEPS, STOPPED, TIME
from llm_sim.loop._peers import Connecting
from llm_sim.loop._waiting import describe_task

_Ts = TypeVarTuple("_Ts")


class StockLoop(Creation, InlineExecution, Connecting, asyncio.SelectorEventLoop):
    """Run an asyncio program on asyncio's own loop, in virtual time.

    It counts steps as :class:`~llm_sim.loop.SimLoop` does, and its clock reads the same, so that a
    landing is the same place on both. Tasks are numbered as there, threads and the outside are
    refused as there: none of that is a matter of order. Of asyncio's insides it knows two, which
    are as old as asyncio: the deque ``_ready`` and the heap ``_scheduled``.
    """

    _ready: deque[Handle]
    _scheduled: list[TimerHandle]
    _clock_resolution: float

    def __init__(self) -> None:
        super().__init__(_Selector(self))
        self.max_steps: int | None = None
        self.max_time_ns: int | None = None
        self.refusals = []
        self.steps = 0
        self._outside: list[tuple[int, int, Handle]] = []
        self._numbers = 0
        self._now = VirtualTime()
        self._ready = _ReadyQueue(self)
        # Due is what has come by the reading, and nothing a little later.
        self._clock_resolution = math.ulp(0.0)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._now.reading

    @property
    def time_ns(self) -> int:
        """The virtual time in nanoseconds; it starts at 0."""
        return self._now.now_ns

    @property
    def timers(self) -> int:
        """The number of timers that are still to fire."""
        return len(self._armed())

    def waiting(self) -> tuple[str, ...]:
        """Return who waits for what, one line a pending task, in the order of their creation."""
        return tuple(describe_task(task, self._scheduled) for task in self.tasks())

    def _armed(self) -> list[TimerHandle]:
        return [timer for timer in self._scheduled if not timer.cancelled()]

    def add_instrument(self, instrument: Instrument) -> None:
        """Watch this loop from the next step on."""
        self._instruments.add(instrument)

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> TimerHandle:
        """Call a callback at a moment of the loop's time, as asyncio does.

        asyncio leaves timers with one deadline in the order that its heap happens to have. A real
        clock moves between two of them, so there the one that was set first is due first; here as
        well.
        """
        # asyncio refuses None itself, in its own words.
        if when is not None:
            self._numbers += 1
            when = _Deadline(when, self._numbers)
        return super().call_at(when, callback, *args, context=context)

    def call_at_step(self, step: int, callback: Callable[..., object], *args: Any) -> Handle:
        """Let an outside event happen: a callback joins the end of the ready queue at a step.

        Args:
            step: How many steps are done when it joins, as on the simulated loop.
            callback: What to call.
            args: Its arguments.
        """
        if step <= self.steps - self.is_running():
            return self.call_soon(callback, *args)
        handle = Handle(callback, args, self)
        self._numbers += 1
        heappush(self._outside, (step, self._numbers, handle))
        return handle

    def run_until_idle(self) -> str:
        """Run until nothing is ready and no timer is left, or a bound is reached.

        It can run inside another running loop of the same thread.

        Returns:
            ``"idle"``, ``"steps"``, ``"time"`` or ``"stopped"``.

        Raises:
            UnsupportedOperationError: Another thread tried to schedule something.
        """
        outer_loop = asyncio._get_running_loop()
        # asyncio refuses to run inside another loop, which a test of this one may well be in.
        asyncio._set_running_loop(None)
        outcome = STOPPED
        try:
            self.run_forever()
        except _Over as over:
            outcome = over.outcome
        finally:
            asyncio._set_running_loop(outer_loop)
            refused = self._take_refused()
        if refused is not None:
            raise refused
        return outcome

    def _begin_iteration(self) -> None:
        """Do what happens where asyncio would wait: events come from outside, and time passes.

        What was cancelled is not ready. asyncio would skip it, which is no step.
        """
        while self._ready and self._ready[0].cancelled():
            self._ready.popleft()
        if not self._ready and self._outside and self._outside[0][0] <= self.steps:
            self._go_halfway()
        self._join_outside_events()
        due_ns = self._next_due_ns()
        # asyncio waits only if nothing is ready and it is not to stop. A timer that is due already
        # fires in either case.
        overdue = due_ns is not None and due_ns <= self.time_ns
        if overdue or not (self._ready or self._stopping):
            self._jump(due_ns)

    def _begin_step(self) -> None:
        """Count the callback that asyncio is about to take, unless it was cancelled."""
        handle = self._ready[0]
        if handle.cancelled():
            return
        self._join_outside_events()
        self._count_step()
        for on_step in self._instruments.on_step:
            on_step(self.steps, self.time_ns, handle._callback)  # type: ignore[attr-defined]

    def _count_step(self) -> None:
        if self.max_steps is not None and self.steps >= self.max_steps:
            raise _Over(STEPS)
        self.steps += 1

    def _join_outside_events(self) -> None:
        while self._outside and self._outside[0][0] <= self.steps:
            self._ready.append(heappop(self._outside)[2])

    def _next_due_ns(self) -> int | None:
        if not self._scheduled:
            return None
        due_ns = self._now.nearest_ns(self._scheduled[0].when())
        return None if due_ns >= NEVER_NS else due_ns

    def _jump(self, due_ns: int | None) -> None:
        """Jump to the next timer, at least by a nanosecond; asyncio then fires what is due."""
        if due_ns is None:
            raise _Over(IDLE)
        # A timer for a moment that has passed takes a nanosecond here as there: see `VirtualTime`.
        due_ns = max(due_ns, self.time_ns + 1)
        if self.max_time_ns is not None and due_ns > self.max_time_ns:
            raise _Over(TIME)
        self._count_step()
        from_ns = self.time_ns
        deadlines = (float(timer.when()) for timer in self._scheduled if not timer.cancelled())
        self._move_to(due_ns, [when for when in deadlines if self._now.nearest_ns(when) <= due_ns])
        for on_jump in self._instruments.on_jump:
            on_jump(self.steps, from_ns, due_ns)

    def _go_halfway(self) -> None:
        due_ns = self._next_due_ns()
        if due_ns is not None and due_ns - self.time_ns > 1:
            self._move_to((self.time_ns + due_ns) // 2, [])

    def _move_to(self, now_ns: int, deadlines: list[float]) -> None:
        self._now.move_to(now_ns, deadlines)
        # asyncio fires what is less than time plus resolution. With one ulp that is what has come
        # by the reading, and nothing else.
        self._clock_resolution = math.ulp(self._now.reading)


class _Selector(selectors.DefaultSelector):
    """A selector that never waits, because nothing comes through it."""

    def __init__(self, loop: StockLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        """Let virtual time pass."""
        self._loop._begin_iteration()
        return []


class _ReadyQueue(deque[Handle]):
    """asyncio's ready queue, which tells when a handle is taken."""

    def __init__(self, loop: StockLoop) -> None:
        super().__init__()
        self._loop = loop

    def popleft(self) -> Handle:
        """Take the first handle."""
        self._loop._begin_step()
        return super().popleft()


class _Deadline(float):
    """A moment; of two that are equal, the one that was set first is the lesser."""

    number: int

    def __new__(cls, when: float, number: int) -> _Deadline:
        deadline = super().__new__(cls, when)
        deadline.number = number
        return deadline

    def __lt__(self, other: float) -> bool:
        if isinstance(other, _Deadline) and float(self) == float(other):
            return self.number < other.number
        return float(self) < float(other)


class _Over(BaseException):
    """The run ends here; no program can catch it, for none is running."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome

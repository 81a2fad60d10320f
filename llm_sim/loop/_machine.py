"""The machine: a ready queue, steps, outside events at a step, and a clock that jumps."""

from __future__ import annotations

import asyncio
import sys
from asyncio import Handle
from asyncio.constants import DEBUG_STACK_DEPTH
from collections import deque
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from itertools import islice, repeat
from threading import get_ident
from typing import Any

from llm_sim.errors import UsageError
from llm_sim.loop._asyncgens import AsyncGenerators
from llm_sim.loop._creation import Creation
from llm_sim.loop._exception_handler import ExceptionHandling
from llm_sim.loop._instruments import Instrument
from llm_sim.loop._scheduling import Scheduling
from llm_sim.loop._task_lanes import Picker, bring_forward

STOPPED, IDLE, STEPS, TIME = "stopped", "idle", "steps", "time"
"""How a run ends."""

_UNBOUNDED = sys.maxsize

_ONE_STEP = (None,)


class Machine(ExceptionHandling, AsyncGenerators, Creation, Scheduling):
    """Run callbacks one by one, and move the clock when there are none.

    A *step* is one callback run, or one jump of the clock to the next timer. Callbacks run in the
    order of asyncio's ready queue, in iterations like asyncio's: `stop` lets the iteration under
    way finish, and a timer that is due already joins the queue when the next one begins.

    With a `picker` the order is only asyncio's within a lane, see `llm_sim.loop._task_lanes`. A
    loop without a picker does not pay for it.

    Steps are counted by the C iterator that the innermost loop consumes. A *stretch* is a part of
    an iteration in which nothing has to be looked up: no bound is reached, no outside event joins.
    `_end` is the number of steps begun when the stretch is over, `_mark` the number of steps at
    which to look up next, `_batch` the entries of the iteration that are in no stretch yet.
    """

    def __init__(self, max_steps: int | None, max_time_ns: int | None) -> None:
        for name, bound in (("max_steps", max_steps), ("max_time_ns", max_time_ns)):
            if bound is not None and bound < 0:
                raise UsageError(f"{name} must be None or at least 0, not {bound!r}")
        super().__init__()
        self.max_steps = max_steps
        self.max_time_ns = max_time_ns
        self.picker: Picker | None = None
        """Chooses who takes the next step; None for asyncio's order. Writable between runs."""
        self._outside: list[tuple[int, int, Handle]] = []
        self._outside_created = 0
        # `repeat` counts in C and tells what is left of it: a counter in Python would be paid at
        # every callback.
        self._stretch = repeat(None, 0)
        self._end = 0
        self._mark = _UNBOUNDED
        self._batch = 0

    @property
    def steps(self) -> int:
        """The number of steps begun so far; during the first callback it is 1."""
        return self._end - self._stretch.__length_hint__()

    def call_at_step(self, step: int, callback: Callable[..., object], *args: Any) -> Handle:
        """Let an outside event happen: a callback joins the end of the ready queue at a step.

        Args:
            step: How many steps are done when it joins. If they are done already, it joins at once;
                if the program ends before, never. When nothing else is ready it still comes before
                the clock jumps: halfway to the next timer.
            callback: What to call.
            args: Its arguments.

        Returns:
            A handle to cancel it with.

        Raises:
            RuntimeError: The loop is closed.
        """
        self._check_closed()
        # A callback that runs is in `steps` already, but it is not done: an event of this very step
        # joins behind what it schedules.
        under_way = 0 if self._thread_id is None else 1
        if step <= self.steps - under_way:
            return self.call_soon(callback, *args)
        handle = Handle(callback, args, self)
        # The number orders events of one step by their creation, and spares the heap a comparison
        # of handles, which have no order.
        self._outside_created += 1
        heappush(self._outside, (step, self._outside_created, handle))
        # The stretch under way was planned without this event, and would run past the step at which
        # it joins.
        if step < self._mark:
            self._mark = step
            self._cut_stretch(step - self.steps)
        return handle

    def add_instrument(self, instrument: Instrument) -> Callable[[], None]:
        """Watch this loop from the next step on.

        Args:
            instrument: Whom to tell.

        Returns:
            A callable that takes the instrument out again.
        """
        # A stretch that was begun without instruments does not look for any, so what is left of it
        # goes back and is begun anew.
        self._instruments.add(instrument)
        self._cut_stretch(0)

        def undo() -> None:
            self._instruments.remove(instrument)
            self._cut_stretch(0)

        return undo

    def close(self) -> None:
        """Drop what is scheduled and refuse everything from here on; twice is no mistake.

        Raises:
            RuntimeError: The loop is running.
        """
        super().close()
        self._outside.clear()

    def stop(self) -> None:
        """Let the iteration under way finish, then return from the run."""
        self._stopping = True

    def _check_can_run(self) -> None:
        self._check_closed()
        if self.is_running():
            raise RuntimeError("This event loop is already running")

    def _drive(self) -> str:
        """Run as the running loop of this thread, then restore the previous one."""
        # asyncio refuses to run a loop inside another one, and leaves none behind. A simulation may
        # be started from an async test, whose loop must be there afterwards.
        outer_loop = asyncio._get_running_loop()
        # These two belong to the thread, not to the loop.
        outer_hooks = sys.get_asyncgen_hooks()
        outer_depth = sys.get_coroutine_origin_tracking_depth() if self._debug else None
        try:
            self._thread_id = get_ident()
            self._install_asyncgen_hooks()
            if outer_depth is not None:
                sys.set_coroutine_origin_tracking_depth(DEBUG_STACK_DEPTH)
            asyncio._set_running_loop(self)
            outcome = self._run()
        finally:
            self._cut_stretch(0)
            self._stopping = False
            self._thread_id = None
            asyncio._set_running_loop(outer_loop)
            if outer_depth is not None:
                sys.set_coroutine_origin_tracking_depth(outer_depth)
            sys.set_asyncgen_hooks(*outer_hooks)
            # Taken even if the run has failed: left where it is, the next run would raise it.
            refused = self._take_refused()
        if refused is not None:
            raise refused
        return outcome

    def _run(self) -> str:
        ready = self._ready
        clock = self._clock
        # A bound may have cut the last run in the middle of an iteration, which goes on here
        # (test_a_run_in_slices_of_one_step_equals_a_run_in_one).
        self._batch = min(self._batch, len(ready))
        self._find_mark()
        while True:
            if self._end >= self._mark:
                under_way = self._batch
                self._join_outside_events()
                if self._stopping and under_way and not self._batch:
                    # Only cancelled handles were left of the iteration: it is over.
                    return STOPPED
            if not self._batch:
                # asyncio looks at its timers once in each iteration, also while callbacks are
                # ready; only a timer that is due already is found then.
                if clock.overdue or not ready:
                    outcome = self._advance()
                    if outcome is not None:
                        return outcome
                    continue
                self._batch = len(ready)
            todo = min(self._batch, self._mark - self._end)
            if todo <= 0:
                # An outside event that has just joined may be cancelled, and is no unfinished work
                # then (test_a_cancelled_outside_event_at_the_bound_is_no_unfinished_work).
                if self._drop_cancelled_head():
                    continue
                return STEPS
            self._batch -= todo
            self._end += todo
            self._stretch = repeat(None, todo)
            # Two loops, because most runs have neither, and asking at every step would make all of
            # them pay.
            if self._instruments.on_step or self.picker is not None:
                self._run_one_by_one(self._stretch)
            else:
                self._run_stretch(self._stretch)
            if self._stopping and not self._batch:
                return STOPPED

    def _run_stretch(self, stretch: Iterable[None]) -> None:
        entry: Any
        popleft = self._ready.popleft
        for _ in stretch:
            entry = popleft()
            if type(entry) is tuple:
                try:
                    # A task passes one argument or none, and both are cheaper to call without `*`.
                    if entry[1]:
                        entry[2].run(entry[0], entry[1][0])
                    else:
                        entry[2].run(entry[0])
                # As in `asyncio.Handle._run`: these two end the run, everything else is reported
                # and the run goes on. A handle does that itself.
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:
                    self._callback_failed(error, *entry)
            # asyncio skips a cancelled handle, so it is no step, and no stimulus has a point there.
            elif entry._cancelled:
                self._end -= 1
            else:
                entry._run()
        # An exception that a task keeps refers to this frame through its traceback: with the entry
        # in it the task would be a cycle, and "never retrieved" would wait for the collector.
        entry = None

    def _run_one_by_one(self, stretch: repeat[None]) -> None:
        callback: Any
        ready = self._ready
        for _ in stretch:
            entry = ready[0]
            if not isinstance(entry, tuple) and entry.cancelled():
                ready.popleft()
                self._end -= 1
                continue
            if self.picker is not None:
                bring_forward(ready, self.picker)
                entry = ready[0]
            callback = (
                entry[0] if isinstance(entry, tuple) else entry._callback  # type: ignore[attr-defined]
            )
            for on_step in self._instruments.on_step:
                on_step(self._end - stretch.__length_hint__(), self._clock.now_ns, callback)
            # Here as there, the frame must hold nothing while the callback runs.
            del entry
            callback = None
            self._run_stretch(_ONE_STEP)

    def _advance(self) -> str | None:
        """Jump to the next timer if nothing comes first; return how the run ends, or None."""
        ready = self._ready
        clock = self._clock
        due_ns = clock.next_due_ns()
        too_late = due_ns is not None and self.max_time_ns is not None and due_ns > self.max_time_ns
        if ready and (due_ns is None or too_late or not clock.next_is_overdue()):
            # Whatever was overdue has been cancelled since. Left set, the flag would bring the run
            # back here for ever.
            clock.overdue = False
            return None
        # asyncio does not wait when it is to stop, so no time passes in its last iteration
        # (test_stop_before_a_run_lets_one_iteration_pass_and_no_time).
        if self._stopping and not ready:
            return STOPPED
        # The program waits for itself, or is done: no outside event is due either, or it would have
        # joined before.
        if due_ns is None:
            return IDLE
        if too_late:
            return TIME
        if self._end >= self._mark:
            return STEPS
        self._end += 1
        from_ns = clock.now_ns
        ready.extend(clock.advance_to(due_ns))
        # The iteration is what is ready here: an event that joins behind the timers is in the next.
        self._batch = len(ready)
        for on_jump in self._instruments.on_jump:
            on_jump(self._end, from_ns, due_ns)
        return None

    def _find_mark(self) -> None:
        self._mark = _UNBOUNDED if self.max_steps is None else self.max_steps
        if self._outside:
            self._mark = min(self._mark, self._outside[0][0])

    def _join_outside_events(self) -> None:
        # A queue of nothing but cancelled handles is empty: asyncio skips them and waits, so the
        # event comes in the gap (test_cancelled_handles_do_not_hold_an_outside_event_of_a_gap).
        while self._ready and self._drop_cancelled_head():
            pass
        if not self._ready and self._outside and self._outside[0][0] <= self._end:
            # Everybody waits: what comes now comes between two moments, not at the first of them.
            self._clock.go_halfway()
        while self._outside and self._outside[0][0] <= self._end:
            self._ready.append(heappop(self._outside)[2])
        self._find_mark()

    def _cut_stretch(self, keep: int) -> None:
        """Shorten the stretch under way to `keep` entries; the iteration gets the rest back."""
        surplus = self._stretch.__length_hint__() - keep
        if surplus > 0:
            # The inner loop ends with its iterator, so to consume the surplus is to end it after
            # `keep` more.
            deque(islice(self._stretch, surplus), maxlen=0)
            self._end -= surplus
            self._batch += surplus

    def _drop_cancelled_head(self) -> bool:
        """Drop a cancelled handle that would be next: it is no step, so no bound applies to it."""
        head = self._ready[0]
        if isinstance(head, tuple) or not head.cancelled():
            return False
        self._ready.popleft()
        # Between two iterations the head belongs to none, and the batch is 0.
        self._batch = max(0, self._batch - 1)
        return True

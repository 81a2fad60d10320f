"""The loop: asyncio's interface to runs, on top of the machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator
from typing import Any, TypeVar

from llm_sim.errors import DeadlockError, StepLimitError
from llm_sim.loop._clock import NANOSECONDS
from llm_sim.loop._machine import IDLE, STEPS, TIME, Machine
from llm_sim.loop._peers import Connecting
from llm_sim.loop._waiting import describe_future, describe_task

_T = TypeVar("_T")


class SimLoop(Machine, Connecting):
    """Run an asyncio program in virtual time, the same way every time.

    A *step* is one callback run, or one jump of the clock to the next timer. The order is
    asyncio's, and the clock jumps when nothing is ready. The loop can run inside another running
    loop of the same thread, which it leaves as it was.

    Args:
        max_steps: The number of steps after which a run ends; None for no bound. Writable between
            runs.
        max_time_ns: The virtual time beyond which the clock does not jump; None for no bound.
            Writable between runs.

    Raises:
        UsageError: A bound is negative.
    """

    def __init__(self, *, max_steps: int | None = None, max_time_ns: int | None = None) -> None:
        super().__init__(max_steps, max_time_ns)
        self.refusals = []

    def __repr__(self) -> str:
        state = "running" if self.is_running() else "closed" if self.is_closed() else "open"
        return f"<SimLoop {state} steps={self.steps} time_ns={self.time_ns}>"

    def run_forever(self) -> None:
        """Run until `stop` is called.

        Raises:
            DeadlockError: Nothing is ready and no timer is left.
            StepLimitError: A bound was reached.
            UnsupportedOperationError: Another thread tried to schedule something.
        """
        self._check_can_run()
        self._raise_unless_stopped(self._drive(), None)

    def run_until_complete(self, future: Generator[Any, None, _T] | Awaitable[_T]) -> _T:
        """Run until a future is done, and return its result or raise its exception.

        Raises:
            DeadlockError: Nothing is ready, no timer is left, and the future is not done.
            StepLimitError: A bound was reached.
            UnsupportedOperationError: Another thread tried to schedule something.
            RuntimeError: `stop` was called before the future was done.
        """
        self._check_can_run()
        new_task = not asyncio.isfuture(future)
        awaited: asyncio.Future[_T] = asyncio.ensure_future(future, loop=self)  # type: ignore[arg-type]
        if new_task:
            # The task is this method's own; who cut the run short knows that it is pending.
            awaited._log_destroy_pending = False  # type: ignore[attr-defined]
        awaited.add_done_callback(_stop_loop)
        try:
            self._raise_unless_stopped(self._drive(), awaited)
        except BaseException:
            if new_task and awaited.done() and not awaited.cancelled():
                # Nobody but this method could retrieve it, and it is about to raise another one.
                awaited.exception()
            raise
        finally:
            awaited.remove_done_callback(_stop_loop)
        if not awaited.done():
            raise RuntimeError("Event loop stopped before Future completed.")
        try:
            return awaited.result()
        finally:
            # The exception's traceback holds this frame, and the future the exception.
            del future, awaited

    def run_until_idle(self) -> str:
        """Run until nothing is ready and no timer is left, or a bound is reached.

        Outside events whose step never comes stay where they are.

        Returns:
            ``"idle"``; or the bound, ``"steps"`` or ``"time"``, with the rest of the work left for
            another call; or ``"stopped"`` if the program called `stop`.

        Raises:
            UnsupportedOperationError: Another thread tried to schedule something.
        """
        self._check_can_run()
        return self._drive()

    def _raise_unless_stopped(self, outcome: str, awaited: asyncio.Future[Any] | None) -> None:
        # asyncio would wait here for ever for a socket or a thread; nothing of that kind can come.
        if outcome == IDLE:
            name = "run_forever()" if awaited is None else describe_future(awaited)
            raise DeadlockError(name, self.waiting())
        if outcome == STEPS:
            raise StepLimitError(f"{self.max_steps} steps", self.waiting())
        if outcome == TIME and self.max_time_ns is not None:
            seconds = self.max_time_ns / NANOSECONDS
            raise StepLimitError(f"{seconds:g} s of virtual time", self.waiting())

    # What there is to see.

    @property
    def timers(self) -> int:
        """The number of timers that are still to fire."""
        return len(self._clock)

    def waiting(self) -> tuple[str, ...]:
        """Return who waits for what, one line a pending task, in the order of their creation.

        A line is the task's name, where it is suspended (the innermost line outside asyncio), and
        what it awaits: ``"worker: bot.py:12 in Bot.run awaits Queue.get"``.
        """
        timers = self._armed()
        return tuple(describe_task(task, timers) for task in self.tasks())

    def _armed(self) -> list[asyncio.TimerHandle]:
        return self._clock.armed()


def _stop_loop(future: asyncio.Future[Any]) -> None:
    error = None if future.cancelled() else future.exception()
    # These two end the run by themselves; stopping would cut the next run short.
    if not isinstance(error, SystemExit | KeyboardInterrupt):
        future.get_loop().stop()

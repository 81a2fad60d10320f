"""The loop: asyncio's interface to tasks, futures and runs, on top of the machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Generator
from contextvars import Context
from typing import Any, TypeVar

from llm_sim.errors import DeadlockError, StepLimitError
from llm_sim.loop._clock import NANOSECONDS
from llm_sim.loop._machine import IDLE, STEPS, TIME, Machine
from llm_sim.loop._refusals import Refusals
from llm_sim.loop._tasks import SimFuture, SimTask, creation_order, has_counted_name
from llm_sim.loop._waiting import describe_future, describe_task

_T = TypeVar("_T")

_init_task: Any = asyncio.Task.__init__

# Below this number of remembered coroutines nobody looks for finished ones.
_MIN_COROUTINES_TO_SWEEP = 64


class SimLoop(Machine, Refusals):
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
        self._task_factory: Any = None
        self._created = 0
        self._tasks_named = 0
        self._coroutines: list[Any] = []
        self._sweep_coroutines_at = _MIN_COROUTINES_TO_SWEEP

    def __repr__(self) -> str:
        state = "running" if self.is_running() else "closed" if self.is_closed() else "open"
        return f"<SimLoop {state} steps={self.steps} time_ns={self.time_ns}>"

    def create_future(self) -> SimFuture[Any]:
        """Return a new future, which hashes by its creation number."""
        future: SimFuture[Any] = SimFuture(loop=self)
        self._created = future.number = self._created + 1
        return future

    def create_task(
        self,
        coro: Coroutine[Any, Any, _T] | Generator[Any, None, _T],
        *,
        name: object = None,
        context: Context | None = None,
        **options: Any,
    ) -> asyncio.Task[_T]:
        """Return a new task, which hashes by its creation number.

        Args:
            coro: What it runs.
            name: Its name; None for ``"task-1"`` and so on, counted by this loop.
            context: The context variables that it sees; None for a copy of the caller's.
            options: What else the running Python has, such as ``eager_start``.

        Raises:
            RuntimeError: The loop is closed.
        """
        if self._closed:
            raise RuntimeError("Event loop is closed")
        if context is not None:
            options["context"] = context
        if self._task_factory is None:
            # What SimTask.__init__ does, without its frame: that would be a quarter of the time.
            new_task: SimTask[_T] = SimTask.__new__(SimTask)
            self._created = new_task.number = self._created + 1
            if name is None:
                self._tasks_named = number = self._tasks_named + 1
                name = f"task-{number}"
            _init_task(new_task, coro, loop=self, name=name, **options)
            task: asyncio.Task[_T] = new_task
        else:
            task = self._task_from_factory(coro, name, options)
        self._coroutines.append(coro)
        if len(self._coroutines) >= self._sweep_coroutines_at:
            self._sweep_coroutines()
        for on_task in self._instruments.on_task:
            on_task(task)
        return task

    def _task_from_factory(
        self, coro: Coroutine[Any, Any, _T] | Generator[Any, None, _T], name: object, options: Any
    ) -> asyncio.Task[_T]:
        if self._task_factory is getattr(asyncio, "eager_task_factory", self):
            # It would make a plain task, which hashes by its address.
            return SimTask(coro, loop=self, name=name, eager_start=True, **options)
        task: asyncio.Task[_T] = self._task_factory(self, coro, **options)
        if name is not None:
            task.set_name(str(name))
        elif has_counted_name(task):
            task.set_name(self.next_task_name())
        return task

    def _sweep_coroutines(self) -> None:
        """Forget the coroutines that are finished; the others keep their tasks alive.

        asyncio has weak references only. A task that awaits a future which nobody else holds is a
        cycle, and would vanish at the next garbage collection, which is not ours to time. The
        suspended coroutine holds the future, and the future the task; a finished one holds nothing,
        so a task that is done goes as soon as on stock asyncio.
        """
        self._coroutines = [
            coro for coro in self._coroutines if getattr(coro, "cr_frame", None) is not None
        ]
        self._sweep_coroutines_at = max(_MIN_COROUTINES_TO_SWEEP, 2 * len(self._coroutines))

    def next_number(self) -> int:
        """Return the creation number for a new task or future."""
        self._created += 1
        return self._created

    def next_task_name(self) -> str:
        """Return the name for a task that was given none."""
        self._tasks_named += 1
        return f"task-{self._tasks_named}"

    def set_task_factory(self, factory: Any) -> None:
        """Set what makes the tasks, called with the loop and the coroutine; None for the loop."""
        if factory is not None and not callable(factory):
            raise TypeError("task factory must be a callable or None")
        self._task_factory = factory

    def get_task_factory(self) -> Any:
        """Return what was set with `set_task_factory`."""
        return self._task_factory

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
        if outcome == IDLE:
            name = "run_forever()" if awaited is None else describe_future(awaited)
            raise DeadlockError(name, self.waiting())
        if outcome == STEPS:
            raise StepLimitError(f"{self.max_steps} steps", self.waiting())
        if outcome == TIME and self.max_time_ns is not None:
            seconds = self.max_time_ns / NANOSECONDS
            raise StepLimitError(f"{seconds:g} s of virtual time", self.waiting())

    def close(self) -> None:
        """Drop what is scheduled, forget the tasks, and refuse everything from here on.

        Raises:
            RuntimeError: The loop is running.
        """
        super().close()
        self._coroutines.clear()

    # What there is to see.

    @property
    def timers(self) -> int:
        """The number of timers that are still to fire."""
        return len(self._clock)

    def tasks(self) -> list[asyncio.Task[Any]]:
        """Return the tasks of this loop that are not done, in the order of their creation."""
        return sorted(asyncio.all_tasks(self), key=creation_order)

    def waiting(self) -> tuple[str, ...]:
        """Return who waits for what, one line a pending task, in the order of their creation.

        A line is the task's name, where it is suspended (the innermost line outside asyncio), and
        what it awaits: ``"worker: bot.py:12 in Bot.run awaits Queue.get"``.
        """
        timers = self._clock.armed()
        return tuple(describe_task(task, timers) for task in self.tasks())


def _stop_loop(future: asyncio.Future[Any]) -> None:
    error = None if future.cancelled() else future.exception()
    # These two end the run by themselves; stopping would cut the next run short.
    if not isinstance(error, SystemExit | KeyboardInterrupt):
        future.get_loop().stop()

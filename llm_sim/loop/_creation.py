"""Tasks and futures, numbered by the loop that makes them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from contextvars import Context
from typing import Any, TypeVar

from llm_sim.loop._instruments import Instruments
from llm_sim.loop._numbered_tasks import SimFuture, SimTask, creation_order, has_counted_name
from llm_sim.loop._refusals import CLOSED

_T = TypeVar("_T")

_init_task: Any = asyncio.Task.__init__

# Below this number of remembered coroutines nobody looks for finished ones.
_MIN_COROUTINES_TO_SWEEP = 64


class Creation(asyncio.AbstractEventLoop):
    """Make the tasks and the futures of a loop, and know them.

    Args:
        args: For the loop's next class.
    """

    _closed: bool

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._instruments = Instruments()
        self._task_factory: Any = None
        self._created = 0
        self._tasks_named = 0
        self._coroutines: list[Any] = []
        self._sweep_coroutines_at = _MIN_COROUTINES_TO_SWEEP

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
            raise RuntimeError(CLOSED)
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
        # See `_sweep_coroutines`: without this reference a suspended task that nobody holds would
        # vanish at a collection.
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
        # asyncio counts names in the whole process: the second run would have other names in its
        # trace than the first.
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
        """Set the task factory, called with the loop and the coroutine; None for the loop's own."""
        if factory is not None and not callable(factory):
            raise TypeError("task factory must be a callable or None")
        self._task_factory = factory

    def get_task_factory(self) -> Any:
        """Return what was set with `set_task_factory`."""
        return self._task_factory

    def close(self) -> None:
        """Drop what is scheduled, forget the tasks, and refuse everything from here on.

        Raises:
            RuntimeError: The loop is running.
        """
        super().close()
        self._coroutines.clear()

    def tasks(self) -> list[asyncio.Task[Any]]:
        """Return the tasks of this loop that are not done, in the order of their creation."""
        # `all_tasks` is a set. Ours iterate by number, but those of a foreign factory by address.
        return sorted(asyncio.all_tasks(self), key=creation_order)

"""Own asyncio tasks: none is forgotten, none fails unseen, each is cancelled once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any, TypeVar

_logger = logging.getLogger(__name__)
_T = TypeVar("_T")

CANCEL_TIMEOUT_SECS = 1.0
"""How long a cancelled task may take to end before it is reported by name and left behind."""


async def still_running(
    tasks: Sequence[asyncio.Task[Any]], timeout: float | None = None
) -> list[asyncio.Task[Any]]:
    """Wait for tasks, neither cancelling nor judging them.

    Args:
        tasks: The tasks. The current one is passed over: it would wait for itself.
        timeout: The bound in seconds; None waits until all have ended.

    Returns:
        Those that have not ended, in the order given.
    """
    current = asyncio.current_task()
    others = [task for task in tasks if task is not current and not task.done()]
    if others:
        # `asyncio.wait_for` is no bound: it cancels, and then waits for a task that ignores the
        # cancellation. `wait` returns when the time is over, whatever the tasks do.
        await asyncio.wait(others, timeout=timeout)
    return [task for task in others if not task.done()]


class TaskOwner:
    """Own tasks, and end them.

    Args:
        name: For log lines and error frames.
        cancel_timeout_secs: How long a cancelled task may take to end.
    """

    def __init__(self, name: str, cancel_timeout_secs: float) -> None:
        self._name = name
        self._cancel_timeout_secs = cancel_timeout_secs
        # The flag says that the cancellation was asked for. Task.cancelling() cannot: it also
        # counts the cancellations that asyncio.timeout() takes back.
        self._tasks: dict[asyncio.Task[Any], bool] = {}

    def __str__(self) -> str:
        return self._name

    @property
    def name(self) -> str:
        """Return the name, ``"ClassName#n"`` unless one was given."""
        return self._name

    def create_task(
        self, coroutine: Coroutine[Any, Any, _T], name: str | None = None
    ) -> asyncio.Task[_T]:
        """Run a coroutine in a task that is cancelled at cleanup, at the latest.

        Args:
            coroutine: What to run. An exception in it is reported as soon as it happens.
            name: What the task does; its name is ``"owner::name"``. The coroutine's if not given.

        Returns:
            The task.
        """
        label = f"{self._name}::{name or getattr(coroutine, '__name__', 'task')}"
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._guard(coroutine, label), name=label)
        self._tasks[task] = False
        task.add_done_callback(partial(self._task_done, coroutine))
        return task

    async def cancel_task(self, task: asyncio.Task[Any], timeout: float | None = None) -> None:
        """Cancel a task and wait for its end, a bounded time.

        Args:
            task: The task. It is cancelled once, however often this is called.
            timeout: The bound in seconds; the owner's ``cancel_timeout_secs`` if not given.
        """
        bound = self._cancel_timeout_secs if timeout is None else timeout
        self._request_cancel(task)
        for left in await still_running([task], bound):
            await self._report_left_behind(left, bound)

    async def wait_for_task(self, task: asyncio.Task[Any], timeout: float | None = None) -> None:
        """Wait until a task has ended, in whatever way; the task is not cancelled.

        Args:
            task: The task.
            timeout: The bound in seconds; None waits until it has ended.
        """
        await still_running([task], timeout)

    def _request_cancel(self, task: asyncio.Task[Any]) -> None:
        if task.done() or self._tasks.get(task, False):
            return
        self._tasks[task] = True
        task.cancel()

    async def _cancel_all_tasks(self) -> None:
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        # The others were asked before: they have had their time, and were reported if they did not
        # end.
        fresh = [task for task in tasks if not self._tasks[task]]
        for task in fresh:
            self._request_cancel(task)
        bound = self._cancel_timeout_secs
        for left in await still_running(fresh, bound):
            await self._report_left_behind(left, bound)

    async def _report_left_behind(self, task: asyncio.Task[Any], bound: float) -> None:
        await self._report(
            f"{self._name}: task {task.get_name()!r} did not end within {bound} s of its "
            "cancellation and is left behind"
        )

    async def _report(self, message: str, error: Exception | None = None) -> None:
        """Log a failure; a subclass in a pipeline pushes an error frame instead."""
        _logger.error(message, exc_info=error)

    async def _guard(self, coroutine: Coroutine[Any, Any, _T], label: str) -> _T:
        try:
            return await coroutine
        except Exception as error:
            # As it happens: asyncio would say "never retrieved" when the task is collected, which
            # is any time later, or never while somebody holds it.
            await self._report(f"{self._name}: task {label!r} failed: {error!r}", error)
            raise

    def _task_done(self, coroutine: Coroutine[Any, Any, Any], task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        # A task that is cancelled before its first step never enters the guard, and its coroutine
        # would be reported as "never awaited".
        coroutine.close()
        if not task.cancelled():
            # Retrieved, because the guard has reported it.
            task.exception()

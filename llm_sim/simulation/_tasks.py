"""The tasks that a run brings forth."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import Iterator
from typing import Any

from llm_sim.loop import Instrument


class Born(Instrument):
    """Knows every task of a run, without keeping one alive."""

    def __init__(self) -> None:
        self._tasks: list[weakref.ref[asyncio.Task[Any]]] = []

    def on_task(self, task: asyncio.Task[Any]) -> None:
        """Note a task."""
        self._tasks.append(weakref.ref(task))

    def failures(self) -> Iterator[tuple[asyncio.Task[Any], BaseException]]:
        """Yield the tasks that have failed and that nobody has asked, with their exceptions.

        asyncio tells of such a task when it is freed. One that somebody still holds, in a list or
        on ``self``, would never be told of.
        """
        for task in self._alive():
            if task.done() and not task.cancelled() and task._log_traceback:
                error = task.exception()
                if error is not None:
                    yield task, error

    def close_what_never_ends(self) -> None:
        """Close the coroutines of tasks that have ignored their last cancellation.

        Left to the collector, they would be closed in the middle of whatever comes after the run.
        """
        for task in self._alive():
            if not task.done():
                with contextlib.suppress(RuntimeError):
                    task.get_coro().close()

    def _alive(self) -> Iterator[asyncio.Task[Any]]:
        return (task for task in [ref() for ref in self._tasks] if task is not None)

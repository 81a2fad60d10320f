"""Tasks and futures whose order in a set is the same in every process.

asyncio keeps tasks in sets: `asyncio.wait` returns two, `TaskGroup` and `all_tasks` hold one. A set
iterates by hash, and the hash of a plain task is its address, which differs between processes. Here
it is the number that the loop gave the object at creation. Equality stays identity.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Generator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from llm_sim.loop._creation import Creation

_T = TypeVar("_T")
_COUNTED_NAME = re.compile(r"Task-\d+")


class SimFuture(asyncio.Future[_T]):
    """A future that hashes by its creation number within its loop."""

    __slots__ = ("number",)

    number: int

    def __hash__(self) -> int:
        return self.number


class SimTask(asyncio.Task[_T]):
    """A task that hashes by its creation number within its loop.

    Args:
        coro: What the task runs.
        loop: The loop that numbers it.
        name: Its name; None takes the loop's next one, ``"task-1"`` and so on.
        options: What else `asyncio.Task` takes on the running Python: ``context``, ``eager_start``.
    """

    __slots__ = ("number",)

    number: int

    def __init__(
        self,
        coro: Coroutine[Any, Any, _T] | Generator[Any, None, _T],
        *,
        loop: Creation,
        name: object = None,
        **options: Any,
    ) -> None:
        # The base class puts the task into a WeakSet, which hashes it: the number comes first.
        self.number = loop.next_number()
        super().__init__(
            coro, loop=loop, name=loop.next_task_name() if name is None else str(name), **options
        )

    def __hash__(self) -> int:
        return self.number


# The name is in every repr, and in what asyncio logs ("Task exception was never retrieved"). The
# logs of the code under test must be those of stock asyncio.
SimFuture.__name__ = "Future"
SimTask.__name__ = "Task"


def creation_order(task: asyncio.Task[Any]) -> tuple[bool, int, str]:
    """Return a sort key: numbered tasks by number, then those of a foreign class by name."""
    # Numbered tasks come first. A foreign one has only its name to sort by, and names may repeat.
    if isinstance(task, SimTask):
        return False, task.number, ""
    if has_counted_name(task):
        return True, int(task.get_name().removeprefix("Task-")), ""
    return True, 0, task.get_name()


def has_counted_name(task: asyncio.Task[Any]) -> bool:
    """Tell whether the name comes from the counter that asyncio shares in the whole process."""
    return _COUNTED_NAME.fullmatch(task.get_name()) is not None


def name_of(task: asyncio.Task[Any]) -> str:
    """Return the name of a task; ``"Task"`` if asyncio has counted it, in the whole process.

    The loop counts its own. A task that was made without it, as aiohttp makes eager ones, would
    have another name in each run.
    """
    return "Task" if has_counted_name(task) else task.get_name()


class _StepTypeProbe(asyncio.AbstractEventLoop):
    """A loop that notes which type of callback a new task schedules."""

    step_type: type = type(None)

    def get_debug(self) -> bool:
        return False

    def call_soon(self, callback: object, *args: object, context: object = None) -> Any:
        self.step_type = type(callback)


def _find_step_type() -> type:
    async def nothing() -> None: ...

    coro = nothing()
    probe = _StepTypeProbe()  # type: ignore[abstract]  # a task needs no more of a loop
    task = asyncio.Task(coro, loop=probe, name="probe")
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    coro.close()
    return probe.step_type


TASK_STEP = _find_step_type()
"""The type of the callable that a task schedules to run its next part.

asyncio does not export it. Knowing it, the loop can tell the calls of tasks, which drop the handle,
from those of users, who may keep it.
"""

TASK_WAKEUP = "task_wakeup"
"""The name of the builtin that a task leaves with the future it awaits."""

"""The port through which a run is watched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


class Instrument:
    """Watch a loop at work; override what you need.

    The methods run synchronously inside the machine. They must schedule nothing and change nothing,
    because a watched run and an unwatched one have to be the same run. An exception ends the run.
    A method that is not overridden is never called, and costs nothing.
    """

    def on_step(self, step: int, time_ns: int, callback: Callable[..., object]) -> None:
        """Take note that a callback is about to run.

        Args:
            step: The number of this step; the first is 1.
            time_ns: The virtual time.
            callback: What runs. For a task it is a callable of C whose ``__self__`` is the task.
        """

    def on_jump(self, step: int, from_ns: int, to_ns: int) -> None:
        """Take note that the clock has jumped, and that what is due has joined the ready queue.

        Args:
            step: The number of this step.
            from_ns: The virtual time before.
            to_ns: The virtual time from here on.
        """

    def on_task(self, task: asyncio.Task[Any]) -> None:
        """Take note that a task was created.

        An eager task has run its first part by now. The name is not final: on Python 3.11
        `asyncio.create_task` sets it afterwards.
        """


class Instruments:
    """The instruments of a loop, sorted by what they override."""

    __slots__ = ("_all", "on_jump", "on_step", "on_task")

    def __init__(self) -> None:
        self._all: tuple[Instrument, ...] = ()
        self.on_step: tuple[Callable[[int, int, Callable[..., object]], None], ...] = ()
        self.on_jump: tuple[Callable[[int, int, int], None], ...] = ()
        self.on_task: tuple[Callable[[asyncio.Task[Any]], None], ...] = ()

    def add(self, instrument: Instrument) -> None:
        """Take an instrument in, behind those that are there."""
        self._all = (*self._all, instrument)
        self._sort()

    def remove(self, instrument: Instrument) -> None:
        """Take an instrument out; one that is not there is no mistake."""
        self._all = tuple(other for other in self._all if other is not instrument)
        self._sort()

    def _sort(self) -> None:
        self.on_step = tuple(i.on_step for i in self._all if _overrides(i, "on_step"))
        self.on_jump = tuple(i.on_jump for i in self._all if _overrides(i, "on_jump"))
        self.on_task = tuple(i.on_task for i in self._all if _overrides(i, "on_task"))


def _overrides(instrument: Instrument, method: str) -> bool:
    return getattr(type(instrument), method) is not getattr(Instrument, method)

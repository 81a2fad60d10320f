"""What puts callbacks into the ready queue and timers on the clock."""

from __future__ import annotations

import asyncio
import inspect
from asyncio import Handle, TimerHandle
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from types import BuiltinFunctionType
from typing import Any, TypeVarTuple

from llm_sim.loop._clock import VirtualClock
from llm_sim.loop._executor import InlineExecution
from llm_sim.loop._numbered_tasks import TASK_STEP, TASK_WAKEUP
from llm_sim.loop._refusals import CLOSED

_Ts = TypeVarTuple("_Ts")

Entry = Handle | tuple[Callable[..., object], tuple[Any, ...], Context]
"""An entry of the ready queue: a handle, or what a task scheduled without wanting one."""


_DEBUG: bool = asyncio.coroutines._is_debug_mode()  # type: ignore[attr-defined]


class Scheduling(InlineExecution):
    """The ready queue, the timers, and the states in which nothing may be added to them."""

    def __init__(self) -> None:
        super().__init__()
        self._clock = VirtualClock()
        self._ready: deque[Entry] = deque()
        self._closed = False
        self._debug = _DEBUG
        if not self._debug:
            self.call_soon = self._make_call_soon()  # type: ignore[assignment, method-assign]

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._clock.reading

    @property
    def time_ns(self) -> int:
        """The virtual time in nanoseconds; it starts at 0."""
        return self._clock.now_ns

    def _make_call_soon(self) -> Callable[..., Any]:
        """Make the `call_soon` of an open loop that is not in debug mode.

        A closure on the instance, because tasks and futures call it at every step. They drop what
        it returns, so a task gets a tuple into the queue and nothing back. What a future schedules
        for others cannot be told from a user's call, and gets a handle.
        """
        append = self._ready.append

        def call_soon(
            callback: Callable[..., object], *args: Any, context: Context | None = None
        ) -> Handle | None:
            if context is not None:
                # The step of a task has a type of its own; its wakeup is a plain builtin method,
                # and only the name tells.
                kind = type(callback)
                if kind is TASK_STEP or (
                    kind is BuiltinFunctionType and callback.__name__ == TASK_WAKEUP
                ):
                    append((callback, args, context))
                    return None
            handle = Handle(callback, args, self, context)
            append(handle)
            return handle

        return call_soon

    def call_soon(
        self,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> Handle:
        """Put a callback at the end of the ready queue.

        Args:
            callback: What to call.
            args: Its arguments.
            context: The context variables that it sees; None for a copy of the caller's.

        Returns:
            A handle to cancel it with.

        Raises:
            RuntimeError: The loop is closed.
        """
        # An open loop outside debug mode has `_make_call_soon`'s on the instance instead.
        self._check_closed()
        # asyncio makes this check in debug mode only, and only a loop in debug mode comes here.
        if not callable(callback) or inspect.iscoroutinefunction(callback):
            raise TypeError(f"a callable object was expected by call_soon(), got {callback!r}")
        handle = Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> TimerHandle:
        """Call a callback `delay` seconds from now; see `call_at`."""
        if delay is None:
            raise TypeError("delay must not be None")
        return self.call_at(self._clock.reading + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> TimerHandle:
        """Call a callback at a moment of the loop's time.

        When it runs, ``loop.time() >= when``. What is due at one instant runs by deadline, then by
        creation. For a moment that is not in the future the clock moves on by a nanosecond when the
        next iteration begins, whether or not something else is ready.

        Raises:
            RuntimeError: The loop is closed.
        """
        if when is None:
            raise TypeError("when cannot be None")
        self._check_closed()
        timer = TimerHandle(when, callback, args, self, context)
        self._clock.add(timer)
        return timer

    def _timer_handle_cancelled(self, handle: TimerHandle) -> None:
        self._clock.note_cancelled(handle)

    def is_running(self) -> bool:
        """Tell whether a run is under way."""
        return self._thread_id is not None

    def is_closed(self) -> bool:
        """Tell whether the loop was closed."""
        return self._closed

    def close(self) -> None:
        """Drop what is scheduled and refuse everything from here on; closing twice is no mistake.

        Raises:
            RuntimeError: The loop is running.
        """
        if self.is_running():
            raise RuntimeError("Cannot close a running event loop")
        if self._closed:
            return
        self._closed = True
        self._ready.clear()
        self._clock.clear()
        self._drop_fast_call_soon()

    def get_debug(self) -> bool:
        """Tell whether the loop is in debug mode."""
        return self._debug

    def set_debug(self, enabled: bool) -> None:
        """Switch debug mode, in which handles, futures and coroutines know where they were made."""
        self._debug = enabled
        self._drop_fast_call_soon()
        if not enabled and not self._closed:
            self.call_soon = self._make_call_soon()  # type: ignore[assignment, method-assign]

    def _drop_fast_call_soon(self) -> None:
        # It also refers back to the loop: without it a closed loop is freed at once, not by the
        # garbage collector.
        with suppress(AttributeError):
            del self.call_soon

    def _check_closed(self) -> None:
        if self._closed:
            raise RuntimeError(CLOSED)

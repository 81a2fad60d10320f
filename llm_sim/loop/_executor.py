"""Run the work of threads at a step of the loop, and refuse what a thread may not do."""

from __future__ import annotations

import asyncio
import sys
from asyncio import Handle
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context
from threading import get_ident
from types import FrameType
from typing import Any, TypeVar, TypeVarTuple

from llm_sim.errors import UnsupportedOperationError
from llm_sim.loop._callers import users_line
from llm_sim.loop._clock import NANOSECONDS
from llm_sim.loop._refusals import (
    FOREIGN_THREAD_REMEDY,
    WAITS_FOR_ITS_OWN_THREAD_REMEDY,
    refusal,
)
from llm_sim.loop._waiting import frames_of

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class InlineExecution(asyncio.AbstractEventLoop):
    """Run what is meant for an executor on the loop's own thread, at a step of its own.

    The function sees what it would see in a fresh thread: no running loop, and no context
    variables but those that it brings along (`asyncio.to_thread` does). What it sleeps passes
    before its future is done. An exception goes into the future, except KeyboardInterrupt, which is
    the user's and ends the run.
    """

    executor_delay_ns: int = 0
    """The virtual time that every function takes; it runs when that time is over."""

    slept_ns: int = 0
    """How long the function that is being run has slept so far."""

    _executor_shut_down = False
    _executing: asyncio.Future[Any] | None = None
    _refused: UnsupportedOperationError | None = None
    _stopping = False
    _thread_id: int | None = None

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Ts], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        """Run a function at a step of its own; which executor was meant makes no difference.

        Args:
            executor: Ignored.
            func: What to run.
            args: Its arguments.

        Returns:
            A future of the function's result. If it is cancelled in time the function never runs.

        Raises:
            RuntimeError: The loop is closed, or its executor was shut down.
        """
        # As on asyncio, where an executor of the caller's own is not the loop's to shut down.
        if executor is None and self._executor_shut_down:
            raise RuntimeError("Executor shutdown has been called")
        future: asyncio.Future[_T] = self.create_future()
        if self.executor_delay_ns:
            self.call_later(
                self.executor_delay_ns / NANOSECONDS, self._run_inline, future, func, args
            )
        else:
            self.call_soon(self._run_inline, future, func, args)
        return future

    def _run_inline(
        self, future: asyncio.Future[Any], func: Callable[..., Any], args: tuple[Any, ...]
    ) -> None:
        # A thread pool, too, begins nothing whose future was cancelled while it waited for a
        # thread.
        if future.cancelled():
            return
        # A function in a thread of a pool sees no running loop, and may count on it: `asyncio.run`
        # refuses to start inside one.
        asyncio._set_running_loop(None)
        self._executing, self.slept_ns = future, 0
        settle: Callable[[Any], None] = future.set_result
        try:
            outcome = Context().run(func, *args)
        except KeyboardInterrupt:
            raise
        # SystemExit included, as in `concurrent.futures.thread`: in a thread it would not end the
        # program either.
        except BaseException as error:
            settle, outcome = future.set_exception, error
        finally:
            slept_ns, self.slept_ns = self.slept_ns, 0
            self._executing = None
            asyncio._set_running_loop(self)
        if slept_ns:
            self.call_later(slept_ns / NANOSECONDS, _settle, future, settle, outcome)
        else:
            settle(outcome)
        # An exception's traceback holds this frame, and the future the exception.
        del future, func, args, settle, outcome

    def sleep_in_executor(self, secs: float) -> bool:
        """Put the function that an executor runs to sleep; return False if no executor runs one."""
        if self._executing is None:
            return False
        self.slept_ns += round(secs * NANOSECONDS)
        return True

    def call_soon_threadsafe(
        self,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> Handle:
        """Put a callback at the end of the ready queue, from the loop's thread or a signal handler.

        A foreign thread runs in real time, so its callback would land at another step in every run.
        While the loop runs it is refused twice: in the thread, and in the run, which ends with the
        same error. It would otherwise end with a verdict, or with a deadlock that is not one.

        Raises:
            UnsupportedOperationError: The loop runs in another thread; or the caller is
                `asyncio.run_coroutine_threadsafe` in a function that an executor runs, which would
                wait for its own thread.
            RuntimeError: The loop is closed.
        """
        # While the loop does not run there is no step at which it could land: it waits in the queue
        # for the next run.
        if self._thread_id not in (None, get_ident()):
            self._refused = refusal("call_soon_threadsafe from a thread", FOREIGN_THREAD_REMEDY)
            self._stopping = True
            raise self._refused
        if self._executing is not None:
            self._check_not_awaiting_own_thread(sys._getframe(1))
        return self.call_soon(callback, *args, context=context)

    def _take_refused(self) -> UnsupportedOperationError | None:
        refused, self._refused = self._refused, None
        return refused

    def _check_not_awaiting_own_thread(self, caller: FrameType) -> None:
        """Refuse `asyncio.run_coroutine_threadsafe` in a function that an executor runs.

        The caller would wait for its future with ``result()``. That blocks this thread and with it
        the loop, for ever and without a message.
        """
        if caller.f_code is asyncio.run_coroutine_threadsafe.__code__:
            raise refusal("run_coroutine_threadsafe", WAITS_FOR_ITS_OWN_THREAD_REMEDY)

    def _who_awaits_the_executor(self) -> str:
        """Describe the line that awaits the function which an executor runs."""
        for task in asyncio.all_tasks(self):
            if (
                self._executing is not None
                and getattr(task, "_fut_waiter", None) is self._executing
            ):
                return users_line(reversed(list(frames_of(task.get_coro()))))
        return ""

    def set_default_executor(self, executor: Executor) -> None:
        """Accept an executor and never use it: its functions run at steps of the loop."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Refuse further work for the default executor; there is no thread to wait for."""
        self._executor_shut_down = True


def _settle(future: asyncio.Future[Any], settle: Callable[[Any], None], outcome: Any) -> None:
    # Whoever awaited it may have given up while it slept.
    if not future.done():
        settle(outcome)

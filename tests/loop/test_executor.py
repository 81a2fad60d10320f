"""Work for threads, run at steps of the loop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest

from llm_sim.errors import UnsupportedOperationError
from llm_sim.loop import SimLoop

variable: ContextVar[str] = ContextVar("variable", default="not set")


def test_a_function_runs_on_the_loops_thread_at_a_step_of_its_own(loop: SimLoop) -> None:
    order: list[object] = []

    def work() -> str:
        order.append(("work", loop.steps, threading.current_thread() is threading.main_thread()))
        return "result"

    async def main() -> str:
        future = loop.run_in_executor(None, work)
        order.append("main goes on")
        return await future

    assert loop.run_until_complete(main()) == "result"
    assert order == ["main goes on", ("work", 2, True)]
    assert loop.time() == 0.0


def test_a_function_takes_the_virtual_time_that_is_set(loop: SimLoop) -> None:
    loop.executor_delay_ns = 250_000_000

    async def main() -> list[float]:
        started = await asyncio.to_thread(loop.time)
        return [started, loop.time()]

    assert loop.run_until_complete(main()) == [0.25, 0.25]


def test_which_executor_is_meant_makes_no_difference(loop: SimLoop) -> None:
    with ThreadPoolExecutor() as pool:
        loop.set_default_executor(pool)
        future = loop.run_in_executor(pool, threading.current_thread)
        assert loop.run_until_complete(future) is threading.main_thread()


def test_an_exception_goes_to_who_awaits_it(loop: SimLoop) -> None:
    def fail() -> None:
        raise SystemExit("from the function")

    async def main() -> str:
        try:
            await asyncio.to_thread(fail)
        except SystemExit as error:
            return f"caught: {error}"
        return "nothing"

    assert loop.run_until_complete(main()) == "caught: from the function"


def test_a_keyboard_interrupt_ends_the_run(loop: SimLoop) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    loop.run_in_executor(None, interrupt)
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_idle()


def test_a_function_that_is_cancelled_in_time_never_runs(loop: SimLoop) -> None:
    ran: list[str] = []
    loop.run_in_executor(None, ran.append, "ran").cancel()
    loop.run_until_idle()
    assert ran == []


def test_a_function_sees_what_it_would_see_in_a_thread(loop: SimLoop) -> None:
    def look() -> list[object]:
        return [variable.get(), asyncio._get_running_loop(), asyncio.run(nested())]

    async def nested() -> str:
        return "a loop of its own"

    async def main() -> list[list[object]]:
        variable.set("set")
        return [
            await loop.run_in_executor(None, look),
            await asyncio.to_thread(look),
            [variable.get(), asyncio.get_running_loop()],
        ]

    assert loop.run_until_complete(main()) == [
        ["not set", None, "a loop of its own"],
        ["set", None, "a loop of its own"],
        ["set", loop],
    ]


def test_a_function_may_schedule_on_the_loop(loop: SimLoop) -> None:
    scheduled: list[str] = []
    loop.run_in_executor(None, loop.call_soon_threadsafe, scheduled.append, "scheduled")
    loop.run_until_idle()
    assert scheduled == ["scheduled"]


def test_a_function_that_would_wait_for_its_own_thread_is_refused(loop: SimLoop) -> None:
    async def coroutine() -> None: ...

    def hang() -> None:
        coro = coroutine()
        try:
            asyncio.run_coroutine_threadsafe(coro, loop).result()
        finally:
            coro.close()

    with pytest.raises(UnsupportedOperationError, match="would hang"):
        loop.run_until_complete(asyncio.to_thread(hang))


def test_the_default_executor_takes_no_work_after_its_shutdown(loop: SimLoop) -> None:
    loop.run_until_complete(loop.shutdown_default_executor())
    with pytest.raises(RuntimeError, match="Executor shutdown has been called"):
        loop.run_in_executor(None, print)

"""Runs: what ends them, what they leave behind, and how they nest."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Callable

import pytest

from llm_sim.errors import DeadlockError, StepLimitError, UnsupportedOperationError
from llm_sim.loop import SimLoop


def test_a_runner_runs_a_program(capfd: pytest.CaptureFixture[str]) -> None:
    async def main() -> str:
        await asyncio.sleep(3600)
        return "done"

    with asyncio.Runner(loop_factory=SimLoop) as runner:
        assert runner.run(main()) == "done"
        assert runner.run(main()) == "done"
        assert runner.get_loop().time() == 7200.0
    assert capfd.readouterr() == ("", "")


def test_a_runner_in_debug_mode_runs_the_same_steps() -> None:
    async def main() -> int:
        await asyncio.gather(*[asyncio.sleep(1) for _ in range(3)])
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        return loop.steps

    steps = []
    for debug in (False, True):
        with asyncio.Runner(loop_factory=SimLoop, debug=debug) as runner:
            steps.append(runner.run(main()))
    assert steps[0] == steps[1]


def test_a_program_that_waits_for_itself_is_a_deadlock_with_names(loop: SimLoop) -> None:
    async def wait_for(event: asyncio.Event) -> None:
        await event.wait()

    async def main() -> None:
        await asyncio.create_task(wait_for(asyncio.Event()), name="child")

    with pytest.raises(DeadlockError) as caught:
        loop.run_until_complete(loop.create_task(main(), name="parent"))
    assert caught.value.awaited == "task 'parent'"
    assert [line.split(":")[0] for line in caught.value.waiting] == ["parent", "child"]


def test_a_bare_future_that_nobody_resolves_is_a_deadlock(loop: SimLoop) -> None:
    with pytest.raises(DeadlockError) as caught:
        loop.run_until_complete(loop.create_future())
    assert (caught.value.awaited, caught.value.waiting) == ("Future", ())


def test_a_program_that_ends_by_itself_is_no_deadlock_whoever_still_waits(loop: SimLoop) -> None:
    async def main() -> str:
        loop.create_task(asyncio.Event().wait(), name="left behind")
        await asyncio.sleep(0)
        return "done"

    assert loop.run_until_complete(main()) == "done"
    assert [task.get_name() for task in loop.tasks()] == ["left behind"]


def test_a_loop_that_runs_for_ever_and_has_nothing_to_do_is_a_deadlock(loop: SimLoop) -> None:
    with pytest.raises(DeadlockError, match=r"run_forever\(\)"):
        loop.run_forever()


@pytest.mark.parametrize(
    ("bounds", "text"),
    [({"max_steps": 10}, "10 steps"), ({"max_time_ns": 1_500_000_000}, "1.5 s of virtual time")],
)
def test_a_program_that_never_rests_ends_at_the_bound(
    loop: SimLoop, bounds: dict[str, int], text: str
) -> None:
    async def tick() -> None:
        for _ in range(1000):
            await asyncio.sleep(1)

    for name, bound in bounds.items():
        setattr(loop, name, bound)
    with pytest.raises(StepLimitError) as caught:
        loop.run_until_complete(tick())
    assert caught.value.bound == text
    assert caught.value.waiting[0].startswith("task-1: test_runs.py:")


def test_an_exception_of_the_awaited_coroutine_is_raised(loop: SimLoop) -> None:
    async def fail() -> None:
        raise ValueError("from the program")

    with pytest.raises(ValueError, match="from the program"):
        loop.run_until_complete(fail())


def test_stop_lets_the_iteration_under_way_finish(loop: SimLoop) -> None:
    ran: list[str] = []

    def first() -> None:
        ran.append("first")
        loop.stop()
        loop.call_soon(ran.append, "next iteration")

    loop.call_soon(first)
    loop.call_soon(ran.append, "same iteration")
    loop.run_forever()
    assert ran == ["first", "same iteration"]
    loop.run_until_idle()
    assert ran == ["first", "same iteration", "next iteration"]


def test_stop_before_a_run_lets_one_iteration_pass_and_no_time(loop: SimLoop) -> None:
    ran: list[str] = []
    loop.call_soon(ran.append, "ready")
    loop.call_later(1, ran.append, "timer")
    loop.stop()
    loop.run_forever()
    loop.stop()
    loop.run_forever()
    assert (ran, loop.time()) == (["ready"], 0.0)


def test_stopping_before_the_future_is_done_is_an_error(loop: SimLoop) -> None:
    loop.call_soon(loop.stop)
    with pytest.raises(RuntimeError, match="stopped before Future completed"):
        loop.run_until_complete(loop.create_future())


def test_a_running_loop_can_be_neither_run_nor_closed(loop: SimLoop) -> None:
    errors: list[str] = []

    def misuse() -> None:
        for call in (loop.run_forever, loop.run_until_idle, loop.close):
            try:
                call()
            except RuntimeError as error:
                errors.append(str(error))

    loop.call_soon(misuse)
    loop.run_until_idle()
    assert errors == ["This event loop is already running"] * 2 + [
        "Cannot close a running event loop"
    ]


def test_a_closed_loop_refuses_everything_and_closing_it_again_is_no_mistake() -> None:
    loop = SimLoop()
    loop.close()
    loop.close()
    assert loop.is_closed()
    calls: list[Callable[[], object]] = [
        lambda: loop.call_soon(print),
        lambda: loop.call_soon_threadsafe(print),
        lambda: loop.call_later(1, print),
        lambda: loop.call_at_step(1, print),
        lambda: loop.run_in_executor(None, print),
        loop.run_forever,
        loop.run_until_idle,
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            call()


def test_a_closed_loop_is_freed_without_the_garbage_collector() -> None:
    loop = SimLoop()
    loop.run_until_complete(asyncio.sleep(1))
    loop.close()
    gone = weakref.ref(loop)
    gc.disable()
    try:
        del loop
        assert gone() is None
    finally:
        gc.enable()


def test_an_exception_that_was_raised_is_freed_without_the_garbage_collector(
    loop: SimLoop,
) -> None:
    class FailedError(Exception):
        pass

    def fail() -> None:
        raise FailedError

    async def main() -> None:
        await asyncio.create_task(asyncio.to_thread(fail))

    def gone() -> weakref.ref[FailedError]:
        try:
            loop.run_until_complete(main())
        except FailedError as error:
            return weakref.ref(error)
        raise AssertionError

    gc.disable()
    try:
        assert gone()() is None
    finally:
        gc.enable()


def test_it_runs_inside_a_running_loop_and_leaves_that_as_it_was() -> None:
    async def inner() -> str:
        task = asyncio.current_task()
        assert task is not None
        await asyncio.sleep(3600)
        return task.get_name()

    async def outer() -> list[object]:
        outer_loop, outer_task = asyncio.get_running_loop(), asyncio.current_task()
        hooks = sys.get_asyncgen_hooks()
        loop = SimLoop()
        inner_name = loop.run_until_complete(inner())
        loop.close()
        await asyncio.sleep(0)
        return [
            inner_name,
            asyncio.get_running_loop() is outer_loop,
            asyncio.current_task() is outer_task,
            sys.get_asyncgen_hooks() == hooks,
        ]

    assert asyncio.run(outer()) == ["task-1", True, True, True]


def test_it_runs_inside_another_simulated_loop(loop: SimLoop) -> None:
    async def outer() -> list[object]:
        await asyncio.sleep(1)
        inner = SimLoop()
        inner.run_until_complete(asyncio.sleep(5))
        times: list[object] = [inner.time(), loop.time(), asyncio.get_running_loop() is loop]
        inner.close()
        return times

    assert loop.run_until_complete(outer()) == [5.0, 1.0, True]


def test_the_running_loop_is_put_back_when_a_run_fails(loop: SimLoop) -> None:
    async def outer() -> bool:
        running = asyncio.get_running_loop()
        with pytest.raises(DeadlockError):
            loop.run_until_complete(loop.create_future())
        return asyncio.get_running_loop() is running

    assert asyncio.run(outer())
    assert not loop.is_running()


def test_a_keyboard_interrupt_ends_the_run_and_leaves_the_loop_usable(loop: SimLoop) -> None:
    ran: list[str] = []

    def interrupt() -> None:
        raise KeyboardInterrupt

    loop.call_soon(ran.append, "before")
    loop.call_soon(interrupt)
    loop.call_soon(ran.append, "after")
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_idle()
    assert (ran, loop.is_running(), loop.steps) == (["before"], False, 2)
    loop.run_until_idle()
    assert (ran, loop.steps) == (["before", "after"], 3)


def test_a_signal_in_a_run_reaches_the_program_of_a_runner() -> None:
    """Ctrl-C on a Runner cancels the main task, then becomes a KeyboardInterrupt."""
    seen: list[str] = []

    async def main() -> None:
        signal.raise_signal(signal.SIGINT)
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    with pytest.raises(KeyboardInterrupt), asyncio.Runner(loop_factory=SimLoop) as runner:
        runner.run(main())
    assert seen == ["cancelled"]


def test_a_signal_handler_schedules_with_call_soon_threadsafe(loop: SimLoop) -> None:
    seen: list[str] = []
    previous = signal.signal(
        signal.SIGUSR1, lambda *_: loop.call_soon_threadsafe(seen.append, "handled")
    )
    try:
        loop.call_soon(signal.raise_signal, signal.SIGUSR1)
        loop.run_until_idle()
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert seen == ["handled"]


def test_another_thread_that_schedules_ends_the_run_and_is_told_why(loop: SimLoop) -> None:
    told: list[BaseException] = []

    def intrude() -> None:
        try:
            loop.call_soon_threadsafe(print)
        except UnsupportedOperationError as error:
            told.append(error)

    async def main() -> None:
        thread = threading.Thread(target=intrude)
        thread.start()
        thread.join()
        await asyncio.Event().wait()

    with pytest.raises(UnsupportedOperationError, match=r"asyncio\.to_thread") as caught:
        loop.run_until_complete(main())
    assert told == [caught.value]


def test_another_thread_may_schedule_while_the_loop_does_not_run(loop: SimLoop) -> None:
    seen: list[str] = []
    thread = threading.Thread(target=loop.call_soon_threadsafe, args=(seen.append, "scheduled"))
    thread.start()
    thread.join()
    loop.run_until_idle()
    assert seen == ["scheduled"]


async def _endless(closed: list[str], name: str) -> AsyncIterator[int]:
    try:
        while True:
            yield 1
            await asyncio.sleep(0)
    finally:
        await asyncio.sleep(1)
        closed.append(name)


def test_an_async_generator_that_is_dropped_is_finalised_in_the_loop(loop: SimLoop) -> None:
    closed: list[str] = []

    async def main() -> None:
        async for _ in _endless(closed, "dropped"):
            break
        assert closed == []
        await asyncio.sleep(2)

    loop.run_until_complete(main())
    assert closed == ["dropped"]


def test_async_generators_are_shut_down_in_the_order_they_were_started(loop: SimLoop) -> None:
    closed: list[str] = []
    generators = [_endless(closed, name) for name in "abcdefgh"]

    async def main() -> None:
        for generator in generators:
            await anext(generator)

    loop.run_until_complete(main())
    loop.run_until_complete(loop.shutdown_asyncgens())
    assert closed == list("abcdefgh")


def test_debug_mode_checks_what_is_scheduled(loop: SimLoop) -> None:
    async def coroutine_function() -> None: ...

    loop.set_debug(True)
    with pytest.raises(TypeError, match="a callable object was expected"):
        loop.call_soon(coroutine_function)
    loop.set_debug(False)
    assert not loop.get_debug()


def test_its_repr_says_where_it_is_without_an_address(loop: SimLoop) -> None:
    assert repr(loop) == "<SimLoop open steps=0 time_ns=0>"

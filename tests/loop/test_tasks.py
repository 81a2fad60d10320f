"""Tasks and futures: names, order, and what keeps them alive."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import weakref
from collections.abc import Coroutine
from typing import Any

import pytest

from llm_sim.loop import SimLoop, SimTask

needs_eager_tasks = pytest.mark.skipif(
    sys.version_info < (3, 12),
    reason="eager tasks are new in Python 3.12: https://docs.python.org/3/whatsnew/3.12.html#asyncio",
)


async def nothing() -> None: ...


async def hang() -> None:
    await asyncio.get_running_loop().create_future()


def test_names_are_counted_by_each_loop() -> None:
    names = []
    for _ in range(2):
        loop = SimLoop()
        tasks = [loop.create_task(nothing()), loop.create_task(nothing(), name="mine")]
        loop.create_future()
        tasks.append(loop.create_task(nothing()))
        names.append([task.get_name() for task in tasks])
        loop.run_until_idle()
        loop.close()
    assert names == [["task-1", "mine", "task-2"]] * 2


def test_a_task_can_be_renamed(loop: SimLoop) -> None:
    task = loop.create_task(nothing())
    task.set_name("renamed")
    loop.run_until_idle()
    assert task.get_name() == "renamed"


def test_tasks_and_futures_hash_by_creation_and_equal_only_themselves(loop: SimLoop) -> None:
    other = SimLoop()
    things: list[asyncio.Future[Any]] = [
        loop.create_task(nothing()),
        loop.create_future(),
        loop.create_task(nothing()),
    ]
    assert [hash(thing) for thing in things] == [1, 2, 3]
    assert things[1] != other.create_future()
    loop.run_until_idle()
    other.close()


def test_their_reprs_are_those_of_stock_asyncio(loop: SimLoop) -> None:
    future = loop.create_future()
    assert repr(future) == "<Future pending>"
    task = loop.create_task(nothing())
    assert repr(task).startswith("<Task pending name='task-1' coro=<nothing() running at ")
    loop.run_until_idle()


def test_pending_tasks_are_listed_in_the_order_of_their_creation(loop: SimLoop) -> None:
    tasks = [loop.create_task(hang(), name=f"{i}") for i in range(50)]
    loop.run_until_idle()
    tasks[7].cancel()
    loop.run_until_idle()
    expected = [str(i) for i in range(50) if i != 7]
    assert [task.get_name() for task in loop.tasks()] == expected


def test_the_tasks_of_another_loop_are_not_listed(loop: SimLoop) -> None:
    other = SimLoop()
    other.create_task(nothing())
    assert loop.tasks() == []
    other.run_until_idle()
    other.close()


def test_a_suspended_task_that_nobody_holds_survives_the_garbage_collector(loop: SimLoop) -> None:
    loop.create_task(hang(), name="forgotten")
    loop.run_until_idle()
    gc.collect()
    assert [task.get_name() for task in loop.tasks()] == ["forgotten"]


def test_a_task_that_is_done_is_freed_at_once(loop: SimLoop) -> None:
    gc.disable()
    try:
        gone = weakref.ref(loop.create_task(nothing()))
        loop.run_until_idle()
        assert gone() is None
    finally:
        gc.enable()


def test_coroutines_of_tasks_that_are_done_are_forgotten(loop: SimLoop) -> None:
    keep = loop.create_task(hang())
    for _ in range(1000):
        loop.create_task(nothing())
        loop.run_until_idle()
    assert len(loop._coroutines) < 100
    assert loop.tasks() == [keep]


def test_a_task_factory_makes_the_tasks_and_the_loop_names_them(loop: SimLoop) -> None:
    made: list[str] = []

    def factory(
        loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=loop, **options)
        made.append(getattr(coro, "__name__", "?"))
        return task

    loop.set_task_factory(factory)
    assert loop.get_task_factory() is factory
    tasks = [loop.create_task(nothing()), loop.create_task(nothing(), name="mine")]
    assert [task.get_name() for task in tasks] == ["task-1", "mine"]
    assert made == ["nothing", "nothing"]
    assert [task.get_name() for task in loop.tasks()] == ["mine", "task-1"]
    loop.run_until_idle()


def test_a_task_factory_may_make_numbered_tasks(loop: SimLoop) -> None:
    loop.set_task_factory(lambda loop, coro, **options: SimTask(coro, loop=loop, **options))
    tasks = [loop.create_task(nothing()) for _ in range(3)]
    assert [(hash(task), task.get_name()) for task in tasks] == [
        (1, "task-1"),
        (2, "task-2"),
        (3, "task-3"),
    ]
    loop.run_until_idle()


def test_what_is_no_task_factory_is_refused(loop: SimLoop) -> None:
    with pytest.raises(TypeError, match="callable or None"):
        loop.set_task_factory("factory")


@needs_eager_tasks
def test_eager_tasks_are_numbered_and_run_their_first_part_at_once(loop: SimLoop) -> None:
    ran: list[str] = []

    async def note(name: str) -> None:
        ran.append(name)
        await asyncio.sleep(0)
        ran.append(f"{name} again")

    async def main() -> list[int]:
        tasks = [asyncio.create_task(note(name)) for name in "ab"]
        ran.append("main")
        await asyncio.wait(tasks)
        return [hash(task) for task in tasks]

    loop.set_task_factory(getattr(asyncio, "eager_task_factory", None))
    assert loop.run_until_complete(main()) == [2, 3]
    assert ran == ["a", "b", "main", "a again", "b again"]


PROGRAM = """
import asyncio
from llm_sim.loop import SimLoop

journal = []

async def work(name, delay):
    try:
        await asyncio.sleep(delay)
    except asyncio.CancelledError:
        journal.append(f"{name} cancelled")
        raise
    if delay == 3:
        raise ValueError(name)
    return name

async def main():
    loop = asyncio.get_running_loop()
    tasks = [asyncio.create_task(work(str(i), i % 5)) for i in range(23)]
    done, pending = await asyncio.wait(tasks, timeout=2)
    journal.append([task.get_name() for task in done])
    journal.append([task.get_name() for task in pending])
    journal.append([task.get_name() for task in asyncio.all_tasks()])
    futures = [loop.create_future() for _ in range(17)]
    for future in futures:
        future.set_result(None)
    done, _ = await asyncio.wait(futures)
    journal.append([futures.index(future) for future in done])
    journal.append(await asyncio.gather(*tasks, return_exceptions=True))
    try:
        async with asyncio.TaskGroup() as group:
            for i in range(19):
                group.create_task(work(f"grouped {i}", 3 if i == 11 else 9))
    except* ValueError as errors:
        journal.append(errors.exceptions)
    for i in range(7):
        asyncio.create_task(work(f"left {i}", 100))
    await asyncio.sleep(0)

with asyncio.Runner(loop_factory=SimLoop) as runner:
    runner.run(main())
    loop = runner.get_loop()
print(loop.steps, loop.time_ns, *journal, sep="\\n")
"""


@pytest.mark.slow
def test_the_same_program_takes_the_same_course_in_every_process() -> None:
    courses = []
    for seed in ("0", "1", "4711"):
        # Different amounts of garbage move the addresses as well.
        program = f"garbage = [object() for _ in range({seed} * 3)]\n{PROGRAM}"
        process = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        courses.append(process.stdout)
    assert courses[0] == courses[1] == courses[2]
    assert courses[0].count("cancelled") == 18 + 7

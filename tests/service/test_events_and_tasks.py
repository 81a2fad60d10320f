"""Event handlers and owned tasks: seen, contained, ended."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from llm_sim.errors import UsageError
from llm_sim.frames import ErrorFrame
from llm_sim.service import FrameProcessor, LLMService
from tests.service.bot import call, settle
from tests.service.stepping import run
from tests.service.test_function_calls import Ear, answer, between
from tests.service.test_processor import Witness


def linked(processor: FrameProcessor) -> Witness:
    before = Witness()
    before.link(processor)
    return before


def test_handlers_of_an_event_are_called_in_order_and_a_failure_is_contained() -> None:
    async def main() -> tuple[list[str], list[str]]:
        llm = LLMService(name="llm")
        before = linked(llm)
        heard: list[str] = []

        @llm.event_handler("on_completion_timeout")
        def first(service: LLMService) -> None:
            heard.append("sync")
            raise ValueError("no")

        @llm.event_handler("on_completion_timeout")
        async def second(service: LLMService) -> None:
            heard.append("async")
            raise KeyError("neither")

        llm.add_event_handler("on_completion_timeout", lambda service: heard.append("last"))
        await llm._call_event_handler("on_completion_timeout")
        await settle()
        await llm.cleanup()
        return heard, before.errors

    heard, errors = run(main())
    assert heard == ["sync", "last", "async"]
    assert errors == [
        "llm: a handler of the event 'on_completion_timeout' failed: ValueError('no')",
        "llm: task 'llm::on_completion_timeout' failed: KeyError('neither')",
    ]


def test_calls_run_whatever_the_handlers_of_their_event_do() -> None:
    async def main() -> tuple[list[str], int]:
        llm = LLMService(name="llm")
        up, _ = await between(llm)
        llm.register_function("f", answer)

        @llm.event_handler("on_function_calls_started")
        def sync(*_: object) -> None:
            raise ValueError("no")

        @llm.event_handler("on_function_calls_started")
        async def never_ends(*_: object) -> None:
            await asyncio.Event().wait()

        await llm.run_function_calls([call("f", "1")])
        await settle()
        await llm.cleanup()
        return up.calls, len(up.errors)

    assert run(main()) == (["sStarted:1", "InProgress:1", "Result:1"], 1)


def test_an_unknown_event_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="did you mean 'on_completion_timeout'"):
        LLMService().add_event_handler("on_completion_timout", print)


def test_cancelling_a_task_waits_for_its_end() -> None:
    async def main() -> list[str]:
        processor = FrameProcessor()
        said: list[str] = []

        async def work() -> None:
            try:
                await asyncio.sleep(100)
            finally:
                await asyncio.sleep(0.1)
                said.append("cleaned up")

        task = processor.create_task(work())
        await settle()
        await processor.cancel_task(task)
        assert task.cancelled()
        return said

    assert run(main()) == ["cleaned up"]


def test_a_task_is_named_after_its_owner() -> None:
    async def main() -> list[str]:
        processor = FrameProcessor("it")
        tasks = [processor.create_task(asyncio.sleep(0), "nap"), processor.create_task(settle())]
        for task in tasks:
            await processor.wait_for_task(task)
        assert all(task.done() for task in tasks)
        return [task.get_name() for task in tasks]

    assert run(main()) == ["it::nap", "it::settle"]


def test_waiting_for_a_task_is_bounded_and_does_not_cancel_it() -> None:
    async def main() -> list[bool]:
        processor = FrameProcessor("it")
        task = processor.create_task(asyncio.sleep(1))
        await processor.wait_for_task(task, timeout=0.5)
        early = task.done()
        await processor.wait_for_task(task)
        return [early, task.done(), task.cancelled()]

    assert run(main()) == [False, True, False]


def test_an_error_can_be_pushed_as_a_frame_or_in_words() -> None:
    async def main() -> list[tuple[str, bool, str]]:
        processor = FrameProcessor("it")
        before = Ear()
        before.link(processor)
        await processor.push_error("words", fatal=True)
        await processor.push_error(ErrorFrame("frame", True))
        return [(f.error, f.fatal, str(f.processor)) for f in before.frames]

    assert run(main()) == [("words", True, "it"), ("frame", True, "None")]


def test_a_task_that_swallows_its_cancellation_is_reported_by_name() -> None:
    async def main() -> list[str]:
        processor = FrameProcessor("it")
        before = linked(processor)
        over = asyncio.Event()

        async def stubborn() -> None:
            while not over.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await over.wait()

        task = processor.create_task(stubborn(), "stubborn")
        await settle()
        await processor.cancel_task(task, timeout=0.2)
        over.set()
        await task
        return before.errors

    assert run(main()) == [
        "it: task 'it::stubborn' did not end within 0.2 s of its cancellation and is left behind"
    ]


def test_a_task_that_is_cancelled_before_its_first_step_leaves_no_coroutine_behind() -> None:
    async def main() -> bool:
        processor = FrameProcessor()

        async def never() -> None:
            raise AssertionError

        task = processor.create_task(never())
        await processor.cancel_task(task)
        return task.cancelled()

    assert run(main())


def test_cleanup_ends_every_task() -> None:
    async def main() -> int:
        processor = FrameProcessor()
        for _ in range(3):
            processor.create_task(asyncio.sleep(100))
        await settle()
        await processor.cleanup()
        return len(asyncio.all_tasks())

    assert run(main()) == 1


def test_processors_are_numbered_by_class() -> None:
    first, second = FrameProcessor().name, FrameProcessor().name
    assert [name.split("#")[0] for name in (first, second)] == ["FrameProcessor"] * 2
    assert int(second.split("#")[1]) == int(first.split("#")[1]) + 1
    assert str(FrameProcessor("mine")) == "mine"

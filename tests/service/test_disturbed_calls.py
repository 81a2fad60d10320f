"""Calls that are interrupted, ended and cancelled, in both modes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from llm_sim.frames import CancelFrame, EndFrame, InterruptionFrame, StartInterruptionFrame
from llm_sim.service import FunctionCallParams, LLMService
from tests.service.bot import call, settle
from tests.service.stepping import run
from tests.service.test_function_calls import Ear, answer, between


class Work:
    """Handlers that take a second, and what became of them."""

    def __init__(self, cleanup: float = 0.0, swallow: bool = False) -> None:
        self.log: list[str] = []
        self.cleanup = cleanup
        self.swallow = swallow
        self.release = asyncio.Event()

    async def __call__(self, params: FunctionCallParams) -> None:
        name = params.tool_call_id
        self.log.append(f"{name} runs")
        try:
            await asyncio.sleep(1)
            await params.result_callback(name)
        except asyncio.CancelledError:
            self.log.append(f"{name} cancelled")
            while self.swallow and not self.release.is_set():
                try:
                    await self.release.wait()
                except asyncio.CancelledError:
                    self.log.append(f"{name} cancelled again")
            raise
        finally:
            await asyncio.sleep(self.cleanup)
            self.log.append(f"{name} ends")


def parts(in_parallel: bool = True, **work: Any) -> tuple[LLMService, Work]:
    llm = LLMService(in_parallel, name="llm", cancel_timeout_secs=0.5)
    handler = Work(**work)
    llm.register_function("f", handler)
    llm.register_function("keep", handler, cancel_on_interruption=False)
    return llm, handler


async def forwarded(llm: LLMService, frame: Any) -> None:
    """What a subclass does: the base first, then the push."""
    base = llm.process_frame

    async def process_frame(frame: Any, direction: Any) -> None:
        await base(frame, direction)
        await llm.push_frame(frame, direction)

    llm.process_frame = process_frame  # type: ignore[method-assign]
    await llm.queue_frame(frame)
    await settle()


@pytest.mark.parametrize("frame", [InterruptionFrame, StartInterruptionFrame])
def test_an_interruption_cancels_running_calls_at_once_in_both_directions(frame: Any) -> None:
    async def main() -> tuple[list[str], list[str], list[str]]:
        llm, work = parts(cleanup=0.2)
        up, down = await between(llm)
        await llm.run_function_calls([call("f", "1"), call("keep", "2")])
        await settle()
        await forwarded(llm, frame())
        assert down.got[-2:] == ["FunctionCallCancel", frame.__name__[:-5]]
        assert llm.calls_in_flight() == {"2": "running"}
        await asyncio.sleep(5)
        await llm.cleanup()
        return up.calls, down.calls, work.log

    up, down, log = run(main())
    told = ["sStarted:1,2", "InProgress:1", "InProgress:2", "Cancel:1", "Result:2"]
    assert (up, down) == (told, told)
    assert log == ["1 runs", "2 runs", "1 cancelled", "1 ends", "2 ends"]


def test_an_interruption_before_the_first_step_of_a_handler_cancels_it_unrun() -> None:
    async def main() -> tuple[list[str], list[str]]:
        llm, work = parts()
        up, _ = await between(llm)
        await llm.run_function_calls([call("f", "1")])
        await llm._handle_interruptions(InterruptionFrame())
        await settle()
        await llm.cleanup()
        return up.calls, work.log

    assert run(main()) == (["sStarted:1", "Cancel:1"], [])


def test_an_interruption_cancels_queued_calls_and_keeps_those_that_want_to_run() -> None:
    async def main() -> tuple[list[str], list[str]]:
        llm, work = parts(in_parallel=False)
        _, down = await between(llm)
        await llm.run_function_calls([call("keep", "1"), call("f", "2"), call("keep", "3")])
        await settle()
        assert llm.calls_in_flight() == {"1": "running", "2": "queued", "3": "queued"}
        await forwarded(llm, InterruptionFrame())
        assert llm.calls_in_flight() == {"1": "running", "3": "queued"}
        await asyncio.sleep(5)
        await llm.cleanup()
        return down.calls, work.log

    assert run(main()) == (
        ["sStarted:1,2,3", "InProgress:1", "Cancel:2", "Result:1", "InProgress:3", "Result:3"],
        ["1 runs", "1 ends", "3 runs", "3 ends"],
    )


def test_an_interruption_cancels_calls_whose_registration_is_gone() -> None:
    async def main() -> dict[str, str]:
        llm, work = parts()
        await between(llm)
        llm.register_function(None, work)
        await llm.run_function_calls([call("whatever", "1"), call("f", "2")])
        llm.unregister_function("f")
        llm.unregister_function(None)
        await settle()
        await forwarded(llm, InterruptionFrame())
        in_flight = llm.calls_in_flight()
        await llm.cleanup()
        return in_flight

    assert run(main()) == {}


def test_in_sequence_a_handler_runs_to_its_very_end_before_the_next_begins() -> None:
    async def main() -> list[str]:
        llm, work = parts(in_parallel=False, cleanup=0.3)
        await between(llm)
        await llm.run_function_calls([call("f", "1"), call("keep", "2")])
        await settle()
        await forwarded(llm, InterruptionFrame())
        await asyncio.sleep(5)
        await llm.cleanup()
        return work.log

    assert run(main()) == ["1 runs", "1 cancelled", "1 ends", "2 runs", "2 ends"]


def test_in_sequence_failures_and_timeouts_do_not_stop_the_calls_behind_them() -> None:
    async def main() -> list[str]:
        llm, _ = parts(in_parallel=False)
        _, down = await between(llm)

        async def fails(params: FunctionCallParams) -> None:
            raise ValueError

        async def hangs(params: FunctionCallParams) -> None:
            await asyncio.Event().wait()

        llm.register_function("fails", fails)
        llm.register_function("hangs", hangs, timeout_secs=0.1)
        names = ["fails", "hangs", "nope", "f"]
        await llm.run_function_calls([call(name) for name in names])
        await asyncio.sleep(5)
        await llm.cleanup()
        return [word for word in down.calls if word.startswith("Result")]

    assert run(main()) == ["Result:fails", "Result:hangs", "Result:nope", "Result:f"]


@pytest.mark.parametrize("in_parallel", [True, False])
def test_a_handler_that_swallows_its_cancellation_is_reported_and_left_behind(
    in_parallel: bool,
) -> None:
    async def main() -> tuple[list[str], list[str], list[str]]:
        llm, work = parts(in_parallel, swallow=True)
        up, down = await between(llm)
        await llm.run_function_calls([call("f", "1")])
        await settle()
        await forwarded(llm, InterruptionFrame())
        assert down.got[-1] == "Interruption"
        await llm.run_function_calls([call("nope", "2")])
        await asyncio.sleep(1)
        await llm.cleanup()
        work.release.set()
        await asyncio.sleep(1)
        return up.errors, work.log, up.calls

    errors, log, calls = run(main())
    assert errors == [
        "llm: the handler of f:1 did not end within 0.5 s of its cancellation and is left behind"
    ]
    assert log == ["1 runs", "1 cancelled", "1 ends"]
    assert calls == [
        "sStarted:1",
        "InProgress:1",
        "Cancel:1",
        "sStarted:2",
        "InProgress:2",
        "Result:2",
    ]


@pytest.mark.parametrize("in_parallel", [True, False])
@pytest.mark.parametrize("frame", [EndFrame, CancelFrame])
def test_an_end_settles_every_call_before_it_is_forwarded_and_waits_for_the_handlers(
    in_parallel: bool, frame: Any
) -> None:
    async def main() -> tuple[Ear, list[str], list[str]]:
        llm, work = parts(in_parallel, cleanup=0.2)
        _, down = await between(llm)
        await llm.run_function_calls([call("keep", "1"), call("keep", "2")])
        await settle()
        await forwarded(llm, frame())
        assert llm.calls_in_flight() == {}
        await asyncio.sleep(0.3)
        await llm.run_function_calls([call("f", "3")])
        await settle()
        left = [task.get_name() for task in asyncio.all_tasks() if "llm" in task.get_name()]
        left = [name for name in left if name != "llm::system"]
        await llm.cleanup()
        return down, work.log, left

    down, log, left = run(main())
    assert left == []
    assert down.calls[-2:] == ["Cancel:1", "Cancel:2"]
    assert down.got[-1] == frame.__name__[:-5]
    assert [word for word in log if "2" not in word] == ["1 runs", "1 cancelled", "1 ends"]


def test_an_end_cancels_a_handler_that_works_on_after_its_result() -> None:
    async def main() -> list[str]:
        llm, _ = parts()
        _, down = await between(llm)
        log: list[str] = []

        async def lingers(params: FunctionCallParams) -> None:
            await params.result_callback(1)
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                log.append("cancelled")
                raise

        llm.register_function("f", lingers)
        await llm.run_function_calls([call("f")])
        await settle()
        await forwarded(llm, InterruptionFrame())
        assert log == []
        await forwarded(llm, EndFrame())
        await llm.cleanup()
        return log + down.calls

    assert run(main()) == ["cancelled", "sStarted:f", "InProgress:f", "Result:f"]


def test_a_cancel_frame_is_held_up_by_a_stubborn_handler_no_longer_than_the_bound() -> None:
    async def main() -> float:
        llm, work = parts(swallow=True)
        _, down = await between(llm)
        await llm.run_function_calls([call("keep", "1")])
        await settle()
        loop = asyncio.get_running_loop()
        before = loop.time()
        await forwarded(llm, CancelFrame())
        for _ in range(100):
            if down.got[-1] == "Cancel":
                break
            await asyncio.sleep(0.01)
        took = loop.time() - before
        work.release.set()
        await asyncio.sleep(1)
        assert work.log == ["1 runs", "1 cancelled", "1 ends"]
        return took

    assert run(main()) == pytest.approx(0.5, abs=0.02)


def test_a_cancel_frame_overtakes_an_end_that_waits_for_a_handler() -> None:
    async def main() -> list[str]:
        llm, work = parts(cleanup=0.4)
        _, down = await between(llm)
        await llm.run_function_calls([call("f", "1")])
        await settle()
        await forwarded(llm, EndFrame())
        await llm.queue_frame(CancelFrame())
        await asyncio.sleep(2)
        assert work.log == ["1 runs", "1 cancelled", "1 ends"]
        return down.got[-2:]

    assert run(main()) == ["FunctionCallCancel", "Cancel"]


def test_after_an_interruption_the_same_service_still_runs_calls() -> None:
    async def main() -> list[str]:
        llm, _ = parts(in_parallel=False)
        _, down = await between(llm)
        await llm.run_function_calls([call("f", "1")])
        await settle()
        await forwarded(llm, InterruptionFrame())
        llm.register_function("f", answer)
        await llm.run_function_calls([call("f", "2")])
        await settle()
        await llm.cleanup()
        return down.calls[-3:]

    assert run(main()) == ["sStarted:2", "InProgress:2", "Result:2"]

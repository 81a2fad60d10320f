"""In sequential mode a handler that answered is waited for, and not for ever."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from llm_sim.frames import EndFrame, StartFrame
from llm_sim.service import AFTER_RESULT_TIMEOUT_SECS, FunctionCallParams, LLMService
from tests.service.bot import call, settle
from tests.service.stepping import run
from tests.service.test_disturbed_calls import forwarded
from tests.service.test_function_calls import Ear, answer, between

BOUND = AFTER_RESULT_TIMEOUT_SECS
CANCELLED = [
    f"llm: cancelled the handler of f:1, which worked on for more than {BOUND} s after its "
    "result while other calls waited for it"
]


class Lingering:
    """A handler that answers at once and then works on; what happened when."""

    def __init__(self, secs: float, swallow: bool = False) -> None:
        self.secs, self.swallow = secs, swallow
        self.log: list[str] = []

    def note(self, what: str) -> None:
        self.log.append(f"{what} at {round(asyncio.get_running_loop().time())}")

    async def __call__(self, params: FunctionCallParams) -> None:
        await params.result_callback(1)
        self.note("answered")
        until = asyncio.get_running_loop().time() + self.secs
        try:
            await asyncio.sleep(self.secs)
        except asyncio.CancelledError:
            self.note("cancelled")
            if not self.swallow:
                raise
            await asyncio.sleep(until - asyncio.get_running_loop().time())
        self.note("ended")


def lingering(script: Any, secs: float, swallow: bool = False) -> tuple[list[str], list[str]]:
    async def main() -> tuple[list[str], list[str]]:
        llm = LLMService(run_in_parallel=False, name="llm")
        up, _ = await between(llm)
        it = Lingering(secs, swallow)

        async def next_one(params: FunctionCallParams) -> None:
            it.note("next runs")
            await answer(params)

        llm.register_function("f", it)
        llm.register_function("next", next_one)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(script(llm), 200)
        await llm.cleanup()
        timers = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
        pending = [timer for timer in timers if not timer.cancelled()]
        assert [timer for timer in pending if "FunctionCalling" in repr(timer)] == []
        await asyncio.sleep(200)
        return it.log, up.errors

    return run(main())


async def both_at_once(llm: LLMService) -> None:
    await llm.run_function_calls([call("f", "1"), call("next", "2")])
    await asyncio.sleep(100)


def test_the_next_call_waits_for_what_a_handler_does_after_its_result() -> None:
    log, errors = lingering(both_at_once, secs=5)
    assert (log, errors) == (["answered at 0", "ended at 5", "next runs at 5"], [])


def test_a_handler_that_works_on_too_long_makes_way_for_the_next_call() -> None:
    log, errors = lingering(both_at_once, secs=50)
    assert log == ["answered at 0", f"cancelled at {BOUND:.0f}", f"next runs at {BOUND:.0f}"]
    assert errors == CANCELLED


def test_a_handler_may_work_on_as_long_as_no_call_waits() -> None:
    async def nobody_waits(llm: LLMService) -> None:
        await llm.run_function_calls([call("f", "1")])
        await asyncio.sleep(100)
        await llm.run_function_calls([call("next", "2")])
        await settle()

    log, errors = lingering(nobody_waits, secs=50)
    assert (log, errors) == (["answered at 0", "ended at 50", "next runs at 100"], [])


def test_a_call_that_comes_later_is_made_way_for_at_once() -> None:
    async def later(llm: LLMService) -> None:
        await llm.run_function_calls([call("f", "1")])
        await asyncio.sleep(20)
        await llm.run_function_calls([call("next", "2")])
        await asyncio.sleep(100)

    log, errors = lingering(later, secs=50)
    assert log == ["answered at 0", "cancelled at 20", "next runs at 20"]
    assert errors == CANCELLED


def test_a_handler_that_swallows_this_cancellation_is_left_behind() -> None:
    log, errors = lingering(both_at_once, secs=50, swallow=True)
    assert log == [
        "answered at 0",
        f"cancelled at {BOUND:.0f}",
        f"next runs at {BOUND + 1:.0f}",
        "ended at 50",
    ]
    assert errors[0:1] == CANCELLED
    assert errors[1:] == [
        "llm: the handler of f:1 did not end within 1.0 s of its cancellation and is left behind"
    ]


@pytest.mark.parametrize(("swallow", "ended"), [(False, []), (True, ["ended at 50"])])
def test_an_end_leaves_no_timer_of_the_queue(swallow: bool, ended: list[str]) -> None:
    async def end(llm: LLMService) -> None:
        await llm.run_function_calls([call("f", "1"), call("next", "2")])
        await settle()
        await forwarded(llm, EndFrame())

    log, _ = lingering(end, secs=50, swallow=swallow)
    assert log == ["answered at 0", "cancelled at 0", *ended]


def test_a_batch_before_the_start_frame_waits_for_it() -> None:
    async def main() -> list[str]:
        llm = LLMService(run_in_parallel=False)
        down = Ear()
        llm.link(down)
        llm.register_function("f", answer)
        await llm.run_function_calls([call("f", "1")])
        await settle()
        assert llm.calls_in_flight() == {"1": "queued"}
        await llm.queue_frame(StartFrame())
        await settle()
        await llm.cleanup()
        return down.calls

    assert run(main()) == ["sStarted:1", "InProgress:1", "Result:1"]


@pytest.mark.parametrize("in_parallel", [True, False])
def test_a_timeout_ends_a_call_whose_handler_swallows_cancellation(in_parallel: bool) -> None:
    async def main() -> tuple[list[str], list[str]]:
        llm = LLMService(in_parallel, name="llm", cancel_timeout_secs=0.5)
        up, down = await between(llm)
        over = asyncio.Event()

        async def stubborn(params: FunctionCallParams) -> None:
            while not over.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await over.wait()
            await params.result_callback("too late")

        llm.register_function("stubborn", stubborn, timeout_secs=2)
        llm.register_function("next", answer)
        await llm.run_function_calls([call("stubborn", "1"), call("next", "2")])
        await asyncio.sleep(5)
        assert llm.calls_in_flight() == {}
        over.set()
        await settle()
        await llm.cleanup()
        assert up.calls == down.calls
        return [word for word in up.calls if ":1" in word or ":2" in word], up.errors

    calls, errors = run(main())
    assert sorted(calls[1:]) == ["InProgress:1", "InProgress:2", "Result:1", "Result:2"]
    assert calls.index("InProgress:1") < calls.index("Result:1")
    assert errors == [
        "llm: the handler of stubborn:1 did not end within 0.5 s of its cancellation and is left "
        "behind"
    ]

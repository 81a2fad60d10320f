"""The two lanes, hop by hop."""

from __future__ import annotations

import asyncio
from typing import Any

from llm_sim.frames import (
    BotStartedSpeakingFrame,
    CancelFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    FrameDirection,
    FunctionCallResultFrame,
    InterruptionFrame,
    StartFrame,
    TextFrame,
    UserStartedSpeakingFrame,
)
from llm_sim.service import FrameProcessor
from tests.service.bot import DOWN, UP, settle
from tests.service.stepping import run


class Gate(FrameProcessor):
    """Wait at the gate for every text and result; forward everything."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gate = asyncio.Event()
        self.swallow = False
        self.done: list[str] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, (TextFrame, FunctionCallResultFrame)):
            while not self.gate.is_set():
                try:
                    await self.gate.wait()
                except asyncio.CancelledError:
                    if not self.swallow:
                        raise
        self.done.append(word(frame))
        await self.push_frame(frame, direction)


class Witness(FrameProcessor):
    def __init__(self) -> None:
        super().__init__()
        self.got: list[str] = []
        self.errors: list[str] = []

    async def queue_frame(self, frame: Frame, direction: Any = DOWN, callback: Any = None) -> None:
        self.got.append(word(frame))
        if isinstance(frame, ErrorFrame):
            self.errors.append(frame.error)


def word(frame: Frame) -> str:
    return frame.text if isinstance(frame, TextFrame) else type(frame).__name__[:-5]


def result() -> FunctionCallResultFrame:
    return FunctionCallResultFrame("f", "f", {}, None)


async def row(processor: FrameProcessor, start: bool = True) -> tuple[Witness, Witness]:
    before, behind = Witness(), Witness()
    before.link(processor)
    processor.link(behind)
    if start:
        await processor.queue_frame(StartFrame())
        await settle()
        behind.got.clear()
        getattr(processor, "done", []).clear()
    return before, behind


def test_frames_wait_for_the_start_frame_and_let_it_go_first() -> None:
    async def main() -> list[str]:
        gate = Gate()
        gate.gate.set()
        _, behind = await row(gate, start=False)
        for frame in (TextFrame(text="a"), BotStartedSpeakingFrame()):
            await gate.queue_frame(frame)
        await settle()
        assert behind.got == []
        await gate.queue_frame(StartFrame())
        await settle()
        await gate.cleanup()
        return behind.got

    assert sorted(run(main())[1:]) == ["BotStartedSpeaking", "a"]
    assert run(main())[0] == "Start"


def test_system_frames_overtake_what_waits_before_them() -> None:
    async def main() -> list[str]:
        gate = Gate()
        _, behind = await row(gate)
        for frame in (TextFrame(text="a"), TextFrame(text="b"), UserStartedSpeakingFrame()):
            await gate.queue_frame(frame)
        await settle()
        gate.gate.set()
        await settle()
        await gate.cleanup()
        return behind.got

    assert run(main()) == ["UserStartedSpeaking", "a", "b"]


def test_a_data_frame_never_overtakes_a_system_frame_that_was_queued_before_it() -> None:
    class SlowToListen(Gate):
        async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
            if isinstance(frame, UserStartedSpeakingFrame):
                await asyncio.sleep(1)
            await super().process_frame(frame, direction)

    async def main() -> list[str]:
        slow = SlowToListen()
        slow.gate.set()
        _, behind = await row(slow)
        for frame in (UserStartedSpeakingFrame(), TextFrame(text="a")):
            await slow.queue_frame(frame)
        await asyncio.sleep(2)
        await slow.cleanup()
        return behind.got

    assert run(main()) == ["UserStartedSpeaking", "a"]


def test_an_interruption_drops_what_it_may_and_keeps_the_rest_in_order() -> None:
    async def main() -> list[str]:
        gate = Gate()
        _, behind = await row(gate)
        for frame in (TextFrame(text="a"), result(), TextFrame(text="b"), EndFrame()):
            await gate.queue_frame(frame)
        await settle()
        await gate.queue_frame(InterruptionFrame())
        await settle()
        gate.gate.set()
        await settle()
        await gate.cleanup()
        return behind.got

    assert run(main()) == ["Interruption", "FunctionCallResult", "End"]


def test_an_interruption_lets_an_uninterruptible_frame_finish() -> None:
    async def main() -> list[str]:
        gate = Gate()
        _, behind = await row(gate)
        await gate.queue_frame(result())
        await settle()
        await gate.queue_frame(InterruptionFrame())
        await settle()
        gate.gate.set()
        await settle()
        await gate.cleanup()
        return behind.got

    assert run(main()) == ["Interruption", "FunctionCallResult"]


def test_what_is_queued_behind_an_interruption_is_not_dropped_by_it() -> None:
    async def main() -> list[str]:
        gate = Gate()
        gate.swallow = True
        _, behind = await row(gate)
        await gate.queue_frame(TextFrame(text="old"))
        await settle()
        await gate.queue_frame(InterruptionFrame())
        await gate.queue_frame(TextFrame(text="new"))
        await asyncio.sleep(5)
        gate.gate.set()
        await settle()
        await gate.cleanup()
        return behind.got

    assert run(main()) == ["Interruption", "new"]


def test_a_process_frame_that_swallows_its_cancellation_is_reported_and_left_behind() -> None:
    async def main() -> tuple[list[str], list[str]]:
        gate = Gate(name="gate", cancel_timeout_secs=0.5)
        gate.swallow = True
        before, behind = await row(gate)
        await gate.queue_frame(TextFrame(text="old"))
        await settle()
        await gate.queue_frame(InterruptionFrame())
        await asyncio.sleep(1)
        got = list(behind.got)
        gate.gate.set()
        await settle()
        await gate.cleanup()
        assert behind.got == got
        return got, before.errors

    got, errors = run(main())
    assert got == ["Interruption"]
    assert errors == [
        "gate: 'gate::data' did not end within 0.5 s of its cancellation and is left behind; "
        "a process_frame swallows CancelledError"
    ]


def test_after_an_end_frame_only_system_frames_pass() -> None:
    async def main() -> list[str]:
        gate = Gate()
        gate.gate.set()
        _, behind = await row(gate)
        await gate.queue_frame(EndFrame())
        await settle()
        for frame in (TextFrame(text="late"), EndFrame(), CancelFrame()):
            await gate.queue_frame(frame)
        await settle()
        await gate.push_frame(TextFrame(text="pushed late"))
        return behind.got

    assert run(main()) == ["End", "Cancel"]


def test_a_cancel_frame_overtakes_and_nothing_follows_it() -> None:
    async def main() -> list[str]:
        gate = Gate()
        _, behind = await row(gate)
        for frame in (result(), EndFrame(), CancelFrame(), TextFrame(text="late")):
            await gate.queue_frame(frame)
        await settle()
        gate.gate.set()
        for late in (InterruptionFrame(), TextFrame(text="later"), EndFrame()):
            await gate.queue_frame(late)
        await settle()
        await gate.push_frame(TextFrame(text="pushed late"))
        left = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
        assert left == []
        return behind.got

    assert run(main()) == ["Cancel"]


def test_an_exception_in_process_frame_becomes_an_error_frame_and_the_next_frame_is_processed() -> (
    None
):
    class Fragile(FrameProcessor):
        async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
            await super().process_frame(frame, direction)
            if word(frame) == "bad":
                raise ValueError("no")
            if word(frame) == "worse":
                cancelled = asyncio.get_running_loop().create_future()
                cancelled.cancel()
                await cancelled
            await self.push_frame(frame, direction)

    async def main() -> tuple[list[str], list[str]]:
        fragile = Fragile(name="fragile")
        before, behind = await row(fragile)
        for text in ("bad", "worse", "good"):
            await fragile.queue_frame(TextFrame(text=text))
        await settle()
        await fragile.cleanup()
        return behind.got, [error.split("#")[0] for error in before.errors]

    assert run(main()) == (
        ["good"],
        ["fragile: failed on TextFrame", "fragile: awaited a cancelled future on TextFrame"],
    )


def test_a_callback_is_called_once_the_frame_is_processed() -> None:
    async def main() -> list[str]:
        gate = Gate()
        gate.gate.set()
        await row(gate)

        async def processed(_: FrameProcessor, frame: Frame, direction: FrameDirection) -> None:
            gate.done.append(f"called back, {direction.name}")

        await gate.queue_frame(TextFrame(text="a"), UP, processed)
        await settle()
        await gate.cleanup()
        return gate.done

    assert run(main()) == ["a", "called back, UPSTREAM"]


def test_pushing_does_not_suspend() -> None:
    async def main() -> None:
        gate = Gate()
        await row(gate)
        pushing = gate.push_frame(TextFrame(text="a"))
        try:
            pushing.send(None)
        except StopIteration:
            return
        raise AssertionError("push_frame suspended")

    run(main())


def test_a_hop_goes_through_methods_that_a_tap_replaced_on_the_instance() -> None:
    async def main() -> list[str]:
        gate = Gate()
        gate.gate.set()
        _, behind = await row(gate)
        seen: list[str] = []
        original = gate.process_frame

        def process(frame: Frame, direction: FrameDirection) -> Any:
            seen.append(f"process {word(frame)}")
            return original(frame, direction)

        queue = behind.queue_frame

        def queued(frame: Frame, direction: FrameDirection) -> Any:
            seen.append(f"hop {word(frame)}")
            return queue(frame, direction)

        gate.process_frame = process  # type: ignore[method-assign]
        behind.queue_frame = queued  # type: ignore[method-assign, assignment]
        await gate.queue_frame(TextFrame(text="a"))
        await settle()
        await gate.cleanup()
        return seen

    assert run(main()) == ["process a", "hop a"]

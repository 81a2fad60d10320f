"""A tap on one processor."""

from __future__ import annotations

from typing import Any

from llm_sim.frames import FrameDirection, InterruptionFrame, LLMTextFrame
from llm_sim.loop import SimLoop
from llm_sim.recorder import Recorder, tap
from tests.support.recording import recorder

DOWNSTREAM, UPSTREAM = FrameDirection.DOWNSTREAM, FrameDirection.UPSTREAM


class Processor:
    """A processor of any target: two methods by which frames come in."""

    def __init__(self) -> None:
        self.got: list[tuple[Any, ...]] = []

    async def queue_frame(
        self, frame: Any, direction: Any = DOWNSTREAM, callback: Any = None
    ) -> str:
        self.got.append(("queue", direction, callback))
        return "queued"

    async def process_frame(self, frame: Any, direction: Any) -> None:
        self.got.append(("process", direction))


def run(coroutine: Any) -> Any:
    """Run a coroutine in virtual time."""
    loop = SimLoop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


def seen(tape: Recorder) -> list[tuple[Any, ...]]:
    """Return each event as ``(kind, where, direction, data)``."""
    return [(e.kind, e.where, e.direction, e.data) for e in tape.trace.events]


def test_a_frame_that_is_handed_over_is_told_with_its_neighbour() -> None:
    tape, processor = recorder(), Processor()
    tap(tape, processor, "llm", before="user", after="playout")
    run(processor.queue_frame(LLMTextFrame("Hi."), DOWNSTREAM))
    run(processor.queue_frame(InterruptionFrame(), direction=UPSTREAM))
    assert seen(tape) == [
        ("push", "llm", "down", {"by": "user"}),
        ("push", "llm", "up", {"by": "playout"}),
    ]


def test_a_frame_that_is_processed_is_told() -> None:
    tape, processor = recorder(), Processor()
    tap(tape, processor, "llm")
    run(processor.process_frame(LLMTextFrame("Hi."), UPSTREAM))
    assert seen(tape) == [("process", "llm", "up", {})]


def test_the_processor_gets_what_it_would_have_got() -> None:
    tape, processor = recorder(), Processor()
    tap(tape, processor, "llm")
    assert run(processor.queue_frame(LLMTextFrame("Hi."))) == "queued"
    run(processor.queue_frame(LLMTextFrame("Hi."), UPSTREAM, callback="called"))
    run(processor.process_frame(LLMTextFrame("Hi."), DOWNSTREAM))
    assert processor.got == [
        ("queue", DOWNSTREAM, None),
        ("queue", UPSTREAM, "called"),
        ("process", DOWNSTREAM),
    ]


def test_a_frame_without_a_direction_goes_down() -> None:
    tape, processor = recorder(), Processor()
    tap(tape, processor, "llm", before="user")
    run(processor.queue_frame(LLMTextFrame("Hi.")))
    assert seen(tape) == [("push", "llm", "down", {"by": "user"})]


def test_what_a_processor_processes_causes_what_its_task_does() -> None:
    tape, first, second = recorder(), Processor(), Processor()
    tap(tape, first, "first")
    tap(tape, second, "second", before="first")

    async def work() -> None:
        await first.process_frame(LLMTextFrame("Hi."), DOWNSTREAM)
        await second.queue_frame(InterruptionFrame(), DOWNSTREAM)

    run(work())
    assert [(e.kind, e.cause) for e in tape.trace.events] == [("process", None), ("push", 0)]


def test_a_processor_that_works_in_its_neighbours_task_causes_nothing() -> None:
    tape, first, second = recorder(), Processor(), Processor()
    tap(tape, first, "first", causes=False)
    tap(tape, second, "second", before="first")

    async def work() -> None:
        await first.process_frame(LLMTextFrame("Hi."), DOWNSTREAM)
        await second.queue_frame(InterruptionFrame(), DOWNSTREAM)

    run(work())
    assert [(e.kind, e.cause) for e in tape.trace.events] == [("process", None), ("push", None)]


def test_a_tap_adds_no_step() -> None:
    def steps(*, tapped: bool) -> int:
        loop, processor = SimLoop(), Processor()
        if tapped:
            tap(recorder(), processor, "llm")
        loop.run_until_complete(processor.queue_frame(LLMTextFrame("Hi."), DOWNSTREAM))
        loop.close()
        return loop.steps

    assert steps(tapped=True) == steps(tapped=False)


def test_a_tap_that_is_taken_off_leaves_the_processor_as_it_was() -> None:
    tape, processor = recorder(), Processor()
    before = dict(vars(processor))
    undo = tap(tape, processor, "llm")
    undo()
    run(processor.queue_frame(LLMTextFrame("Hi."), DOWNSTREAM))
    assert seen(tape) == []
    assert list(vars(processor)) == list(before)


def test_a_tap_that_is_taken_off_gives_back_what_the_instance_had_of_its_own() -> None:
    outer, inner, processor = recorder(), recorder(), Processor()
    undo_outer = tap(outer, processor, "llm")
    undo_inner = tap(inner, processor, "llm")
    undo_inner()
    run(processor.process_frame(LLMTextFrame("Hi."), DOWNSTREAM))
    undo_outer()
    run(processor.process_frame(LLMTextFrame("Hi."), DOWNSTREAM))
    assert (len(seen(outer)), seen(inner)) == (1, [])

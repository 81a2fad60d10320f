"""``run_test`` with processors of the embedded core; what each failure says."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest

from llm_sim.errors import ExpectationError, UnsupportedOperationError, UsageError
from llm_sim.frames import (
    EndFrame,
    ErrorFrame,
    Frame,
    FrameDirection,
    InterruptionFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    StartFrame,
    TextFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from llm_sim.scenario import F
from llm_sim.service import FrameProcessor
from llm_sim.testing import SleepFrame, run_test

UP = FrameDirection.UPSTREAM


class Passing(FrameProcessor):
    """Lets everything pass."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)


class Joining(Passing):
    """Joins texts until a minute has passed; tells the source of each.

    What it holds them in is made with the processor, on the loop of the test.
    """

    def __init__(self) -> None:
        super().__init__()
        self._texts: asyncio.Queue[str] = asyncio.Queue()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, TextFrame):
            if self._texts.empty():
                self.create_task(self._join())
            await self._texts.put(frame.text)
            await self.push_frame(UserStartedSpeakingFrame(), UP)
        else:
            await super().process_frame(frame, direction)

    async def _join(self) -> None:
        await asyncio.sleep(60)
        joined = [await self._texts.get() for _ in range(self._texts.qsize())]
        await self.push_frame(TextFrame(" ".join(joined)))


def played(processor: Any, **how: Any) -> tuple[list[Any], list[Any]]:
    """Run the test as an async test does, in a loop of its own."""

    async def test() -> tuple[list[Any], list[Any]]:
        return await run_test(processor, **how)

    return asyncio.run(test())


def told(processor: Any, **how: Any) -> list[str]:
    """Return the lines of the failure."""
    with pytest.raises(AssertionError) as raised:
        played(processor, **how)
    assert isinstance(raised.value, ExpectationError)
    return str(raised.value).splitlines()


def names(frames: list[Any]) -> list[str]:
    return [type(frame).__name__ for frame in frames]


def test_the_frames_that_come_out_are_returned() -> None:
    down, up = played(
        Joining(),
        frames_to_send=[TextFrame("Hello"), SleepFrame(1), TextFrame("there."), SleepFrame(60)],
        expected_down_frames=[TextFrame],
        expected_up_frames=[UserStartedSpeakingFrame, UserStartedSpeakingFrame],
    )
    assert [frame.text for frame in down] == ["Hello there."]
    assert names(up) == ["UserStartedSpeakingFrame"] * 2


def test_a_processor_may_be_made_on_the_loop_of_the_test() -> None:
    async def test() -> tuple[int, bool]:
        loop = asyncio.get_running_loop()
        down, _ = await run_test(Joining(), frames_to_send=[TextFrame("Hi."), SleepFrame(61)])
        return len(down), asyncio.get_running_loop() is loop

    assert asyncio.run(test()) == (1, True)


def test_the_clocks_of_the_process_follow() -> None:
    class Late(Passing):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[float] = []

        async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
            self.seen.append(time.time())
            await super().process_frame(frame, direction)

    late = Late()
    played(late, frames_to_send=[TextFrame("a"), SleepFrame(3600), TextFrame("b")])
    assert [moment - late.seen[0] for moment in late.seen] == [0, 0, 3600, 3600]


def test_a_frame_can_be_sent_upstream() -> None:
    down, up = played(
        Passing(),
        frames_to_send=[TextFrame("back")],
        frames_to_send_direction=UP,
        expected_up_frames=[TextFrame],
    )
    assert (names(down), names(up)) == ([], ["TextFrame"])


def test_start_and_end_can_be_expected() -> None:
    down, _ = played(
        Passing(), frames_to_send=[EndFrame()], ignore_start=False, send_end_frame=False
    )
    assert names(down) == ["StartFrame", "EndFrame"]


@pytest.mark.parametrize(
    "expected",
    [
        TextFrame,
        Frame,
        TextFrame("Hi."),
        F.Text,
        F.TextFrame(text="Hi."),
    ],
    ids=repr,
)
def test_an_expectation_is_met_by_what_it_names(expected: Any) -> None:
    down, _ = played(Passing(), frames_to_send=[TextFrame("Hi.")], expected_down_frames=[expected])
    assert names(down) == ["TextFrame"]


def test_an_expectation_may_have_an_equality_of_its_own() -> None:
    class Shouted:
        def __eq__(self, other: object) -> bool:
            return isinstance(other, TextFrame) and other.text.isupper()

        def __hash__(self) -> int:
            return 0

        def __repr__(self) -> str:
            return "<shouted>"

    texts = [TextFrame("HI."), TextFrame("Hi.")]
    assert told(Passing(), frames_to_send=texts, expected_down_frames=[Shouted(), Shouted()]) == [
        "expected 2 frames downstream, 2 came",
        "  the first difference is marked >>>",
        "  downstream",
        "    expected   received",
        "    <shouted>  TextFrame(text='HI.')",
        ">>> <shouted>  TextFrame(text='Hi.')  another",
    ]


def test_a_frame_that_is_missing_is_told_beside_those_that_came() -> None:
    assert told(
        Passing(),
        frames_to_send=[UserStartedSpeakingFrame(), TextFrame("Hi.")],
        expected_down_frames=[UserStartedSpeakingFrame, UserStoppedSpeakingFrame, TextFrame],
    ) == [
        "expected 3 frames downstream, 2 came",
        "  the first difference is marked >>>",
        "  downstream",
        "    expected                  received",
        "    UserStartedSpeakingFrame  UserStartedSpeakingFrame",
        ">>> UserStoppedSpeakingFrame  -                         "
        "missing (did you mean 'UserStartedSpeakingFrame'?)",
        "    TextFrame                 TextFrame(text='Hi.')",
    ]


def test_a_frame_that_nobody_expects_is_told() -> None:
    assert told(
        Passing(),
        frames_to_send=[TextFrame("a"), LLMTextFrame("b"), EndFrame()],
        expected_down_frames=[LLMTextFrame],
    )[3:] == [
        "    expected      received",
        ">>> -             TextFrame(text='a')     extra",
        "    LLMTextFrame  LLMTextFrame(text='b')",
    ]


def test_a_payload_that_differs_is_told() -> None:
    assert told(
        Passing(),
        frames_to_send=[TextFrame("a"), TextFrame("b")],
        expected_down_frames=[TextFrame("a"), TextFrame("c")],
    )[4:] == [
        "    TextFrame(text='a')  TextFrame(text='a')",
        ">>> TextFrame(text='c')  TextFrame(text='b')  text is 'b', not 'c'",
    ]


def test_a_pattern_that_differs_is_told() -> None:
    assert told(
        Passing(), frames_to_send=[TextFrame("a")], expected_down_frames=[F.Text(text="c")]
    )[4:] == [">>> Text(text='c')  TextFrame(text='a')  text is 'a', not 'c'"]


def test_a_frame_that_came_in_another_place_is_told() -> None:
    assert told(
        Passing(),
        frames_to_send=[TextFrame("a"), LLMTextFrame("b")],
        expected_down_frames=[LLMTextFrame, TextFrame("a")],
    )[4:] == [
        ">>> LLMTextFrame         -                       missing: it came as number 2",
        "    TextFrame(text='a')  TextFrame(text='a')",
        "    -                    LLMTextFrame(text='b')  extra",
    ]


def test_a_frame_that_went_the_other_way_is_told() -> None:
    assert told(
        Joining(),
        frames_to_send=[TextFrame("a")],
        expected_down_frames=[UserStartedSpeakingFrame],
        expected_up_frames=[],
    ) == [
        "expected 1 frame downstream, 0 came and 0 frames upstream, 1 came",
        "  the first difference is marked >>>",
        "  downstream",
        "    expected                  received",
        ">>> UserStartedSpeakingFrame  -         missing: it came upstream",
        "  upstream",
        "    expected  received",
        ">>> -         UserStartedSpeakingFrame  extra",
    ]


def test_of_a_long_stretch_as_expected_the_ends_are_told() -> None:
    texts = [TextFrame(str(number)) for number in range(12)]
    lines = told(Passing(), frames_to_send=texts, expected_down_frames=[TextFrame] * 11)
    assert lines[4:] == [
        "    TextFrame  TextFrame(text='0')",
        "    TextFrame  TextFrame(text='1')",
        "    TextFrame  TextFrame(text='2')",
        "    …",
        "    TextFrame  TextFrame(text='8')",
        "    TextFrame  TextFrame(text='9')",
        "    TextFrame  TextFrame(text='10')",
        ">>> -          TextFrame(text='11')  extra",
    ]


def test_long_lists_are_compared_in_a_moment() -> None:
    asked: list[object] = []

    class Text:
        def __eq__(self, other: object) -> bool:
            asked.append(other)
            return isinstance(other, TextFrame)

        def __hash__(self) -> int:
            return 0

    texts: list[Frame] = [TextFrame(str(number)) for number in range(1000)]
    lines = told(
        Passing(),
        frames_to_send=[*texts, LLMFullResponseStartFrame(), *texts],
        expected_down_frames=[Text()] * 2000,
    )
    assert [line.split()[-2:] for line in lines if line.startswith(">>>")] == [
        ["LLMFullResponseStartFrame", "extra"]
    ]
    assert len(asked) < 10_000


def test_what_went_wrong_inside_is_told() -> None:
    class Failing(Passing):
        async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
            if isinstance(frame, TextFrame):
                await self.push_frame(ErrorFrame("no voice left"), UP)
            else:
                await super().process_frame(frame, direction)

    assert told(Failing(), frames_to_send=[TextFrame("a")], expected_down_frames=[TextFrame])[
        4:
    ] == [">>> TextFrame  -         missing", "  error   no voice left"]


def test_a_processor_that_keeps_the_end_frame_is_told() -> None:
    class Keeping(Passing):
        async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
            if isinstance(frame, StartFrame):
                await self.push_frame(frame, direction)

    keeping = Keeping("keeping")
    assert told(keeping, frames_to_send=[])[:2] == [
        "expected an end of the pipeline",
        "  no EndFrame or CancelFrame came through keeping: its process_frame must push what it "
        "does not keep, await self.push_frame(frame, direction)",
    ]


def test_a_processor_that_waits_for_ever_is_told_with_what_it_waits_for() -> None:
    class Stuck(Passing):
        async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
            if isinstance(frame, TextFrame):
                await asyncio.Event().wait()
            await super().process_frame(frame, direction)

    lines = told(Stuck("stuck"), frames_to_send=[TextFrame("a")])
    (waits,) = [line for line in lines if "Stuck" in line]
    assert waits.startswith("  waits   stuck::data: test_run_test.py:")
    assert waits.endswith(
        " in test_a_processor_that_waits_for_ever_is_told_with_what_it_waits_for"
        ".<locals>.Stuck.process_frame awaits Event.wait"
    )


def test_a_test_that_never_ends_the_pipeline_is_told() -> None:
    assert told(Passing(), frames_to_send=[], send_end_frame=False)[:2] == [
        "expected an end of the pipeline",
        "  nothing that was sent ends it: leave send_end_frame=True, or send an EndFrame or a "
        "CancelFrame",
    ]


def test_a_processor_that_keeps_the_start_frame_is_told() -> None:
    with pytest.raises(TimeoutError, match=r"^no StartFrame came through deaf within 2 s: its"):
        played(FrameProcessor("deaf"), frames_to_send=[], start_timeout=2)


def test_a_processor_that_asks_for_the_real_world_is_refused() -> None:
    class Calling(Passing):
        async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
            if isinstance(frame, InterruptionFrame):
                await asyncio.open_connection("example.com", 80)
            await super().process_frame(frame, direction)

    with pytest.raises(UnsupportedOperationError, match="is refused in a simulated run"):
        played(Calling(), frames_to_send=[InterruptionFrame()])


def test_a_processor_that_blocks_on_the_real_world_is_refused() -> None:
    class Blocking(Passing):
        async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
            if isinstance(frame, InterruptionFrame):
                socket.create_connection(("example.com", 80))
            await super().process_frame(frame, direction)

    with pytest.raises(UnsupportedOperationError, match="a blocking connection to"):
        played(Blocking(), frames_to_send=[InterruptionFrame()])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"processor": Passing}, "must be a FrameProcessor .*, not the class Passing$"),
        ({"processor": 7}, "must be a FrameProcessor of Pipecat or of llm_sim.service, not 7$"),
        ({"frames_to_send_direction": "up"}, "must be a FrameDirection, not 'up'; it is"),
        ({"observers": [object()]}, "are Pipecat's; leave them out for passing"),
        ({"frames_to_send": [TextFrame]}, r"has the class TextFrame: send a frame, TextFrame\("),
        (
            {"frames_to_send": ["Hello."]},
            r"has 'Hello\.', which is no frame of the processor's library: .* llm_sim\.frames$",
        ),
        ({"start_timeout": "1s"}, "start_timeout must be a number of seconds, not '1s'"),
        (
            {"frames_to_send": [SleepFrame("1s")]},  # type: ignore[arg-type]
            "the sleep of a SleepFrame must be a number of seconds, not '1s'",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        played(**{"processor": Passing("passing"), "frames_to_send": [], **wrong})

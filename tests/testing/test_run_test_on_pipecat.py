"""``run_test`` as a drop-in for Pipecat's own, on Pipecat's own processors."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from llm_sim.errors import ExpectationError
from llm_sim.loop import SimLoop
from llm_sim.scenario import F
from llm_sim.targets import get_target
from llm_sim.testing import run_test
from tests.support.pipecat import needs_pipecat

pytestmark = [
    needs_pipecat,
    # Pipecat reads deprecated fields of its own frames.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture
def cat() -> Any:
    """Return Pipecat's names: every frame, and the processors that the tests take."""
    with get_target("pipecat").surroundings(lambda _: None):
        frames = import_module("pipecat.frames.frames")
        names = {name: value for name, value in vars(frames).items() if name.endswith("Frame")}
        for path in PROCESSORS:
            module, name = path.split(":")
            names[name] = getattr(import_module(f"pipecat.{module}"), name)
    return SimpleNamespace(**names)


PROCESSORS = (
    "processors.aggregators.gated:GatedAggregator",
    "processors.aggregators.sentence:SentenceAggregator",
    "processors.filters.frame_filter:FrameFilter",
    "processors.filters.identity_filter:IdentityFilter",
    "processors.filters.null_filter:NullFilter",
    "processors.frame_processor:FrameDirection",
    "processors.frame_processor:FrameProcessor",
    "processors.idle_frame_processor:IdleFrameProcessor",
    "observers.base_observer:BaseObserver",
    "pipeline.worker:PipelineParams",
    "tests.utils:SleepFrame",
    "tests.utils:run_test",
)


def played(processor: Any, **how: Any) -> tuple[list[str], list[str]]:
    """Run the test as an async test does, and return the classes of what came out."""

    async def test() -> Any:
        return await run_test(processor, **how)

    return names(asyncio.run(test()))


def names(came: Any) -> tuple[list[str], list[str]]:
    down, up = ([type(frame).__name__ for frame in frames] for frames in came)
    return down, up


def sentences(cat: Any) -> tuple[Any, dict[str, Any]]:
    sent = [cat.TextFrame("Hello, "), cat.SleepFrame(1.5), cat.TextFrame("world. ")]
    return cat.SentenceAggregator(), {"frames_to_send": sent}


def filtered(cat: Any) -> tuple[Any, dict[str, Any]]:
    sent = [cat.TextFrame("a"), cat.UserStartedSpeakingFrame(), cat.LLMFullResponseStartFrame()]
    return cat.FrameFilter((cat.TextFrame,)), {"frames_to_send": sent}


def nothing(cat: Any) -> tuple[Any, dict[str, Any]]:
    return cat.NullFilter(), {"frames_to_send": [cat.TextFrame("a")], "ignore_start": False}


def upstream(cat: Any) -> tuple[Any, dict[str, Any]]:
    sent = [cat.TextFrame("a"), cat.UserStoppedSpeakingFrame()]
    how = {"frames_to_send": sent, "frames_to_send_direction": cat.FrameDirection.UPSTREAM}
    return cat.IdentityFilter(), how


def its_own_end(cat: Any) -> tuple[Any, dict[str, Any]]:
    sent = [cat.TextFrame("a"), cat.EndFrame()]
    return cat.IdentityFilter(), {"frames_to_send": sent, "send_end_frame": False}


def gated(cat: Any) -> tuple[Any, dict[str, Any]]:
    gate = cat.GatedAggregator(
        gate_open_fn=lambda frame: isinstance(frame, cat.LLMFullResponseStartFrame),
        gate_close_fn=lambda frame: isinstance(frame, cat.LLMFullResponseEndFrame),
        start_open=False,
    )
    sent = [cat.TextFrame("a"), cat.LLMFullResponseStartFrame(), cat.TextFrame("b")]
    return gate, {"frames_to_send": sent}


@pytest.fixture
def _ctrl_c_is_given_back() -> Iterator[None]:
    """Take back the signal that the runner of Pipecat's own ``run_test`` keeps for itself."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c_is_given_back")
@pytest.mark.parametrize("case", [sentences, filtered, nothing, upstream, its_own_end, gated])
def test_the_same_frames_come_out_as_from_pipecats_own(case: Any, cat: Any) -> None:
    processor, how = case(cat)
    ours = played(processor, **how)
    processor, how = case(cat)
    loop = SimLoop()
    theirs = names(loop.run_until_complete(cat.run_test(processor, **how)))
    loop.close()
    assert ours == theirs
    assert ours != ([], []) or case is nothing


def test_sentences_are_aggregated(cat: Any) -> None:
    processor, how = sentences(cat)
    wanted = F.TextFrame(text="Hello, world. ", append_to_context=True)
    assert played(processor, **how, expected_down_frames=[wanted]) == (["TextFrame"], [])


def test_hours_cost_nothing(cat: Any) -> None:
    idle: list[str] = []

    async def note(processor: Any) -> None:
        idle.append("idle")

    processor = cat.IdleFrameProcessor(callback=note, timeout=600, types=[cat.TextFrame])
    played(processor, frames_to_send=[cat.TextFrame("a"), cat.SleepFrame(3601)])
    assert idle == ["idle"] * 6


def test_observers_and_parameters_are_those_of_the_pipeline(cat: Any) -> None:
    seen: list[str] = []

    class Noting(cat.BaseObserver):  # type: ignore[misc]
        async def on_push_frame(self, data: Any) -> None:
            if isinstance(data.frame, cat.TextFrame | cat.HeartbeatFrame):
                seen.append(type(data.frame).__name__)

    played(
        cat.IdentityFilter(),
        frames_to_send=[cat.TextFrame("a"), cat.SleepFrame(2.5)],
        observers=[Noting()],
        pipeline_params=cat.PipelineParams(enable_heartbeats=True, heartbeats_period_secs=1.0),
    )
    assert set(seen) == {"TextFrame", "HeartbeatFrame"}


def test_a_failure_shows_both_lists(cat: Any) -> None:
    class Failing(cat.FrameProcessor):  # type: ignore[misc]
        async def process_frame(self, frame: Any, direction: Any) -> None:
            await super().process_frame(frame, direction)
            if isinstance(frame, cat.TextFrame):
                raise ValueError("no voice left")
            await self.push_frame(frame, direction)

    with pytest.raises(ExpectationError) as raised:
        played(
            Failing(),
            frames_to_send=[cat.UserStartedSpeakingFrame(), cat.TextFrame("a")],
            expected_down_frames=[cat.UserStartedSpeakingFrame, cat.TextFrame],
        )
    assert str(raised.value).splitlines() == [
        "expected 2 frames downstream, 1 came",
        "  the first difference is marked >>>",
        "  downstream",
        "    expected                  received",
        "    UserStartedSpeakingFrame  UserStartedSpeakingFrame",
        ">>> TextFrame                 -                         missing",
        "  error   Error processing frame: no voice left",
    ]


def test_an_expected_frame_must_have_the_payload(cat: Any) -> None:
    with pytest.raises(ExpectationError, match=r"text is 'a', not 'b'$"):
        played(
            cat.IdentityFilter(),
            frames_to_send=[cat.TextFrame("a")],
            expected_down_frames=[cat.TextFrame("b")],
        )


def test_start_frames_can_be_compared(cat: Any) -> None:
    with pytest.raises(ExpectationError, match=r">>> EndFrame  StartFrame"):
        played(
            cat.IdentityFilter(),
            frames_to_send=[],
            expected_down_frames=[cat.EndFrame],
            ignore_start=False,
        )


def test_a_processor_that_keeps_the_end_frame_is_told(cat: Any) -> None:
    class Keeping(cat.FrameProcessor):  # type: ignore[misc]
        async def process_frame(self, frame: Any, direction: Any) -> None:
            await super().process_frame(frame, direction)
            if isinstance(frame, cat.StartFrame):
                await self.push_frame(frame, direction)

    with pytest.raises(ExpectationError, match=r"no EndFrame or CancelFrame came through keeping"):
        played(Keeping(name="keeping"), frames_to_send=[])


def test_a_processor_that_keeps_the_start_frame_is_told(cat: Any) -> None:
    with pytest.raises(TimeoutError, match=r"^no StartFrame came through deaf within 1 s: its"):
        played(cat.FrameProcessor(name="deaf"), frames_to_send=[])

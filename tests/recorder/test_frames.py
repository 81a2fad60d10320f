"""What the trace keeps of a frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from llm_sim import frames
from llm_sim.trace import FrameRecord
from tests.support.recording import recorder


@dataclass
class SystemFrame:
    """What another package's system frame looks like from here."""

    id: int = 900_001
    name: str = "SystemFrame#7"
    pts: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass
class UrgentTextFrame(SystemFrame):
    """A frame of an application: what it adds is told whole."""

    text: str = ""
    voice: str = "deep"


@dataclass
class ErrorFrame(SystemFrame):
    """A frame that speaks of an object with a counter in its name."""

    error: str = ""
    fatal: bool = False


@dataclass
class Properties:
    """What Pipecat's handlers say about a result."""

    run_llm: bool | None = None
    on_context_updated: Any = None
    is_final: bool = True


@dataclass
class FunctionCallResultFrame(SystemFrame):
    """Pipecat's result frame."""

    function_name: str = ""
    tool_call_id: str = ""
    result: Any = None
    properties: Properties | None = None


def described(frame: object) -> FrameRecord:
    """Return what a recorder keeps of a frame that it sees first."""
    tape = recorder()
    tape.record("process", "llm", frame=frame)
    return tape.trace.frames[0]


CALL = {"function_name": "f", "tool_call_id": "c1", "arguments": {"id": "A1"}}


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (frames.InterruptionFrame(), FrameRecord(0, "Interruption", "system", kept=True)),
        (frames.LLMFullResponseStartFrame(), FrameRecord(0, "LLMFullResponseStart", "control")),
        (frames.LLMTextFrame("Hi."), FrameRecord(0, "LLMText", "data", (), {"text": "Hi."})),
        (
            frames.EndFrame(reason="done"),
            FrameRecord(0, "End", "control", (), {"reason": "done"}, kept=True),
        ),
        (
            frames.FunctionCallInProgressFrame("f", "c1", {"id": "A1"}, True),
            FrameRecord(
                0,
                "FunctionCallInProgress",
                "control",
                ("c1",),
                {**CALL, "cancel_on_interruption": True},
                kept=True,
            ),
        ),
        (
            frames.FunctionCallsStartedFrame(
                [frames.FunctionCallFromLLM("f", "c1", {"id": "A1"}, context=object())]
            ),
            FrameRecord(
                0, "FunctionCallsStarted", "system", ("c1",), {"function_calls": [CALL]}, kept=True
            ),
        ),
        (
            UrgentTextFrame(text="Stop."),
            FrameRecord(0, "UrgentText", "system", (), {"text": "Stop.", "voice": "deep"}),
        ),
        (
            ErrorFrame(error="LLMService#12 failed at <object object at 0x7f00>"),
            FrameRecord(
                0,
                "Error",
                "system",
                (),
                {"error": "LLMService failed at <object object>", "fatal": False},
            ),
        ),
        (
            FunctionCallResultFrame(
                function_name="f",
                tool_call_id="c1",
                result=(1, 2),
                properties=Properties(run_llm=False, is_final=False),
            ),
            FrameRecord(
                0,
                "FunctionCallResult",
                "system",
                ("c1",),
                {
                    "function_name": "f",
                    "tool_call_id": "c1",
                    "result": [1, 2],
                    "properties": {"run_llm": False, "is_final": False},
                },
            ),
        ),
    ],
    ids=lambda value: value.type if isinstance(value, FrameRecord) else "",
)
def test_a_frame_is_described_by_name_lane_calls_and_payload(
    frame: object, expected: FrameRecord
) -> None:
    assert described(frame) == expected


def test_a_frame_is_described_once_as_it_was_at_first_sight() -> None:
    tape = recorder()
    frame = frames.LLMTextFrame("Hi.")
    tape.record("push", "assistant", frame=frame)
    frame.text = "changed"
    tape.record("process", "assistant", frame=frame)
    assert [event.frame for event in tape.trace.events] == [0, 0]
    assert tape.trace.frames == [FrameRecord(0, "LLMText", "data", (), {"text": "Hi."})]


def test_two_frames_with_the_same_content_are_two() -> None:
    tape = recorder()
    tape.record("push", "assistant", frame=frames.LLMTextFrame("Hi."))
    tape.record("push", "assistant", frame=frames.LLMTextFrame("Hi."))
    assert [event.frame for event in tape.trace.events] == [0, 1]


def test_who_listens_is_told_of_each_new_frame_once() -> None:
    tape = recorder()
    heard: list[str] = []
    tape.on_new_frame(heard.append)
    frame = frames.InterruptionFrame()
    for where in ("llm", "playout"):
        tape.record("process", where, frame=frame)
    tape.record("process", "llm", frame=frames.LLMTextFrame("Hi."))
    assert heard == ["Interruption", "LLMText"]


class UninterruptibleFrame:
    """How older releases mark a frame that no interruption drops."""


@dataclass
class MarkedFrame(SystemFrame, UninterruptibleFrame):
    """A frame that is marked by a base class."""


def test_a_frame_that_is_marked_uninterruptible_is_kept() -> None:
    assert (described(MarkedFrame()).kept, described(SystemFrame()).kept) == (True, False)

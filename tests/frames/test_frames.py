"""What the frames promise to the lanes."""

from __future__ import annotations

import inspect

import pytest

import llm_sim.frames as frames
from llm_sim.frames import (
    ControlFrame,
    DataFrame,
    EndFrame,
    Frame,
    FrameDirection,
    FunctionCallCancelFrame,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallsStartedFrame,
    InterruptionFrame,
    LLMContextFrame,
    OpenAILLMContextFrame,
    StartInterruptionFrame,
    SystemFrame,
    TextFrame,
)

ALL = [
    thing for thing in vars(frames).values() if inspect.isclass(thing) and issubclass(thing, Frame)
]


def test_ids_count_up() -> None:
    first, second = TextFrame(text="a"), EndFrame()
    assert second.id == first.id + 1


def test_a_frame_is_named_after_its_class_and_id() -> None:
    frame = TextFrame(text="a")
    assert (frame.name, str(frame)) == (f"TextFrame#{frame.id}", f"TextFrame#{frame.id}")


def test_two_frames_with_equal_content_are_two_frames() -> None:
    assert TextFrame(text="a") != TextFrame(text="a")


@pytest.mark.parametrize("frame_class", ALL)
def test_every_frame_has_slots(frame_class: type[Frame]) -> None:
    assert not hasattr(frame_class.__new__(frame_class), "__dict__")


def test_these_frames_survive_an_interruption() -> None:
    kept = [c.__name__ for c in ALL if not c.interruptible and not issubclass(c, SystemFrame)]
    assert sorted(kept) == [
        "EndFrame",
        "FunctionCallCancelFrame",
        "FunctionCallInProgressFrame",
        "FunctionCallResultFrame",
    ]


def test_each_frame_of_a_call_travels_in_its_lane() -> None:
    assert issubclass(FunctionCallsStartedFrame, SystemFrame)
    assert issubclass(FunctionCallInProgressFrame, ControlFrame)
    assert issubclass(FunctionCallResultFrame, DataFrame)
    assert issubclass(FunctionCallCancelFrame, ControlFrame)


def test_the_older_names_are_understood_as_the_new_ones() -> None:
    assert isinstance(StartInterruptionFrame(), InterruptionFrame)
    assert isinstance(OpenAILLMContextFrame(context=None), LLMContextFrame)


def test_the_directions_have_pipecats_values() -> None:
    assert [(d.name, d.value) for d in FrameDirection] == [("DOWNSTREAM", 1), ("UPSTREAM", 2)]

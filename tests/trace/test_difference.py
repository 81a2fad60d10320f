"""Where two runs part."""

from __future__ import annotations

import pytest

from llm_sim.trace import Difference, Event, FrameRecord, Header, Trace, first_difference
from tests.support.told import Told


def test_equal_traces_do_not_part() -> None:
    one, other = Told().started("c1").rest(), Told().started("c1").rest()
    assert first_difference(one.trace, other.trace) is None


def test_traces_part_at_the_first_event_that_differs() -> None:
    one = Told().registered().rest("steps").close()
    other = Told().registered().rest("time").close("worker")
    assert first_difference(one.trace, other.trace) == Difference(
        1,
        Event(1, 1, 0, "rest", data={"how": "steps", "waiting": []}),
        Event(1, 1, 0, "rest", data={"how": "time", "waiting": []}),
        'its data is {"how": "steps", "waiting": []} and {"how": "time", "waiting": []}',
    )


def test_a_trace_that_goes_on_parts_where_the_other_ends() -> None:
    one, other = Told().rest(), Told().rest().close()
    ended = "one of the traces has ended before it"
    assert first_difference(one.trace, other.trace) == Difference(
        1, None, Event(1, 1, 0, "close", data={"tasks": [], "timers": 0}), ended
    )
    assert first_difference(other.trace, one.trace) == Difference(
        1, Event(1, 1, 0, "close", data={"tasks": [], "timers": 0}), None, ended
    )


@pytest.mark.parametrize(
    ("left", "right", "unlike"),
    [
        (
            FrameRecord(0, "LLMText", "system"),
            FrameRecord(0, "LLMText", "data"),
            "its lane is system and data",
        ),
        (
            FrameRecord(0, "LLMText", "data", ("c1", "c2")),
            FrameRecord(0, "LLMText", "data"),
            "its list of calls is c1, c2 and none",
        ),
        (
            FrameRecord(0, "LLMText", "data", kept=True),
            FrameRecord(0, "LLMText", "data"),
            "its `kept` is yes and no",
        ),
    ],
)
def test_what_differs_in_a_frame_is_named(
    left: FrameRecord, right: FrameRecord, unlike: str
) -> None:
    events = [Event(0, 0, 0, "push", frame=0)]
    one, other = (Trace(Header("reference", "told"), [frame], events) for frame in (left, right))
    difference = first_difference(one, other)
    assert difference is not None
    assert difference.unlike == unlike


def test_equal_events_about_different_frames_part() -> None:
    one, other = Told().result("c1", result=1), Told().result("c1", result=2)
    difference = first_difference(one.trace, other.trace)
    assert difference is not None
    assert difference.seq == 0
    assert difference.left == difference.right
    assert difference.in_words() == (
        "event 0 is the first that differs: "
        'the payload is {"function_name": "f", "result": 1} and {"function_name": "f", "result": 2}'
    )

"""Where two runs part."""

from __future__ import annotations

from llm_sim.trace import Difference, Event, first_difference
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

"""What a trace answers about itself."""

from __future__ import annotations

from llm_sim.trace import FrameRecord
from tests.support.told import Told


def test_events_are_found_by_their_kinds_in_order() -> None:
    told = Told().registered().handler("c1", "started").rest().state()
    assert [event.kind for event in told.trace.of("state", "register")] == ["register", "state"]


def test_an_event_leads_to_its_frame() -> None:
    told = Told()
    told.interruption()
    event = told.trace.events[0]
    assert told.trace.frame_of(event) == FrameRecord(0, "Interruption", "system")
    assert told.trace.type_of(event) == "Interruption"


def test_an_event_about_no_frame_leads_nowhere() -> None:
    told = Told().rest()
    assert told.trace.frame_of(told.trace.events[0]) is None
    assert told.trace.type_of(told.trace.events[0]) == ""


def test_the_last_event_of_a_kind_is_found() -> None:
    told = Told().handler("c1", "started").handler("c1", "returned")
    last = told.trace.last("handler")
    assert last is not None
    assert last.data["phase"] == "returned"
    assert told.trace.last("close") is None


def test_the_conversation_alone_ends_at_rest() -> None:
    told = Told().registered().rest().close()
    until_rest = told.trace.until_rest()
    assert [event.kind for event in until_rest.events] == ["register", "rest"]
    assert until_rest.frames is told.trace.frames


def test_a_trace_that_was_cut_short_is_all_conversation() -> None:
    told = Told().registered()
    assert told.trace.until_rest() is told.trace

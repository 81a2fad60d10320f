"""The life of a call, read off a trace."""

from __future__ import annotations

from llm_sim.trace import DOWN, UP, CallLife, calls
from tests.support.told import Told


def test_a_call_has_its_phases_in_both_directions() -> None:
    life = calls(Told().started("c1").in_progress("c1").result("c1").trace)["c1"]
    assert life.phases_in(DOWN) == ["started", "in_progress", "result"]
    assert life.phases_in(UP) == ["started", "in_progress", "result"]


def test_a_call_that_was_pushed_one_way_has_no_phases_the_other_way() -> None:
    life = calls(Told().cancelled("c1", ways=(DOWN,)).trace)["c1"]
    assert life.phases_in(DOWN) == ["cancelled"]
    assert life.phases_in(UP) == []
    assert life.settled_by(UP) is None


def test_calls_come_in_the_order_of_first_sight() -> None:
    told = Told().started("b", "a").handler("c", "started").result("a")
    assert list(calls(told.trace)) == ["b", "a", "c"]


def test_a_call_knows_its_name_and_its_batch() -> None:
    told = Told().started("a").started("b")
    assert [(life.name, life.batch) for life in calls(told.trace).values()] == [("f", 0), ("f", 2)]


def test_a_call_that_was_never_announced_takes_its_name_from_the_frame() -> None:
    life = calls(Told().result("c1").trace)["c1"]
    assert (life.name, life.batch) == ("f", None)


def test_an_intermediate_result_settles_nothing() -> None:
    update = {"properties": {"run_llm": None, "is_final": False}}
    life = calls(Told().result("c1", **update).trace)["c1"]
    assert life.phases_in(DOWN) == ["update"]
    assert life.settled_by(DOWN) is None


def test_a_call_is_settled_by_the_first_terminal_push() -> None:
    told = Told().started("c1").cancelled("c1", ways=(DOWN,)).result("c1", ways=(DOWN,))
    life = calls(told.trace)["c1"]
    end = life.settled_by(DOWN)
    assert end is not None
    assert told.trace.type_of(end) == "FunctionCallCancel"
    assert (life.settled_as(DOWN), life.settled_as(UP)) == ("cancelled", "")


def test_a_call_has_the_events_of_its_handler() -> None:
    told = Told().handler("c1", "started").handler("c2", "started").handler("c1", "raised")
    handler = calls(told.trace)["c1"].handler
    assert [event.data["phase"] for event in handler] == ["started", "raised"]


def test_only_what_the_service_pushes_counts() -> None:
    told = Told().started("c1")
    assert calls(told.trace, service="another") == {}


def test_what_passes_through_a_later_processor_is_not_told_again() -> None:
    told = Told().cancelled("c1", ways=(DOWN,), seen=False)
    number = told.trace.events[0].frame
    told.event("push", "sink", direction=DOWN, frame=number, data={"by": "assistant"})
    assert calls(told.trace)["c1"].phases_in(DOWN) == ["cancelled"]


def test_a_life_is_empty_when_nothing_was_heard_of_it() -> None:
    life = CallLife("c1")
    assert (life.phases_in(DOWN), life.settled_by(DOWN), life.handler) == ([], None, [])

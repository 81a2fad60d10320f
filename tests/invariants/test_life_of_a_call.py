"""LS101 to LS106: each fires on a planted fault, and stays quiet on its twin."""

from __future__ import annotations

from llm_sim.trace import DOWN
from tests.support.laws import broken
from tests.support.told import Told


def test_ls101_fires_for_a_call_that_is_never_settled() -> None:
    told = Told().started("c1").in_progress("c1").rest()
    assert broken("LS101", told) == ["c1 `f` is never settled: last heard of as in progress"]


def test_ls101_fires_for_a_call_that_is_settled_twice() -> None:
    told = Told().started("c1").in_progress("c1").result("c1").cancelled("c1").rest()
    assert broken("LS101", told) == ["c1 `f` is settled twice: result, then cancelled"]


def test_ls101_does_not_count_what_the_teardown_settles() -> None:
    told = Told().started("c1").rest().cancelled("c1").close()
    assert broken("LS101", told) == ["c1 `f` is never settled: last heard of as started"]


def test_ls101_is_quiet_when_each_call_has_one_end() -> None:
    told = Told().started("c1", "c2").in_progress("c1").result("c1").cancelled("c2").rest()
    assert broken("LS101", told) == []


def test_ls101_is_quiet_about_intermediate_results() -> None:
    update = {"properties": {"run_llm": None, "is_final": False}}
    told = Told().started("c1").in_progress("c1").result("c1", **update).result("c1").rest()
    assert broken("LS101", told) == []


def test_ls102_fires_when_a_processor_hears_of_a_call_after_its_end() -> None:
    told = Told().started("c1").in_progress("c1", seen=False).cancelled("c1")
    told.processed("FunctionCallInProgress", "c1", at="assistant")
    assert broken("LS102", told.rest()) == [
        "assistant sees FunctionCallInProgress of c1 `f` after its FunctionCallCancel"
    ]


def test_ls102_tells_of_each_call_once() -> None:
    told = Told().started("c1").in_progress("c1", seen=False).cancelled("c1")
    told.processed("FunctionCallInProgress", "c1", at="assistant")
    told.processed("FunctionCallInProgress", "c1", at="sink")
    told.processed("FunctionCallResult", "c1", at="assistant")
    assert len(broken("LS102", told.rest())) == 1


def test_ls102_is_quiet_when_processors_see_frames_at_different_times() -> None:
    told = Told().started("c1").in_progress("c1", seen=False)
    told.processed("FunctionCallInProgress", "c1", at="playout")
    told.processed("FunctionCallCancel", "c1", at="playout")
    told.processed("FunctionCallInProgress", "c1", at="assistant")
    told.processed("FunctionCallCancel", "c1", at="assistant")
    assert broken("LS102", told.rest()) == []


def test_ls103_fires_when_one_view_still_waits() -> None:
    told = Told().started("c1").in_progress("c1").cancelled("c1").rest()
    told.state(aggregator={"c1": "in_progress"}, context={"c1": "in_progress"})
    assert broken("LS103", told) == [
        "c1 `f`: service=cancelled  aggregator=in_progress  context=in_progress"
    ]


def test_ls103_fires_for_a_tool_call_without_a_tool_message() -> None:
    told = Told().started("c1").in_progress("c1").result("c1").rest()
    assert broken("LS103", told.state(context={"c1": "missing"})) == [
        "c1 `f`: service=result  aggregator=settled  context=missing"
    ]


def test_ls103_is_quiet_when_all_views_are_settled() -> None:
    told = Told().started("c1").in_progress("c1").cancelled("c1").rest()
    assert broken("LS103", told.state(context={"c1": "cancelled"})) == []


def test_ls103_is_quiet_about_a_call_that_was_only_announced() -> None:
    told = Told().started("c1").cancelled("c1").rest().state(aggregator={"c1": "started"})
    assert broken("LS103", told) == []


def test_ls104_fires_for_a_result_without_an_in_progress() -> None:
    told = Told().started("c1").result("c1", ways=(DOWN,)).rest()
    assert broken("LS104", told) == ["c1 `f`: result without in_progress before it, downstream"]


def test_ls104_fires_for_an_in_progress_before_its_announcement() -> None:
    told = Told().in_progress("c1", ways=(DOWN,)).started("c1").rest()
    assert broken("LS104", told) == ["c1 `f`: in_progress without started before it, downstream"]


def test_ls104_fires_when_the_in_progress_frame_is_lost_on_its_way() -> None:
    told = Told().started("c1").in_progress("c1", seen=False).result("c1").rest()
    assert broken("LS104", told) == [
        "c1 `f`: assistant takes up its result, and never its in-progress frame"
    ]


def test_ls104_is_quiet_when_the_whole_call_is_lost_on_its_way() -> None:
    told = Told().started("c1").in_progress("c1", seen=False).result("c1", seen=False).rest()
    assert broken("LS104", told) == []


def test_ls104_is_quiet_when_a_queued_call_is_cancelled() -> None:
    told = Told().started("c1", "c2").in_progress("c1").result("c1").cancelled("c2").rest()
    assert broken("LS104", told) == []


def test_ls106_fires_when_a_running_call_is_not_cancelled() -> None:
    told = Told().registered().started("c1").in_progress("c1")
    told.interruption()
    assert broken("LS106", told.rest()) == ["c1 `f`: the interruption does not cancel it"]


def test_ls106_fires_when_a_queued_call_runs_after_the_interruption() -> None:
    told = Told().registered().started("c1")
    told.interruption()
    told.after(100).handler("c1", "started").result("c1").rest()
    assert broken("LS106", told) == ["c1 `f`: its handler starts after the interruption"]


def test_ls106_fires_when_the_cancel_comes_too_late() -> None:
    told = Told().registered().started("c1").in_progress("c1")
    told.interruption()
    told.after(2500).cancelled("c1").rest()
    assert broken("LS106", told) == ["c1 `f`: it is settled 2.5 s after the interruption"]


def test_ls106_fires_when_a_call_that_should_survive_is_cancelled() -> None:
    told = Told().registered(cancel=False).started("c1").in_progress("c1")
    interruption = told.interruption()
    told.cancelled("c1", cause=interruption).rest()
    assert broken("LS106", told) == [
        "c1 `f`: the interruption cancels it although cancel_on_interruption is False"
    ]


def test_ls106_goes_by_the_registration_at_the_time_of_the_call() -> None:
    told = Told().registered(cancel=True).started("c1").in_progress("c1").registered(cancel=False)
    told.interruption()
    assert broken("LS106", told.rest()) == ["c1 `f`: the interruption does not cancel it"]


def test_ls106_goes_by_the_catch_all_where_a_function_has_no_handler_of_its_own() -> None:
    told = Told().registered("", cancel=True).started("c1").in_progress("c1")
    told.interruption()
    assert broken("LS106", told.rest()) == ["c1 `f`: the interruption does not cancel it"]


def test_ls106_is_quiet_when_calls_are_cancelled_and_survivors_run_on() -> None:
    told = Told().registered().registered("g", cancel=False).started("c1").in_progress("c1")
    told.about("FunctionCallsStarted", "g1", function_calls=[])
    told.about("FunctionCallInProgress", "g1", function_name="g")
    told.cancelled("c1", cause=told.interruption())
    told.after(500).about("FunctionCallResult", "g1", function_name="g", result=1).rest()
    assert broken("LS106", told) == []


def test_ls106_is_quiet_when_a_handler_begins_in_the_instant_of_the_interruption() -> None:
    told = Told().registered().started("c1")
    interruption = told.interruption()
    told.in_progress("c1").handler("c1", "started").cancelled("c1", cause=interruption).rest()
    assert broken("LS106", told) == []


def test_ls106_is_quiet_about_a_call_that_was_announced_later() -> None:
    told = Told().registered()
    told.interruption()
    told.after(100).started("c1").in_progress("c1").handler("c1", "started").result("c1").rest()
    assert broken("LS106", told) == []

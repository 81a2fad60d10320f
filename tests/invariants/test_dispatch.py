"""LS105, LS107 to LS109, LS111: each fires on a planted fault, and stays quiet on its twin."""

from __future__ import annotations

import pytest

from llm_sim.trace import DOWN, UP
from tests.support.laws import broken
from tests.support.told import Told


def _sequential() -> Told:
    return Told(mode="sequential")


def test_ls105_fires_for_a_cancel_that_goes_downstream_only() -> None:
    told = Told().started("c1").in_progress("c1").cancelled("c1", ways=(DOWN,)).rest()
    assert broken("LS105", told) == ["c1 `f`: cancelled goes downstream only"]


def test_ls105_fires_for_another_content_upstream() -> None:
    told = Told().started("c1").in_progress("c1")
    told.result("c1", ways=(DOWN,), result=1).result("c1", ways=(UP,), result=2)
    assert broken("LS105", told.rest()) == [
        "c1 `f`: result has another content upstream than downstream"
    ]


def test_ls105_is_quiet_when_every_frame_goes_both_ways() -> None:
    told = Told().started("c1").in_progress("c1").result("c1").rest()
    assert broken("LS105", told) == []


def test_ls107_fires_when_two_handlers_run_at_once() -> None:
    told = _sequential().started("c1", "c2").handler("c1", "started").handler("c2", "started")
    assert broken("LS107", told.rest()) == [
        "c2 `f`: its handler starts while c1 `f` is still running"
    ]


def test_ls107_fires_when_calls_run_out_of_turn() -> None:
    told = _sequential().started("c1", "c2")
    for call in ("c2", "c1"):
        told.handler(call, "started").handler(call, "returned").result(call)
    assert broken("LS107", told.rest()) == ["c1 `f`: its handler starts out of turn"]


def _stuck_behind_a_cancelled_call() -> Told:
    told = _sequential().started("c1", "c2").in_progress("c1").handler("c1", "started")
    return told.cancelled("c1").handler("c1", "cancelled")


def test_ls107_fires_when_a_cancelled_call_takes_the_queue_down() -> None:
    told = _stuck_behind_a_cancelled_call().rest()
    told.processed("End", at="llm")  # the harness ends every run
    assert broken("LS107", told) == [
        "c2 `f` never runs: it is queued behind c1 `f`, which is settled"
    ]


@pytest.mark.parametrize("end", ["End", "Cancel"])
def test_ls107_is_quiet_about_a_queue_that_the_end_of_the_conversation_leaves(end: str) -> None:
    told = _stuck_behind_a_cancelled_call()
    told.processed(end, at="llm")
    assert broken("LS107", told.rest()) == []


def test_ls107_is_quiet_about_parallel_handlers() -> None:
    told = Told().started("c1", "c2").handler("c1", "started").handler("c2", "started").rest()
    assert broken("LS107", told) == []


def test_ls107_is_quiet_when_a_handler_that_ignores_its_end_is_left_behind() -> None:
    told = _sequential().started("c1", "c2").in_progress("c1").handler("c1", "started")
    told.cancelled("c1").after(1000).handler("c2", "started").result("c2").rest()
    assert broken("LS107", told) == []


def test_ls108_fires_when_the_frame_comes_before_the_event() -> None:
    told = Told().started("c1").fired("c1").rest()
    assert broken("LS108", told) == ["c1 `f`: its frame comes before its event"]


def test_ls108_fires_when_the_event_comes_twice() -> None:
    told = Told().fired("c1").fired("c1").started("c1").rest()
    assert broken("LS108", told) == ["the event fires twice for c1 `f`"]


def test_ls108_fires_for_an_empty_batch() -> None:
    told = Told().fired().started().rest()
    assert broken("LS108", told) == [
        "the event fires for an empty batch",
        "a frame announces an empty batch",
    ]


def test_ls108_is_quiet_when_each_batch_is_announced_once() -> None:
    told = Told().fired("c1", "c2").started("c1", "c2").fired("c3").started("c3").rest()
    assert broken("LS108", told) == []


def test_ls109_fires_when_a_late_result_is_pushed() -> None:
    told = Told().started("c1").in_progress("c1").cancelled("c1").answered("c1").result("c1")
    assert broken("LS109", told.rest()) == [
        "c1 `f`: a result that came after the call had ended is pushed"
    ]


def test_ls109_fires_when_a_late_result_is_in_the_context() -> None:
    told = Told().started("c1").in_progress("c1").cancelled("c1").answered("c1").rest()
    assert broken("LS109", told.state(context={"c1": "settled"})) == [
        "c1 `f`: a result that came after the call was cancelled is in the context"
    ]


def test_ls109_is_quiet_when_a_late_result_is_dropped() -> None:
    told = Told().started("c1").in_progress("c1").cancelled("c1").answered("c1").rest()
    assert broken("LS109", told.state(context={"c1": "cancelled"})) == []


def test_ls111_fires_when_a_fresh_call_is_never_run() -> None:
    told = Told().rest().probe().started("llm_sim_probe")
    assert broken("LS111", told.close()) == ["a fresh call stays started"]


def test_ls111_fires_when_a_fresh_call_is_not_even_announced() -> None:
    assert broken("LS111", Told().rest().probe().close()) == ["a fresh call is not even announced"]


def test_ls111_is_quiet_when_a_fresh_call_settles() -> None:
    told = Told().rest().probe().started("llm_sim_probe").in_progress("llm_sim_probe")
    assert broken("LS111", told.result("llm_sim_probe").close()) == []


def test_ls111_is_quiet_when_the_conversation_ended_on_purpose() -> None:
    assert broken("LS111", Told().rest().close()) == []

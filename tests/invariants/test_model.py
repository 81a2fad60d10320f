"""LS204: it fires on a planted fault, and stays quiet on its twin."""

from __future__ import annotations

from llm_sim.trace import UP
from tests.support.laws import broken
from tests.support.told import Told


def _asked_from_downstream(told: Told) -> Told:
    number = told.frame("LLMContext")
    event = told.event("process", "llm", direction=UP, frame=number)
    return told.asked(cause=event.seq)


def test_ls204_fires_when_the_model_runs_while_a_call_of_the_batch_is_unsettled() -> None:
    told = Told().started("c1", "c2").in_progress("c1").result("c1")
    _asked_from_downstream(told)
    told.in_progress("c2").result("c2")
    assert broken("LS204", _asked_from_downstream(told).rest()) == [
        "the model runs again while c2 `f` is unsettled"
    ]


def test_ls204_fires_when_the_model_runs_once_too_often() -> None:
    told = Told().started("c1").in_progress("c1").result("c1")
    _asked_from_downstream(told)
    assert broken("LS204", _asked_from_downstream(told).rest()) == [
        "the model runs again once too often"
    ]


def test_ls204_fires_when_the_model_never_runs() -> None:
    told = Told().started("c1").in_progress("c1").result("c1").rest()
    assert broken("LS204", told) == ["the model does not run after c1 `f`"]


def test_ls204_is_quiet_when_the_model_runs_once_after_the_batch() -> None:
    told = Told().started("c1", "c2").in_progress("c1").in_progress("c2").result("c2").result("c1")
    assert broken("LS204", _asked_from_downstream(told).rest()) == []


def test_ls204_is_quiet_when_the_handler_asked_for_no_run() -> None:
    told = Told().started("c1").in_progress("c1")
    told.result("c1", properties={"run_llm": False, "is_final": True})
    assert broken("LS204", told.rest()) == []


def test_ls204_is_quiet_when_an_interruption_came_between() -> None:
    told = Told().started("c1").in_progress("c1").result("c1")
    told.interruption()
    assert broken("LS204", told.rest()) == []

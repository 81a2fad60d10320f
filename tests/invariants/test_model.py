"""LS204: it fires on a planted fault, and stays quiet on its twin."""

from __future__ import annotations

import pytest

from llm_sim.scenario import Scenario
from llm_sim.simulation import run
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


@pytest.mark.parametrize("end", ["End", "Cancel"])
def test_ls204_is_quiet_about_a_batch_that_is_announced_after_the_end(end: str) -> None:
    told = Told()
    told.processed(end, at="llm")
    assert broken("LS204", told.started("c1").in_progress("c1").result("c1").rest()) == []


def test_ls204_fires_when_the_model_never_runs_although_only_the_harness_ends_the_run() -> None:
    told = Told().started("c1").in_progress("c1").result("c1").rest()
    told.processed("End", at="llm")
    assert broken("LS204", told) == ["the model does not run after c1 `f`"]


def test_ls204_fires_when_the_model_never_runs_after_a_batch_behind_an_interruption() -> None:
    told = Told()
    told.interruption()
    told.started("c1").in_progress("c1").result("c1").rest()
    assert broken("LS204", told) == ["the model does not run after c1 `f`"]


def _asked_because_of(told: Told, type_: str, **fields: object) -> Told:
    """Ask the model with a context that the aggregator pushed when it took up some frame."""
    because = told.processed(type_, at="assistant", **fields)
    context = told.frame("LLMContext")
    told.event("push", "llm", direction=UP, frame=context, data={"by": "assistant"}, cause=because)
    taken_up = told.event("process", "llm", direction=UP, frame=context)
    return told.asked(cause=taken_up.seq)


def test_ls204_is_quiet_when_an_appended_message_asks_for_a_run() -> None:
    told = Told().started("c1").in_progress("c1").result("c1")
    _asked_from_downstream(told)
    assert broken("LS204", _asked_because_of(told, "LLMMessagesAppend", run_llm=True).rest()) == []


def test_ls204_is_quiet_when_an_update_on_the_way_asks_for_a_run() -> None:
    update = {"run_llm": None, "is_final": False}
    told = Told().started("c1").in_progress("c1").result("c1", properties=update)
    _asked_because_of(told, "FunctionCallResult", properties=update)
    assert broken("LS204", _asked_from_downstream(told.result("c1")).rest()) == []


def test_ls204_is_quiet_when_a_result_says_itself_that_the_model_is_to_run() -> None:
    told = Told().started("c1", "c2").in_progress("c1").in_progress("c2")
    told.result("c1", run_llm=True)
    _asked_because_of(told, "FunctionCallResult", run_llm=True)
    assert broken("LS204", _asked_from_downstream(told.result("c2")).rest()) == []


def test_ls204_is_quiet_when_one_result_of_a_batch_says_that_it_is_not_to_run() -> None:
    told = Told().started("c1", "c2").in_progress("c1").in_progress("c2")
    told.result("c1", run_llm=False).result("c2")
    assert broken("LS204", told.rest()) == []


@pytest.mark.parametrize("mode", ["parallel", "sequential"])
def test_ls204_counts_a_run_for_the_batch_whose_end_the_asker_has_heard_of(mode: str) -> None:
    """The user's words bring a second batch forth while the run for the first is on its way."""
    scenario = Scenario.from_plain(
        {
            "name": "two_batches",
            "mode": mode,
            "open_ended": True,
            "script": [[{"call": "unknown", "as": "n1"}], [{"call": "unknown", "as": "n2"}]],
            "tools": {"unknown": {"registered": False}},
            "latency": {"playout": "10ms"},
            "inject": [{"step": 7, "do": {"say": "Hm."}}],
        }
    )
    one = run(scenario)
    assert one.violations == ()
    asked = [event.data["turn"] for event in one.trace.until_rest().of("inference")]
    assert asked == [0, 1, None, None]

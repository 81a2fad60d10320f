"""LS106, LS110 and LS112: each fires on a planted fault, and stays quiet on its twin."""

from __future__ import annotations

from tests.support.laws import broken
from tests.support.told import Told


def _interrupted(*, passes_after_ms: int) -> Told:
    told = Told().started("c1").in_progress("c1").handler("c1", "started")
    frame = told.frame("Interruption")
    told.taken_up(frame, at="llm")
    told.after(passes_after_ms)
    told.pushed(frame, to="assistant")
    return told


def test_ls110_fires_when_a_handler_is_cancelled_twice() -> None:
    told = Told().started("c1").handler("c1", "started").handler("c1", "cancelled", cancels=2)
    assert broken("LS110", told.rest()) == [
        "c1 `f`: its handler is cancelled 2 times, which cuts its cleanup short"
    ]


def test_ls110_fires_when_a_handler_holds_the_interruption_up() -> None:
    told = _interrupted(passes_after_ms=2500).handler("c1", "returned").rest()
    assert broken("LS110", told) == [
        "c1 `f`: its handler swallows the cancellation and holds the interruption up"
    ]


def test_ls110_is_quiet_when_the_handler_cleans_up_while_the_interruption_passes() -> None:
    told = _interrupted(passes_after_ms=0).after(400).handler("c1", "cancelled", cancels=1).rest()
    assert broken("LS110", told) == []


def test_ls110_is_quiet_about_a_slow_interruption_that_no_handler_holds_up() -> None:
    told = Told().started("c1").handler("c1", "started").handler("c1", "returned")
    frame = told.frame("Interruption")
    told.taken_up(frame, at="llm")
    told.after(2500).pushed(frame, to="assistant")
    assert broken("LS110", told.rest()) == []


def test_ls112_fires_when_a_later_call_is_cancelled() -> None:
    told = Told()
    interruption = told.interruption()
    told.started("c1").cancelled("c1", cause=interruption).rest()
    assert broken("LS112", told) == [
        "c1 `f`: the interruption cancels it although it was announced after it"
    ]


def test_ls112_fires_when_a_settled_call_is_cancelled() -> None:
    told = Told().started("c1").in_progress("c1").result("c1")
    told.cancelled("c1", cause=told.interruption()).rest()
    assert broken("LS112", told) == [
        "c1 `f`: the interruption cancels it although it is settled already"
    ]


def test_ls112_is_quiet_when_an_open_call_is_cancelled() -> None:
    told = Told().started("c1").in_progress("c1")
    told.cancelled("c1", cause=told.interruption()).rest()
    assert broken("LS112", told) == []


def _interrupted_and_open() -> Told:
    told = Told().registered().started("c1").in_progress("c1")
    told.interruption()
    return told


def test_ls106_fires_when_an_interrupted_call_is_open_at_rest() -> None:
    told = _interrupted_and_open().rest()
    told.processed("End", at="llm")  # the harness ends every run
    assert broken("LS106", told) == ["c1 `f`: the interruption does not cancel it"]


def test_ls106_is_quiet_about_what_the_end_of_the_conversation_leaves_open() -> None:
    told = _interrupted_and_open()
    told.processed("Cancel", at="llm")
    assert broken("LS106", told.rest()) == []

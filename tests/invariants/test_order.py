"""LS201 to LS203, LS207, LS301: each fires on a planted fault, and stays quiet on its twin."""

from __future__ import annotations

from tests.support.laws import broken
from tests.support.told import Told


def test_ls201_fires_when_a_processor_takes_frames_up_out_of_order() -> None:
    told = Told()
    first, second = told.frame("LLMText"), told.frame("LLMText")
    told.pushed(first, to="playout")
    told.pushed(second, to="playout")
    told.taken_up(second, at="playout")
    told.taken_up(first, at="playout")
    assert broken("LS201", told.rest()) == [
        "playout takes up LLMText after a frame that was queued later"
    ]


def test_ls201_is_quiet_when_a_system_frame_overtakes() -> None:
    told = Told()
    text, interruption = told.frame("LLMText"), told.frame("Interruption")
    told.pushed(text, to="playout")
    told.pushed(interruption, to="playout")
    told.taken_up(interruption, at="playout")
    told.taken_up(text, at="playout")
    assert broken("LS201", told.rest()) == []


def test_ls201_is_quiet_about_dropped_frames() -> None:
    told = Told()
    first, second = told.frame("LLMText"), told.frame("LLMText")
    told.pushed(first, to="playout")
    told.pushed(second, to="playout")
    told.taken_up(second, at="playout")
    assert broken("LS201", told.rest()) == []


def test_ls202_fires_for_a_response_inside_another() -> None:
    told = Told()
    for type_ in ("LLMFullResponseStart", "LLMFullResponseStart"):
        told.pushed(told.frame(type_), to="assistant")
    assert broken("LS202", told.rest()) == ["a response starts inside another"]


def test_ls202_fires_for_text_outside_a_response() -> None:
    told = Told()
    told.pushed(told.frame("LLMText", text="Hello."), to="assistant")
    assert broken("LS202", told.rest()) == ["text lies outside a response"]


def test_ls202_fires_for_an_end_without_a_start() -> None:
    told = Told()
    told.pushed(told.frame("LLMFullResponseEnd"), to="assistant")
    assert broken("LS202", told.rest()) == ["a response ends that has not started"]


def test_ls202_fires_when_text_passes_after_its_interruption() -> None:
    told = Told().said("One moment.")
    told.after(100).processed("Interruption", at="assistant")
    told.after(100).taken_up(1, at="assistant")
    assert broken("LS202", told.rest()) == [
        "assistant takes up text of a response that was interrupted"
    ]


def test_ls202_is_quiet_about_text_that_is_said_after_the_interruption() -> None:
    told = Told()
    told.processed("Interruption", at="assistant")
    told.after(100).said("Anyway.").taken_up(2, at="assistant")
    assert broken("LS202", told.rest()) == []


def _interrupted_in_the_middle() -> Told:
    told = Told()
    told.pushed(told.frame("LLMFullResponseStart"), to="assistant")
    told.pushed(told.frame("LLMText", text="First."), to="assistant")
    told.interruption()
    return told


def test_ls202_fires_when_the_service_goes_on_with_an_interrupted_response() -> None:
    told = _interrupted_in_the_middle().after(100)
    told.pushed(told.frame("LLMText", text="Then."), to="assistant")
    assert broken("LS202", told.rest()) == [
        "the service goes on with a response that was interrupted"
    ]


def test_ls202_is_quiet_when_the_text_crosses_the_interruption() -> None:
    told = _interrupted_in_the_middle()
    told.pushed(told.frame("LLMText", text="Then."), to="assistant")
    assert broken("LS202", told.rest()) == []


def test_ls202_is_quiet_about_the_response_after_the_interrupted_one() -> None:
    told = _interrupted_in_the_middle()
    told.pushed(told.frame("LLMFullResponseEnd"), to="assistant")
    told.after(100).said("Anyway.")
    assert broken("LS202", told.rest()) == []


def _queued_at_an_interruption(*, kept: bool) -> tuple[Told, int]:
    told = Told()
    frame = told.frame("FunctionCallResult", "c1", kept=kept)
    told.pushed(frame, to="playout")
    told.after(100).processed("Interruption", at="playout")
    return told, frame


def test_ls203_fires_when_a_survivor_is_lost() -> None:
    told, _ = _queued_at_an_interruption(kept=True)
    assert broken("LS203", told.rest()) == [
        "playout loses FunctionCallResult, which no interruption may drop"
    ]


def test_ls203_fires_when_a_queued_frame_is_not_dropped() -> None:
    told, frame = _queued_at_an_interruption(kept=False)
    told.taken_up(frame, at="playout")
    assert broken("LS203", told.rest()) == [
        "playout takes up FunctionCallResult, which the interruption should drop"
    ]


def test_ls203_is_quiet_when_survivors_survive_and_others_are_dropped() -> None:
    told, frame = _queued_at_an_interruption(kept=True)
    told.taken_up(frame, at="playout")
    assert broken("LS203", told.rest()) == []
    told, _ = _queued_at_an_interruption(kept=False)
    assert broken("LS203", told.rest()) == []


def test_ls207_fires_when_an_interruption_is_held_up() -> None:
    told = Told().stimulus("interrupt").after(2500)
    told.processed("Interruption", at="sink")
    assert broken("LS207", told.rest()) == ["the interrupt does not reach the far end in time"]


def test_ls207_fires_when_a_cancel_gets_lost() -> None:
    assert broken("LS207", Told().stimulus("cancel").rest()) == [
        "the cancel does not reach the far end in time"
    ]


def test_ls207_is_quiet_when_an_end_waits_for_what_was_said_before_it() -> None:
    told = Told().stimulus("end").after(30_000)
    told.processed("End", at="sink")
    assert broken("LS207", told.rest()) == []


def test_ls207_is_quiet_about_what_comes_when_all_is_over() -> None:
    told = Told().stimulus("end")
    told.processed("End", at="sink")
    assert broken("LS207", told.stimulus("interrupt").rest()) == []


def test_ls301_fires_when_an_end_is_lost_in_an_interruption() -> None:
    told = Told().stimulus("end").stimulus("interrupt")
    told.processed("Interruption", at="sink")
    assert broken("LS301", told.rest()) == ["the EndFrame never reaches the sink"]


def test_ls301_fires_when_a_cancel_waits_behind_an_end() -> None:
    told = Told().stimulus("end").stimulus("cancel").rest()
    assert broken("LS301", told) == ["the CancelFrame never reaches the sink"]


def test_ls301_is_quiet_when_a_cancel_overtakes_an_end() -> None:
    told = Told().stimulus("end").stimulus("cancel")
    told.processed("Cancel", at="sink")
    assert broken("LS301", told.rest()) == []

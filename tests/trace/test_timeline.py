"""A run as rows of text."""

from __future__ import annotations

import pytest

from llm_sim.trace import DOWN, Trace, timeline
from tests.support.told import Told


def opened() -> Told:
    """A conversation that the user has opened."""
    told = Told()
    told.event("stimulus", data={"do": "say", "text": "Hello."})
    return told


def rows(trace: Trace, breaking: int | None = None) -> list[str]:
    """Return the rows without their header, each without the spaces around and between."""
    return [" ".join(line.split()) for line in timeline(trace, breaking)[1:]]


def test_the_timeline_has_a_row_a_frame_and_a_column_a_processor() -> None:
    told = opened()
    text = told.frame("LLMText", text="Hi.")
    told.event("process", "llm", direction=DOWN, frame=text)
    told.event("process", "assistant", direction=DOWN, frame=text)
    told.after(1500).event("process", "sink", direction=DOWN, frame=text)
    told.rest()
    assert timeline(told.trace) == [
        "  virtual time                                                 llm  assistant  sink",
        '          0 ms  * say "Hello."',
        '          0 ms  v LLMText "Hi."                                 o       o       .',
        '       1500 ms  v LLMText "Hi."                                 .       .       o',
    ]


def test_what_happened_is_told_in_words() -> None:
    told = opened()
    told.event("inference", "llm", data={"turn": 0, "open": []})
    told.event("inference", "llm", data={"turn": None, "open": []})
    told.started("c1", "c2", ways=(DOWN,)).handler("c1", "started").handler("c1", "raised")
    told.processed("Error", at="llm", error="the service is down")
    told.event("error", data={"source": "loop", "message": "Task exception was never retrieved"})
    told.event("stimulus", data={"do": "interrupt"})
    told.rest()
    assert rows(told.trace) == [
        '0 ms * say "Hello."',
        "0 ms model asked: turn 1 of the script o",
        "0 ms model asked: no turn left o",
        "0 ms v FunctionCallsStarted c1,c2 o .",
        "0 ms handler c1 started",
        "0 ms handler c1 raised",
        '0 ms v Error "the service is down" . o',
        '0 ms ! "Task exception was never re…"',
        "0 ms * interrupt",
    ]


def test_frames_of_no_interest_have_no_row() -> None:
    told = opened()
    told.processed("Start", at="llm")
    told.processed("UserSpeaking", at="llm")
    assert rows(told.trace) == ['0 ms * say "Hello."']


def test_the_timeline_goes_from_the_opening_to_rest() -> None:
    told = Told()
    told.processed("LLMText", at="llm", text="before")
    told.event("stimulus", data={"do": "say", "text": "Hello."})
    told.rest()
    told.processed("End", at="llm")
    assert rows(told.trace) == ['0 ms * say "Hello."']


def test_a_trace_without_a_conversation_has_a_header_only() -> None:
    assert timeline(Told().rest().trace) == [
        "  virtual time                                                 "
    ]


@pytest.mark.parametrize(
    ("ns", "shown"), [(0, "0 ms"), (1_500_000, "1.5 ms"), (12_345_678_000, "12345.7 ms")]
)
def test_times_are_virtual_milliseconds(ns: int, shown: str) -> None:
    told = opened()
    told.trace.events[0].time_ns = ns
    assert rows(told.trace) == [f'{shown} * say "Hello."']


def test_a_row_is_cut_to_its_width() -> None:
    told = opened()
    calls = [f"call_{number}" for number in range(9)]
    told.processed("FunctionCallsStarted", *calls, at="llm")
    assert timeline(told.trace)[2] == (
        "          0 ms  v FunctionCallsStarted call_0,call_1,call_2,c…  o"
    )


def test_a_row_is_one_line_whatever_is_said() -> None:
    told = opened()
    told.processed("LLMText", at="llm", text="one\ntwo \x1b[31mred é")
    assert timeline(told.trace)[2] == (
        r'          0 ms  v LLMText "one\ntwo \x1b[31mred é"              o'
    )


def test_the_row_of_the_breaking_event_is_marked() -> None:
    told = opened().in_progress("c1", ways=(DOWN,))
    breaking = told.processed("FunctionCallResult", "c1", at="sink")
    assert rows(told.rest().trace, breaking) == [
        '0 ms * say "Hello."',
        "0 ms v FunctionCallInProgress c1 o .",
        ">>> 0 ms v FunctionCallResult c1 . o",
    ]


def test_a_push_that_breaks_a_law_is_marked_where_its_frame_is_first_seen() -> None:
    told = opened().started("c1", ways=(DOWN,)).in_progress("c1", ways=(DOWN,)).rest()
    push = next(event for event in told.trace.of("push") if event.frame == 1)
    assert rows(told.trace, push.seq) == [
        '0 ms * say "Hello."',
        "0 ms v FunctionCallsStarted c1 o",
        ">>> 0 ms v FunctionCallInProgress c1 o",
    ]


def test_a_push_that_nobody_sees_is_marked_at_the_row_before_it() -> None:
    told = opened().started("c1", ways=(DOWN,)).cancelled("c1", ways=(DOWN,), seen=False)
    assert rows(told.rest().trace, 3) == [
        '0 ms * say "Hello."',
        ">>> 0 ms v FunctionCallsStarted c1 o",
    ]


def test_a_run_that_does_not_come_to_rest_ends_with_a_marked_row() -> None:
    told = opened().after(300_000).rest("time", "worker: bot.py:12 awaits Queue.get").close()
    assert rows(told.trace, 1) == [
        '0 ms * say "Hello."',
        ">>> 300000 ms stopped at the bound of time",
    ]


def test_what_breaks_after_rest_is_told_with_the_end_of_the_pipeline() -> None:
    told = opened().rest()
    told.processed("End", at="sink")
    told.handler("c1", "started")
    told.event("probe")
    told.close("worker")
    assert rows(told.trace, 3) == [
        '0 ms * say "Hello."',
        "0 ms at rest",
        "0 ms v End o",
        ">>> 0 ms handler c1 started",
        "0 ms * probe: does the service still work?",
        "0 ms the pipeline is closed",
    ]


def long_run(marked_at: int | None = None) -> tuple[Trace, int | None]:
    """Return a run of 100 rows after its opening, and the event of one of them."""
    told = opened()
    seqs = [told.processed("LLMText", at="llm", text=f"{number}") for number in range(100)]
    return told.rest().trace, None if marked_at is None else seqs[marked_at]


def test_a_long_run_shows_its_end() -> None:
    shown = rows(long_run()[0])
    assert (shown[0], shown[1], shown[-1], len(shown)) == (
        "… 53 earlier rows",
        '0 ms v LLMText "52" o',
        '0 ms v LLMText "99" o',
        49,
    )


def test_a_long_run_shows_what_surrounds_the_breaking_event() -> None:
    trace, breaking = long_run(60)
    shown = rows(trace, breaking)
    assert (shown[0], shown[1], shown[33], shown[-2], shown[-1]) == (
        "… 29 earlier rows",
        '0 ms v LLMText "28" o',
        '>>> 0 ms v LLMText "60" o',
        '0 ms v LLMText "75" o',
        "… 24 later rows",
    )


def test_a_long_run_that_breaks_early_shows_its_beginning() -> None:
    trace, breaking = long_run(2)
    shown = rows(trace, breaking)
    assert (shown[0], shown[3], shown[-1]) == (
        '0 ms * say "Hello."',
        '>>> 0 ms v LLMText "2" o',
        "… 53 later rows",
    )


def test_a_run_that_fits_is_shown_whole() -> None:
    told = opened()
    for number in range(47):
        told.processed("LLMText", at="llm", text=f"{number}")
    assert len(rows(told.rest().trace)) == 48

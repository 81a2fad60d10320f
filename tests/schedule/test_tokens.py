"""The replay token."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_sim.errors import ScheduleFormatError
from llm_sim.schedule import KINDS, Deviation, Landing, Schedule, decode, encode

LANDINGS = st.builds(
    Landing,
    kind=st.sampled_from(KINDS),
    anchor=st.sampled_from(["start", "LLMText", "FunctionCallsStarted"]),
    nth=st.integers(1, 99),
    offset=st.integers(0, 9999),
)


CHOICES = st.lists(st.integers(1, 999), unique=True, max_size=4).map(sorted)
ORDERS = st.tuples(CHOICES, st.integers(1, 99)).map(
    lambda drawn: tuple(Deviation(choice, drawn[1]) for choice in drawn[0])
)


@given(st.lists(LANDINGS, max_size=3), st.none() | ORDERS)
def test_a_token_reads_back_as_the_schedule_that_it_was_made_of(
    landings: list[Landing], order: tuple[Deviation, ...] | None
) -> None:
    schedule = Schedule(tuple(landings), order)
    assert decode(encode(schedule)) == schedule


@pytest.mark.parametrize(
    ("order", "token", "words"),
    [
        ((), "ls1-undisturbed/order", "undisturbed, each task runs until it waits"),
        (
            (Deviation(4, 2), Deviation(9, 3)),
            "ls1-undisturbed/order@4:2,9:3",
            "undisturbed, each task runs until it waits, but no. 2 in the queue goes first at "
            "choice 4 and no. 3 in the queue goes first at choice 9",
        ),
    ],
)
def test_a_token_says_who_went_first(order: tuple[Deviation, ...], token: str, words: str) -> None:
    schedule = Schedule((), order)
    assert (encode(schedule), schedule.in_words()) == (token, words)


def test_an_order_stands_behind_the_landings() -> None:
    assert decode("ls1-interrupt@LLMText+2,end@then+5/order@4:2") == Schedule(
        (Landing("interrupt", "LLMText", 1, 2), Landing("end", "then", 1, 5)), (Deviation(4, 2),)
    )


def test_a_token_needs_no_quotes_in_a_shell() -> None:
    token = encode(Schedule((Landing("end", "LLMText", 2, 5),), (Deviation(4, 2),)))
    assert shlex.quote(token) == token


def test_a_token_says_what_landed_where() -> None:
    schedule = Schedule((Landing("interrupt", "LLMText", 2, 5), Landing("end", "start", 1, 0)))
    assert encode(schedule) == "ls1-interrupt@LLMText.2+5,end@start+0"
    assert schedule.in_words() == (
        "interrupt 5 steps after LLMText no. 2, end 0 steps after the conversation opened"
    )


def test_the_undisturbed_run_has_a_token_too() -> None:
    assert encode(Schedule()) == "ls1-undisturbed"
    assert Schedule().in_words() == "undisturbed"


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("nonsense", "a token starts with 'ls1-', like ls1-interrupt@FunctionCallsStarted+3"),
        ("ls2-interrupt@start+1", "version ls2 is not known here; this llm_sim reads ls1"),
        (
            "ls1-interrupt@",
            "'interrupt@' is not STIMULUS@FRAME+STEPS, like interrupt@FunctionCallsStarted+3",
        ),
        (
            "ls1-ende@start+1",
            "'ende' cannot be injected (did you mean 'end'?): interrupt, "
            "end, cancel, user_starts, user_stops, error",
        ),
        ("ls1-end@LLMText.0+1", "'end@LLMText.0+1': occurrences are counted from 1"),
        ("ls1-undisturbed/", "'' is not an order, like order@4:2,9:3 or order alone"),
        (
            "ls1-undisturbed/ordre@4:2",
            "'ordre@4:2' is not an order, like order@4:2,9:3 or order alone",
        ),
        (
            "ls1-undisturbed/order@4:0",
            "'4:0' is not CHOICE:PLACE, both counted from 1, like order@4:2,9:3",
        ),
        (
            "ls1-undisturbed/order@",
            "'' is not CHOICE:PLACE, both counted from 1, like order@4:2,9:3",
        ),
        (
            "ls1-undisturbed/order@4:2,4:3",
            "'4:3' comes after '4:2': list the choices in ascending order",
        ),
    ],
)
def test_a_token_that_cannot_be_read_is_refused_with_the_remedy(token: str, problem: str) -> None:
    with pytest.raises(ScheduleFormatError) as refused:
        decode(token)
    assert str(refused.value) == f"schedule {token!r}: {problem}"


def test_a_landing_may_be_counted_from_the_one_before_it() -> None:
    schedule = decode("ls1-interrupt@LLMText+2,end@then+5")
    assert schedule.landings[1] == Landing("end", "then", 1, 5)
    assert schedule.in_words() == "interrupt 2 steps after LLMText, end 5 steps after that"


def test_the_first_landing_cannot_be_counted_from_one_before_it() -> None:
    with pytest.raises(ScheduleFormatError, match="has none before it to count from"):
        decode("ls1-end@then+5")

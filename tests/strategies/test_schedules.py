"""Drawn stimuli, and where they land."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from llm_sim.errors import UsageError
from llm_sim.scenario import Injection
from llm_sim.schedule import THEN, Schedule, encode
from llm_sim.strategies import landings, schedules, stimuli
from tests.strategies.support import PATIENT, simplest


def test_the_simplest_schedule_is_undisturbed() -> None:
    assert simplest(schedules()) == Schedule()


def test_a_schedule_shrinks_to_fewer_stimuli_at_earlier_points() -> None:
    ends = simplest(schedules(), lambda drawn: any(one.kind == "end" for one in drawn.landings))
    late = simplest(schedules(), lambda drawn: any(one.offset > 4 for one in drawn.landings))
    two = simplest(schedules(max_stimuli=3), lambda drawn: len(drawn.landings) == 2)
    assert [encode(each) for each in (ends, late, two)] == [
        "ls1-end@start+0",
        "ls1-interrupt@start+5",
        "ls1-interrupt@start+0,interrupt@start+0",
    ]


def test_a_second_stimulus_may_be_counted_from_the_first() -> None:
    found = simplest(
        schedules(), lambda drawn: drawn.landings[1:2] != () and drawn.landings[1].anchor == THEN
    )
    assert encode(found) == "ls1-interrupt@start+0,interrupt@then+0"


@settings(max_examples=200, **PATIENT)
@given(schedules(["end", "cancel"], max_stimuli=3))
def test_no_more_stimuli_and_no_others_than_asked_for(drawn: Schedule) -> None:
    assert len(drawn.landings) <= 3
    assert {landing.kind for landing in drawn.landings} <= {"end", "cancel"}


def test_no_stimulus_at_all_can_be_asked_for() -> None:
    assert simplest(schedules(max_stimuli=0)) == Schedule()


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        ("interrupt", {"after": "0s", "do": "interrupt"}),
        ("say", {"after": "0s", "do": {"say": "And another thing."}}),
        ("unregister", {"after": "0s", "do": {"unregister": "f"}}),
        ("user_starts", {"after": "0s", "do": "user_starts"}),
        ("error", {"after": "0s", "do": "error"}),
    ],
)
def test_each_stimulus_can_be_drawn(kind: str, plain: dict[str, Any]) -> None:
    assert simplest(stimuli([kind])).to_plain() == plain


def test_a_stimulus_comes_after_a_while_after_a_frame_or_at_a_step() -> None:
    moments = [
        simplest(stimuli(["end"]), lambda drawn, moment=moment: getattr(drawn, moment) is not None)  # type: ignore[misc]
        for moment in ("after", "at", "step")
    ]
    assert [one.to_plain() for one in moments] == [
        {"after": "0s", "do": "end"},
        {"at": "LLMFullResponseStart", "do": "end"},
        {"step": 0, "do": "end"},
    ]
    assert all(isinstance(one, Injection) for one in moments)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: landings(["ende"]), "cannot inject 'ende' (did you mean 'end'?); it is one of "),
        (lambda: schedules(max_stimuli=-1), "max_stimuli must be 0 or more, not -1"),
        (lambda: stimuli(["talk"]), "there is no stimulus 'talk': interrupt, end, cancel, "),
        (lambda: stimuli(["register"], tools=[]), "kinds ('register',) and tools () leave no "),
    ],
)
def test_a_wrong_argument_is_refused(wrong: Any, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        wrong()
    assert str(raised.value).startswith(message)

"""The first line of a failure: law, tool, what and how often."""

from __future__ import annotations

from dataclasses import replace

import pytest

from llm_sim.errors import SimulationError
from llm_sim.invariants import Violation
from llm_sim.reports import headline
from llm_sim.scenario import Scenario
from llm_sim.schedule import Schedule
from llm_sim.simulation import (
    Broken,
    Finding,
    NoVerdict,
    Setup,
    Unmet,
    UnmetExpectation,
    Window,
    simulate,
)

PLAIN = {
    "script": [[{"call": "book", "as": "c1"}, {"call": "pay", "as": "c2"}], [{"say": "Done."}]],
    "tools": {"book": {}, "pay": {}},
}
SETUP = Setup.of(Scenario.from_plain(PLAIN))
LATER = (Window(3, 12, ("LS401",), "ls1-interrupt@start+2"),)


def finding(verdict: Broken | Unmet | NoVerdict, **more: object) -> Finding:
    return replace(Finding(SETUP, Schedule(), verdict), **more)  # type: ignore[arg-type]


def broken(message: str, call: str = "c1", law: str = "LS401") -> Broken:
    return Broken((Violation(law, message, call), Violation("LS103", "besides")))


SWALLOWS = broken("c1 `book`: its handler swallows its cancellation and returns; let it through")


def test_a_broken_law_says_law_tool_what_and_how_often() -> None:
    swept = finding(SWALLOWS, hits=10, of=20, unit="point", windows=LATER)
    assert headline(swept) == (
        "LS401 book: its handler swallows its cancellation and returns (10 of 20 points)"
    )


def test_a_call_that_is_called_like_its_tool_is_told_by_it() -> None:
    verdict = broken("pay `pay`: its handler runs on and answers", call="pay")
    assert headline(finding(verdict)) == "LS401 pay: its handler runs on and answers"


@pytest.mark.parametrize(
    ("more", "how_often"),
    [
        ({}, ""),
        ({"hits": 3, "of": 1200, "unit": "order"}, " (3 of 1,200 orders)"),
        ({"of": 500, "unit": "example", "example": 1234}, " (example 1,234)"),
        ({"of": 500, "unit": "example"}, " (found before)"),
        ({"of": 1, "unit": "example"}, " (found before)"),
        ({"of": 1, "unit": "point"}, ""),
        (
            {"of": 20, "unit": "point", "windows": (Window(0, 0, (), "ls1-undisturbed"), *LATER)},
            " (undisturbed)",
        ),
    ],
)
def test_it_is_counted_as_the_search_counts(more: dict[str, object], how_often: str) -> None:
    told = headline(
        finding(broken("c1 `book` is never settled: last heard of", law="LS101"), **more)
    )
    assert told == f"LS101 book is never settled: last heard of{how_often}"


@pytest.mark.parametrize(
    ("message", "call", "words"),
    [
        (
            "the event fires twice for c1 `book`, c2 `pay`",
            "c1",
            "the event fires twice for book, pay",
        ),
        (
            "c2 `pay` never runs: it is queued behind c1 `book`",
            "c2",
            "pay never runs: it is queued behind book",
        ),
        ("x9 `late`: its handler raises", "x9", "late: its handler raises"),
        ("x9: a frame too many", "x9", "a frame too many"),
        ("x9 is never settled", "x9", "is never settled"),
        ("the model runs again too early", "", "the model runs again too early"),
        ("the task `book` is left", "", "the task `book` is left"),
        ("several\nlines", "", "several"),
    ],
)
def test_tools_are_named_and_calls_are_not(message: str, call: str, words: str) -> None:
    assert headline(finding(broken(message, call))) == f"LS401 {words}"


def test_an_expectation_that_is_not_met_says_which_and_how_many_more() -> None:
    missed = UnmetExpectation(("expect", 0), "c1 should end as cancelled, not result")
    assert headline(finding(Unmet((missed,)))) == (
        "expectation not met: c1 should end as cancelled, not result"
    )
    assert headline(finding(Unmet((missed, missed, missed)))).endswith("result (and 2 more)")


def test_no_verdict_says_why() -> None:
    reason = SimulationError("the model was asked once, the script has 2 turns\nand more")
    assert headline(finding(NoVerdict(reason))) == (
        "no verdict: the model was asked once, the script has 2 turns"
    )


@pytest.mark.parametrize(
    "verdict",
    [
        broken("c1 `book`: " + "very " * 60 + "long"),
        Unmet((UnmetExpectation((), "very " * 60 + "long"),)),
        NoVerdict(SimulationError("very " * 60 + "long")),
    ],
)
def test_it_is_one_line_and_keeps_how_often(verdict: Broken | Unmet | NoVerdict) -> None:
    told = headline(finding(verdict, hits=1, of=9, unit="point", windows=LATER))
    assert (len(told), told.endswith("… (1 of 9 points)")) == (120, True)


def test_a_run_that_fails_has_a_headline_and_a_clean_one_has_no_finding() -> None:
    assert Finding.of_run(simulate(SETUP)) is None
    never = Setup.of(Scenario.from_plain({**PLAIN, "expect": [{"call": {"c1": "never"}}]}))
    failing = Finding.of_run(simulate(never))
    assert failing is not None
    assert headline(failing).startswith("expectation not met: c1 should end as never, not result")

"""The head of a trace has all that its verdict depends on, so a file gives the same verdict."""

from __future__ import annotations

import json
import platform
from dataclasses import replace
from typing import Any

import pytest

from llm_sim.errors import UsageError
from llm_sim.invariants import LAWS, at_level
from llm_sim.scenario import Place, Scenario, at, call, interrupt, say, turn
from llm_sim.schedule import decode
from llm_sim.simulation import Run, recorded_run, run
from llm_sim.targets import Bot
from llm_sim.trace import Trace, dumps, loads
from tests.support.laws import UNINTERRUPTED
from tests.support.scenarios import spoken_tool, two_tools

TOKEN = "ls1-interrupt@start+1"


def read_back(one: Run) -> Trace:
    """Return the trace of a run as a file gives it."""
    trace = loads(dumps(one.trace))
    assert trace == one.trace
    return trace


def same_verdict(one: Run) -> bool:
    """Return whether the file of a run gives the run's verdict."""
    again = recorded_run(read_back(one))
    return (again.laws, again.verdict.word, [each.message for each in again.unmet]) == (
        one.laws,
        one.verdict.word,
        [each.message for each in one.unmet],
    ) and str(again.complaint) == str(one.complaint)


async def _raises(params: Any) -> None:
    raise LookupError("no order")


RAISING = Bot(lambda llm: llm.register_function("f", _raises))
ONE_CALL = Scenario(
    name="one_call", bot="a:b", script=[turn(call("f", as_="f1")), turn(say("Done."))]
)
"""A call of a tool that raises, which LS401 warns of."""


def test_a_law_that_the_scenario_names_as_strict_is_in_the_header() -> None:
    lenient, strict = (
        run(ONE_CALL.replace(strict=codes), bot=RAISING) for codes in ([], ["LS401"])
    )
    assert (lenient.laws, strict.laws) == ((), ("LS401",))
    assert same_verdict(lenient)
    assert read_back(strict).header.levels == ("LS401 error",)
    assert same_verdict(strict)


def test_a_law_whose_level_was_changed_is_in_the_header() -> None:
    laws = at_level("warn", "LS101", laws=LAWS)
    one = run(two_tools("sequential"), target="naive", schedule=decode(TOKEN), laws=laws)
    assert "LS101" not in one.laws
    assert "LS101" in {each.law for each in one.warnings}
    assert read_back(one).header.levels == ("LS101 warn",)
    assert same_verdict(one)


def test_a_law_that_was_not_judged_is_in_the_header() -> None:
    laws = tuple(law for law in LAWS if law.code not in ("LS101", "LS103"))
    one = run(two_tools("sequential"), target="naive", schedule=decode(TOKEN), laws=laws)
    assert not {"LS101", "LS103"} & set(one.laws)
    assert read_back(one).header.disabled == ("LS101", "LS103")
    assert same_verdict(one)


def test_laws_that_are_judged_as_usual_are_not_in_the_header() -> None:
    header = read_back(run(spoken_tool())).header
    assert (header.levels, header.disabled, header.own_laws) == ((), (), ())
    assert (header.unmet, header.no_verdict) == ((), "")


def test_what_a_law_of_ones_own_found_is_in_the_header() -> None:
    one = run(spoken_tool(), laws=(*LAWS, UNINTERRUPTED), schedule=decode(TOKEN))
    assert one.laws == ("XX001",)
    header = read_back(one).header
    assert (header.levels, header.own_laws) == ((), ("XX001 an interruption came",))
    assert same_verdict(one)


def test_what_was_expected_and_not_met_is_in_the_header() -> None:
    one = run(spoken_tool().replace(expect=[{"frames": ["End"]}, {"call": {"c1": "cancelled"}}]))
    assert read_back(one).header.unmet == tuple(each.message for each in one.unmet)
    assert len(one.unmet) == 2
    assert same_verdict(one)


@pytest.mark.parametrize(
    ("changes", "token"),
    [
        ({"script": [turn(say("Hello.")), turn(say("Never said."))]}, "ls1-undisturbed"),
        ({"inject": [at("LLMText", interrupt(), nth=9)]}, "ls1-undisturbed"),
        ({}, "ls1-interrupt@LLMText.9+1"),
    ],
)
def test_why_there_is_no_verdict_is_in_the_header(changes: dict[str, Any], token: str) -> None:
    one = run(spoken_tool().replace(**changes), schedule=decode(token))
    assert read_back(one).header.no_verdict == str(one.complaint) != "None"
    assert same_verdict(one)


def test_why_a_run_could_not_be_judged_stands_beside_what_it_did_not_meet() -> None:
    scenario = spoken_tool().replace(
        script=[turn(say("Hello.")), turn(say("Never said."))], expect=[{"frames": ["End"]}]
    )
    header = read_back(run(scenario)).header
    assert header.unmet != ()
    assert "1 left over" in header.no_verdict


def test_the_versions_are_in_the_header() -> None:
    header = read_back(run(spoken_tool())).header
    assert header.target == "reference 0.1.0"
    assert header.python == platform.python_version()
    assert header.llm_sim


@pytest.mark.parametrize(
    "place", [Place("a.sim.yaml", "spoken_tool"), Place(test="test_a.py::test_it"), Place()]
)
def test_where_it_was_found_is_in_the_header(place: Place) -> None:
    header = read_back(run(spoken_tool(), place=place)).header
    assert (header.file, header.test) == (place.file, place.test)
    assert header.place == place


def as_format_1(trace: Trace, place: str) -> str:
    """Return a trace as llm_sim wrote it in format 1: one place, and nothing of the laws."""
    head, *lines = dumps(trace).splitlines()
    header = json.loads(head)
    for name in ("file", "test", "levels", "disabled", "unmet", "no_verdict", "python", "llm_sim"):
        header.pop(name, None)
    return "\n".join([json.dumps({**header, "format": 1, "place": place}), *lines])


@pytest.mark.parametrize(
    ("place", "file", "test"),
    [
        ("a.sim.yaml::spoken_tool", "a.sim.yaml", ""),
        ("test_a.py::test_it", "", "test_a.py::test_it"),
        ("bots:build", "", "bots:build"),
        ("", "", ""),
    ],
)
def test_a_trace_of_the_first_format_is_read(place: str, file: str, test: str) -> None:
    trace = run(spoken_tool()).trace
    old = loads(as_format_1(trace, place))
    assert (old.header.file, old.header.test) == (file, test)
    assert old.events == trace.events
    assert old.header == replace(trace.header, file=file, test=test, python="", llm_sim="")
    assert recorded_run(old).verdict.word == "clean"


def test_a_trace_of_a_later_format_is_refused_by_name_with_the_remedy() -> None:
    text = dumps(run(spoken_tool()).trace).replace('"format":2', '"format":3', 1)
    with pytest.raises(UsageError) as refused:
        loads(text)
    assert str(refused.value) == (
        "line 1: the trace is of format 3; this llm_sim reads 1 to 2: run the scenario again, or "
        "read it with the llm_sim that wrote it"
    )

"""The reference core and the release that its text comes from say the same about every call.

Both run the same scenario in virtual time. Compared are the frames about calls that the service
hands to each neighbour, in order, for each direction: type, tool-call id, function, arguments,
result and cancel flag.
"""

from __future__ import annotations

from difflib import ndiff
from pathlib import Path

import pytest

from llm_sim.invariants import get_law, judge
from llm_sim.scenario import Scenario
from llm_sim.simulation import Run, run
from llm_sim.trace import DOWN, UP, Trace
from tests.differential.differences import DIFFERENCES, LACKING, Difference
from tests.support.about_calls import TYPES, line, lines_of
from tests.support.pipecat_0073 import (
    PLACE,
    RELEASE,
    CannotInstallError,
    Told,
    drive,
    interpreter,
)
from tests.support.scenarios import ROOT
from tests.support.situations import situations
from tests.support.told import Told as Teller

SCENARIOS = situations()
JUDGED_BY = [get_law(code) for code in ("LS101", "LS104", "LS106", "LS204", "LS302")]
"""The laws that need no more than what the driver tells, LS302 as far as frames go."""


def _not_driven(scenario: Scenario) -> str:
    """Return why the driver cannot run a scenario; empty if it can."""
    if any(injection.after is None for injection in scenario.inject):
        return "a stimulus lands at a frame or step, and two cores do not have the same ones"
    if scenario.latency.keys() - {"llm", "playout"}:
        return "the driver does not delay a bot's handlers"
    return ""


def _not_compared(name: str) -> str:
    if name in LACKING:
        return f"Pipecat {RELEASE} has no {LACKING[name]}"
    return _not_driven(SCENARIOS[name])


compared = pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=pytest.mark.skipif(bool(_not_compared(name)), reason=_not_compared(name)),
        )
        for name in SCENARIOS
    ],
)


@pytest.fixture(scope="module")
def told() -> dict[str, list[Told]]:
    """What Pipecat 0.0.73 said, by the name of the scenario."""
    try:
        return drive({name: one for name, one in SCENARIOS.items() if not _not_driven(one)})
    except CannotInstallError as error:
        pytest.skip(str(error))


@pytest.mark.slow
@compared
def test_both_say_the_same_about_every_call(name: str, told: dict[str, list[Told]]) -> None:
    ours = _lawful(SCENARIOS[name])
    known = DIFFERENCES.get(name, Difference("", ()))
    assert lines_of(ours.trace, DOWN), "the scenario has no call"
    assert _difference(ours.trace, told[name], DOWN) == list(known.down)
    assert _difference(ours.trace, told[name], UP) == list(known.up)


@pytest.mark.slow
@compared
def test_where_they_differ_the_release_breaks_a_law(name: str, told: dict[str, list[Told]]) -> None:
    found = judge(_trace(SCENARIOS[name], told[name]), JUDGED_BY)
    known = DIFFERENCES.get(name, Difference("", ()))
    assert [f"{one.law} {one.message}" for one in found] == list(known.found)


@pytest.mark.slow
def test_pipecat_logs_no_error_where_nothing_differs(told: dict[str, list[Told]]) -> None:
    loud = {name for name, lines in told.items() if _errors(lines)}
    assert "barge_in::handler_raises" in loud
    assert loud <= DIFFERENCES.keys() | LACKING.keys()


@pytest.mark.slow
def test_what_is_not_compared_for_a_lack_of_the_release_fails_for_it(
    told: dict[str, list[Told]],
) -> None:
    lacking = {name: word for name, word in LACKING.items() if name in told}
    failing = {
        name: word
        for name, word in lacking.items()
        if any(word in error for error in _errors(told[name]))
    }
    assert failing == lacking


def test_every_difference_is_of_a_law_that_is_documented() -> None:
    documented = (ROOT / "docs" / "reference-core.md").read_text(encoding="utf-8")
    assert [one.law for one in DIFFERENCES.values() if one.law not in documented] == []


def test_the_same_frames_in_another_order_are_a_difference() -> None:
    assert _differing(["f1", "g1", "g2"], ["g1", "f1", "g2"]) == ["+ g1", "- g1"]


@pytest.mark.slow
def test_an_environment_that_cannot_be_made_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLACE, str(tmp_path / "venv"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(CannotInstallError, match=r"cannot install pipecat-ai\[openai\]==0\.0\.73"):
        interpreter()
    assert list(tmp_path.iterdir()) == []


def _lawful(scenario: Scenario) -> Run:
    ours = run(scenario)
    assert ours.violations == ()
    assert ours.complaint is None
    return ours


def _errors(told: list[Told]) -> list[str]:
    return [one["error"] for one in told if "error" in one]


def _difference(ours: Trace, theirs: list[Told], direction: str) -> list[str]:
    said = [
        line(one["type"], one["calls"], one["fields"])
        for one in theirs
        if one.get("type") in TYPES and one["way"] == direction
    ]
    return _differing(lines_of(ours, direction), said)


def _differing(ours: list[str], theirs: list[str]) -> list[str]:
    return [one for one in ndiff(ours, theirs) if one[0] in "+-"]


def _trace(scenario: Scenario, theirs: list[Told]) -> Trace:
    """Return what the driver told as a trace that laws can read."""
    teller = Teller()
    for name, tool in scenario.tools.items():
        if tool.registered:
            teller.registered(name, cancel=tool.cancel_on_interruption)
    for one in theirs:
        teller.now_ms = one["ms"]
        match one.get("heard"):
            case "asked":
                frame = teller.frame("LLMContext")
                event = teller.event("process", "llm", direction=one["way"], frame=frame)
                teller.asked(cause=event.seq)
            case "interrupted":
                teller.interruption()
            case "rest":
                break
            case None if "type" in one:
                _tell_frame(teller, one)
    teller.rest()
    return teller.trace


def _tell_frame(teller: Teller, one: Told) -> None:
    fields = dict(one["fields"])
    if one["type"] in ("End", "Cancel"):
        teller.processed(one["type"], at="llm")
    elif one["type"] == "FunctionCallsStarted":
        fields["function_calls"] = [
            {"tool_call_id": call, "function_name": name} for call, name in one["calls"]
        ]
    else:
        fields["function_name"] = one["calls"][0][1]
    ids = [call for call, _ in one["calls"]]
    teller.about(one["type"], *ids, ways=(one["way"],), **fields)

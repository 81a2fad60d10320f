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
from tests.differential.differences import DIFFERENCES, Difference
from tests.support.about_calls import line, lines_of
from tests.support.pipecat_0073 import PLACE, CannotInstallError, Told, drive, interpreter
from tests.support.scenarios import ROOT
from tests.support.situations import disturbed, falsy_answer, of_files, undisturbed
from tests.support.told import Told as Teller

SCENARIOS = [*of_files(), *undisturbed(), *disturbed(), falsy_answer()]
JUDGED_BY = [get_law(code) for code in ("LS101", "LS104", "LS106", "LS204")]
"""The laws that need no more than what the driver tells."""


def _not_driven(scenario: Scenario) -> str:
    """Return why the driver cannot run a scenario; empty if it can."""
    if scenario.bot is not None:
        return "its handlers are a bot's, and the driver has stub tools only"
    if any(injection.after is None for injection in scenario.inject):
        return "a stimulus lands at a frame or step, and two cores do not have the same ones"
    if any(injection.do.kind in ("end", "cancel") for injection in scenario.inject):
        return "the driver ends every conversation at rest"
    return ""


def _params() -> list[object]:
    return [
        pytest.param(
            scenario,
            id=scenario.name,
            marks=pytest.mark.skipif(bool(_not_driven(scenario)), reason=_not_driven(scenario)),
        )
        for scenario in SCENARIOS
    ]


@pytest.fixture(scope="module")
def told() -> dict[str, list[Told]]:
    """What Pipecat 0.0.73 said, by the name of the scenario."""
    try:
        return drive(scenario for scenario in SCENARIOS if not _not_driven(scenario))
    except CannotInstallError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("scenario", _params())
def test_both_say_the_same_about_every_call(
    scenario: Scenario, told: dict[str, list[Told]]
) -> None:
    theirs = told[scenario.name]
    ours = _lawful(scenario)
    known = DIFFERENCES.get(scenario.name, Difference("", ()))
    assert lines_of(ours.trace, DOWN), "the scenario has no call"
    assert _difference(ours.trace, theirs, DOWN) == list(known.down)
    assert _difference(ours.trace, theirs, UP) == list(known.up)


@pytest.mark.parametrize("scenario", _params())
def test_where_they_differ_the_release_breaks_a_law(
    scenario: Scenario, told: dict[str, list[Told]]
) -> None:
    found = judge(_trace(scenario, told[scenario.name]), JUDGED_BY)
    known = DIFFERENCES.get(scenario.name, Difference("", ()))
    assert [f"{one.law} {one.message}" for one in found] == list(known.found)


def test_pipecat_logs_no_error_but_that_of_the_handler_that_raises(
    told: dict[str, list[Told]],
) -> None:
    loud = {name for name, lines in told.items() if any("error" in one for one in lines)}
    assert loud == {"handler_raises"}


def test_every_difference_is_of_a_scenario_and_documented() -> None:
    documented = (ROOT / "docs" / "reference-core.md").read_text(encoding="utf-8")
    assert DIFFERENCES.keys() <= {scenario.name for scenario in SCENARIOS}
    assert [one.law for one in DIFFERENCES.values() if one.law not in documented] == []


def test_every_scenario_has_a_name_of_its_own() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert sorted(set(names)) == sorted(names)


def test_the_same_frames_in_another_order_are_a_difference() -> None:
    assert _differing(["f1", "g1", "g2"], ["g1", "f1", "g2"]) == ["+ g1", "- g1"]


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


def _difference(ours: Trace, theirs: list[Told], direction: str) -> list[str]:
    said = [
        line(one["type"], one["calls"], one["fields"])
        for one in theirs
        if "type" in one and one["way"] == direction
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
            case None if "type" in one:
                _tell_frame(teller, one)
    teller.rest()
    return teller.trace


def _tell_frame(teller: Teller, one: Told) -> None:
    fields = dict(one["fields"])
    if one["type"] == "FunctionCallsStarted":
        fields["function_calls"] = [
            {"tool_call_id": call, "function_name": name} for call, name in one["calls"]
        ]
    else:
        fields["function_name"] = one["calls"][0][1]
    ids = [call for call, _ in one["calls"]]
    teller.about(one["type"], *ids, ways=(one["way"],), **fields)

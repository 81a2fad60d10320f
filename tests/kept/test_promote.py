"""A failure becomes a scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_sim.errors import ScenarioError, UsageError
from llm_sim.exploration import sweep
from llm_sim.invariants import LAWS
from llm_sim.kept import Promoted, SavedFailure, promote
from llm_sim.scenario import at, at_step, end, interrupt, load_scenarios
from llm_sim.schedule import decode
from llm_sim.simulation import run
from llm_sim.trace import Event
from tests.support.saved import saved
from tests.support.scenarios import two_tools


def test_the_scenario_fails_before_the_repair_and_passes_after_it() -> None:
    promoted = promote(saved(), "queued_calls")
    before = run(promoted.scenario, target="naive")
    after = run(promoted.scenario, target="reference")
    assert [each.call for each in before.violations if each.law == "LS101"] == ["g1"]
    assert (after.violations, after.complaint) == ((), None)


def test_the_scenario_has_its_own_name_and_says_the_law_in_words() -> None:
    promoted = promote(saved(), "queued_calls")
    law = next(law for law in LAWS if law.code == "LS101")
    assert promoted.scenario == two_tools("sequential").replace(
        name="queued_calls", about=law.sentence, target="naive", inject=[at_step(1, interrupt())]
    )


def test_the_file_says_where_the_scenario_comes_from_and_loads(tmp_path: Path) -> None:
    promoted = promote(saved(), "queued_calls")
    file = tmp_path / "queued_calls.sim.yaml"
    file.write_text(promoted.text, encoding="utf-8")
    assert promoted.text.splitlines()[:3] == [
        "# Broke LS101 on naive 0.1.0: g1 `g` is never settled: last heard of as started",
        "# Found by a.sim.yaml::two_tools with ls1-interrupt@start+1",
        "version: 1",
    ]
    assert load_scenarios(file) == (promoted.scenario,)


def test_a_header_of_several_lines_stays_a_comment(tmp_path: Path) -> None:
    promoted = promote(saved(), "queued_calls")
    odd = saved().model_copy(update={"message": "one\ntwo: [\x07", "place": "a\nb"})
    file = tmp_path / "queued_calls.sim.yaml"
    file.write_text(Promoted(odd, promoted.scenario, promoted.run).text, encoding="utf-8")
    assert load_scenarios(file) == (promoted.scenario,)


def test_a_landing_behind_a_frame_becomes_an_injection_behind_it() -> None:
    one = saved("ls1-interrupt@FunctionCallInProgress.2+1", law="LS111")
    assert promote(one, "x").scenario.inject == (
        at("FunctionCallInProgress", interrupt(), nth=2, offset=1),
    )


def test_the_scenarios_own_injections_stay() -> None:
    scenario = two_tools("sequential").replace(inject=[at_step(40, end())])
    promoted = promote(saved(scenario=scenario), "x")
    assert promoted.scenario.inject == (at_step(40, end()), at_step(1, interrupt()))


def test_what_was_expected_of_the_scenario_as_it_was_scripted_is_left_out() -> None:
    expecting = two_tools("sequential").replace(
        expect=[{"frames": ["FunctionCallResult"]}], marks=["slow"]
    )
    assert promote(saved(scenario=expecting), "x").scenario == promote(saved(), "x").scenario


def told(events: list[Event]) -> list[Event]:
    """Return the events without what tells a landing from an injection."""
    for event in events:
        if event.kind == "stimulus":
            event.data.pop("swept", None)
            event.cause = None
    return events


@pytest.mark.slow
def test_pairs_land_where_they_landed() -> None:
    scenario = two_tools("sequential")
    report = sweep(scenario, inject="interrupt+interrupt", target="naive", most=60)
    tried = [outcome for outcome in report.outcomes if outcome.laws]
    assert len(tried) > 30
    for outcome in tried:
        one = run(scenario, schedule=decode(outcome.token), target="naive")
        promoted = promote(SavedFailure.of(one, one.violations[0]), "x")
        again = run(promoted.scenario, target="naive")
        assert told(again.trace.events) == told(one.trace.events), outcome.token


def test_landings_that_come_in_another_order_land_where_they_landed() -> None:
    token = "ls1-interrupt@start+9,user_starts@start+1,user_stops@then+12"
    one = run(two_tools("sequential"), schedule=decode(token), target="naive")
    promoted = promote(SavedFailure.of(one, one.violations[0]), "x")
    again = run(promoted.scenario, target="naive")
    assert told(again.trace.events) == told(one.trace.events)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"target": "reference"}, "LS101 on g1: every law holds"),
        ({"call": "f1"}, "LS101 on f1: LS101 holds on f1, but LS101 g1 `g` is never settled: "),
        (
            {"schedule": decode("ls1-end@LLMText.9+1")},
            "LS101 on g1: the schedule did not land: end 1 step after LLMText no. 9 never came; ",
        ),
    ],
)
def test_a_failure_that_is_not_one_is_refused(change: dict[str, object], why: str) -> None:
    with pytest.raises(UsageError) as raised:
        promote(saved().model_copy(update=change), "x")
    assert str(raised.value).startswith(f"the failure does not break {why}")
    assert str(raised.value).endswith(
        "; a regression test must fail before the repair, so nothing is written"
    )


def test_a_name_that_no_scenario_can_have_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"name must be letters, digits, _ and -, not '\.\./x'"):
        promote(saved(), "../x")


def test_a_landing_behind_another_before_any_frame_becomes_a_step() -> None:
    one = saved("ls1-interrupt@start+0,interrupt@then+0")
    promoted = promote(one, "x")
    assert promoted.scenario.inject == (at_step(0, interrupt()), at_step(2, interrupt()))

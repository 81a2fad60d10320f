"""A failure as plain data."""

from __future__ import annotations

import re

import pytest

from llm_sim.errors import ScenarioError
from llm_sim.invariants import Violation
from llm_sim.kept import SavedFailure
from llm_sim.schedule import decode
from llm_sim.simulation import run
from llm_sim.targets import load_bot
from tests.support.saved import PLACE, TOKEN, saved
from tests.support.scenarios import two_tools


def test_a_failure_has_all_that_it_takes_to_see_it_again() -> None:
    one = saved()
    assert (one.law, one.call, one.tool, one.token) == ("LS101", "g1", "g", TOKEN)
    assert one.message == "g1 `g` is never settled: last heard of as started"
    assert one.laws == ("LS101", "LS103", "LS106", "LS107", "LS111")
    assert (one.target, one.version, one.place) == ("naive", "naive 0.1.0", PLACE)
    again = run(one.scenario, schedule=one.schedule, target=one.target)
    same = [each for each in again.violations if one.is_of(each)]
    assert [(each.law, each.call, each.message) for each in same] == [("LS101", "g1", one.message)]


def test_another_law_or_another_call_is_another_failure() -> None:
    one = saved()
    assert not one.is_of(Violation("LS103", one.message, "g1"))
    assert not one.is_of(Violation("LS101", one.message, "f1"))


def test_the_name_says_law_and_function_and_is_the_same_always() -> None:
    assert (saved().name, saved(law="LS111").name) == ("LS101-g-d974d2", "LS111-75db80")


def test_another_schedule_scenario_call_target_or_place_has_another_name() -> None:
    one = saved()
    others = [
        one,
        one.model_copy(update={"schedule": decode("ls1-end@start+1")}),
        one.model_copy(update={"scenario": two_tools()}),
        one.model_copy(update={"call": "f1"}),
        one.model_copy(update={"target": "pipecat"}),
        one.model_copy(update={"place": "another test"}),
    ]
    assert len({other.name for other in others}) == len(others)


def test_a_function_with_an_odd_name_makes_a_name_for_a_file() -> None:
    plain = saved().to_plain()
    plain["scenario"]["script"][0][1]["call"] = "../g h"
    plain["scenario"]["tools"]["../g h"] = {}
    assert re.fullmatch(r"LS101-___g_h-[0-9a-f]{6}", SavedFailure.from_plain(plain).name)


def test_a_failure_comes_back_from_its_plain_form() -> None:
    assert SavedFailure.from_plain(saved().to_plain()) == saved()


def test_a_bot_that_was_given_takes_the_place_of_the_scenarios_own() -> None:
    bot = load_bot("tests.quality.bots:catches_all")
    one = run(two_tools("sequential"), bot=bot, schedule=decode(TOKEN), target="naive")
    given = SavedFailure.of(one, one.violations[0])
    assert given.scenario == two_tools("sequential").replace(bot="tests.quality.bots:catches_all")


def test_what_no_file_can_hold_is_escaped() -> None:
    one = run(two_tools("sequential"), schedule=decode(TOKEN), target="naive")
    odd = SavedFailure.of(one, Violation("LS101", "answered\n  '\ud800\x07'"))
    assert odd.message == r"answered '\ud800\x07'"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"schedule": "ls9-x"},
            "schedule cannot be read: version ls9 is not known here; this llm_sim reads ls1",
        ),
        ({"schedule": 3}, "schedule must be a token like ls1-interrupt@start+1, not 3"),
        ({"laws": "LS101"}, "laws must be a list, not 'LS101'"),
        ({"lwa": "LS101"}, "unknown key 'lwa' (did you mean 'law'?)"),
        ({"scenario": {}}, "scenario: missing key 'script': add `script: [[{say: \"Hello.\"}]]`"),
    ],
)
def test_a_wrong_plain_form_is_answered_with_what_is_wrong(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(ScenarioError) as raised:
        SavedFailure.from_plain({**saved().to_plain(), **change})
    assert str(raised.value) == message

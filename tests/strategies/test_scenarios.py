"""Drawn conversations are plain data, and shrink to what is needed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from llm_sim.errors import UsageError
from llm_sim.scenario import Scenario, Tool, call, dump_scenarios, load_scenarios, say, turn
from llm_sim.schedule import decode, encode
from llm_sim.strategies import Case, cases, scenarios, scripts, variations
from tests.strategies.support import PATIENT, calls, plain, simplest


@settings(max_examples=200, **PATIENT)
@given(cases())
def test_what_is_drawn_is_what_a_file_says(tmp_path_factory: Any, case: Case) -> None:
    scenario, schedule = case
    path = tmp_path_factory.getbasetemp() / "drawn.sim.yaml"
    path.write_text(dump_scenarios([scenario]), encoding="utf-8")
    assert load_scenarios(str(path)) == (scenario,)
    assert decode(encode(schedule)) == schedule


def test_the_simplest_conversation_says_nothing_but_its_last_word() -> None:
    assert plain(simplest(scenarios())) == {
        "name": "unnamed",
        "open_ended": True,
        "script": [[], [{"say": "Done."}]],
    }


def test_a_conversation_shrinks_to_fewer_calls_and_plain_behaviours() -> None:
    two = simplest(scenarios(), lambda drawn: len(calls(drawn)) == 2)
    assert plain(two) == {
        "name": "unnamed",
        "open_ended": True,
        "script": [[{"call": "f", "as": "f_1"}, {"call": "f", "as": "f_2"}], [{"say": "Done."}]],
        "tools": {"f": {}},
    }


def test_only_the_behaviour_that_matters_is_left() -> None:
    swallows = simplest(
        scenarios(), lambda drawn: any(tool.does == "swallow" for tool in drawn.tools.values())
    )
    assert plain(swallows)["tools"] == {"f": {"does": "swallow"}}
    assert set(plain(swallows)) == {"name", "open_ended", "script", "tools"}


def test_a_bots_own_handlers_are_simpler_than_what_stands_in_for_them() -> None:
    drawn = simplest(scenarios(["book"], bot="bots:build"), lambda drawn: bool(calls(drawn)))
    assert (drawn.bot, drawn.tools, drawn.latency) == ("bots:build", {}, {})


def test_a_stand_in_keeps_what_the_registration_says() -> None:
    strategy = scenarios(["book"], bot="bots:build", cancellable={"book": False})
    drawn = simplest(strategy, lambda drawn: "book" in drawn.tools)
    assert drawn.tools == {"book": Tool(cancel_on_interruption=False)}


@settings(max_examples=200, **PATIENT)
@given(scenarios(["book", "search"], bot="bots:build", stand_ins=False))
def test_without_stand_ins_only_the_bots_handlers_run(drawn: Scenario) -> None:
    assert drawn.tools == {}


@settings(max_examples=200, **PATIENT)
@given(scenarios())
def test_a_tool_that_hangs_has_a_timeout(drawn: Scenario) -> None:
    hanging = [tool for tool in drawn.tools.values() if tool.does == "hang"]
    assert all(tool.timeout is not None for tool in hanging)


BASE = Scenario(
    name="base",
    mode="sequential",
    script=[turn(say("One moment."), call("f", as_="f1")), turn(say("Done."))],
    tools={"f": Tool(latency="70ms", cancel_on_interruption=False)},
    latency={"playout": "10ms"},
)


@settings(max_examples=100, **PATIENT)
@given(variations(BASE))
def test_a_variation_keeps_the_script_the_mode_and_the_registrations(drawn: Scenario) -> None:
    assert (drawn.script, drawn.mode, drawn.name) == (BASE.script, "sequential", "base")
    assert not drawn.tools["f"].cancel_on_interruption


def test_the_simplest_variation_is_the_scenario_itself_with_an_open_end() -> None:
    assert simplest(variations(BASE)) == BASE.replace(open_ended=True)


def test_of_a_variation_nothing_is_expected() -> None:
    expecting = BASE.replace(expect=[{"frames": ["LLMText"]}])
    assert simplest(variations(expecting)) == BASE.replace(open_ended=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: scripts([]), "tools is empty: name at least one tool that the model may call"),
        (lambda: scripts(["f"], max_turns=0), "max_turns must be at least 1, not 0"),
        (lambda: scripts(["f"], max_steps=-1), "max_steps must be at least 1, not -1"),
    ],
)
def test_a_wrong_argument_is_refused(wrong: Any, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        wrong()
    assert str(raised.value) == message

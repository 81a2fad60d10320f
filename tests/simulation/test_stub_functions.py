"""Handlers that a test replaces by functions, by name."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from llm_sim import Bot, call, run, say, sweep, turn
from llm_sim.errors import BotError, UsageError
from llm_sim.scenario import Scenario, Tool
from tests.support.pipecat import needs_pipecat

TARGETS = ["reference", pytest.param("pipecat", marks=needs_pipecat)]
BOOK = (
    turn(say("One moment."), call("book", {"slot": "10:00", "guests": 2}, as_="c1")),
    turn(say("Done.")),
)
SCENARIO = Scenario(bot="tests.simulation.test_stub_functions:build", script=BOOK)


async def _really(params: Any) -> None:
    await params.result_callback({"booked": "really"})


def build(llm: Any) -> None:
    llm.register_function("book", _really, cancel_on_interruption=False)


async def _slowly(slot: str) -> dict[str, str]:
    await asyncio.sleep(2)
    return {"booked": slot}


def result_of(bot: Bot, target: str = "reference") -> Any:
    one = run(SCENARIO, bot=bot, target=target)
    assert one.violations == ()
    return one.call("c1").result


@pytest.mark.parametrize("target", TARGETS)
def test_a_function_answers_in_the_place_of_a_handler(target: str) -> None:
    assert result_of(Bot(build), target) == {"booked": "really"}
    assert result_of(Bot(build, stubs={"book": lambda slot: {"booked": slot}}), target) == {
        "booked": "10:00"
    }
    assert result_of(Bot(build, stubs={"book": _slowly}), target) == {"booked": "10:00"}


def test_the_registration_stays_that_of_the_bot() -> None:
    report = sweep(SCENARIO, bot=Bot(build, stubs={"book": _slowly}), inject="interrupt")
    assert report.clean, report
    assert not any("cancelled" in life.phases for life in report.undisturbed.calls.values())


def test_a_function_stands_for_a_tool_that_a_catch_all_handles() -> None:
    bot = Bot(lambda llm: llm.register_function(None, _really), stubs={"book": lambda: "stub"})
    assert result_of(bot) == "stub"


def test_a_tool_of_the_scenario_takes_the_place_of_the_bots_stub() -> None:
    scenario = SCENARIO.replace(tools={"book": Tool(result="of the scenario")})
    one = run(scenario, bot=Bot(build, stubs={"book": lambda: "of the bot"}))
    assert one.call("c1").result == "of the scenario"


def test_a_stub_is_not_blamed_for_what_handlers_owe() -> None:
    bot = Bot(build, stubs={"book": lambda: {1, 2}})
    assert [each.law for each in run(SCENARIO, bot=bot).warnings if each.law == "LS401"] == []


@pytest.mark.parametrize(
    ("stubs", "mistake"),
    [
        ({"bok": lambda: 1}, "names 'bok' in stubs, but registers no tool of this name (did you"),
        ({"book": lambda slto: 1}, "the stub of 'book' wants 'slto' (did you mean 'slot'?)"),
    ],
)
def test_a_wrong_stub_is_an_error_of_the_test(stubs: Any, mistake: str) -> None:
    with pytest.raises((BotError, UsageError)) as caught:
        run(SCENARIO, bot=Bot(build, stubs=stubs))
    assert mistake in str(caught.value)


def test_the_fixture_takes_functions_by_name(llm_sim: Any) -> None:
    bot = Bot(build, stubs={"book": lambda: "of the bot"})
    assert llm_sim.run(*BOOK, bot=bot).call("c1").result == "of the bot"
    stubs = {"book": lambda guests: guests}
    assert llm_sim.run(*BOOK, bot=bot, stubs=stubs).call("c1").result == 2
    assert llm_sim.run(SCENARIO, stubs=stubs).call("c1").result == 2


def test_a_bot_with_stubs_can_be_compared_and_hashed() -> None:
    bot = Bot(build, stubs={"book": _slowly})
    assert len({bot, replace(bot)}) == 1
    assert bot != Bot(build)

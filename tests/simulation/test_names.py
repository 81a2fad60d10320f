"""Tools that a scenario names and that the bot does not have."""

from __future__ import annotations

from typing import Any

import pytest

from llm_sim.scenario import Scenario, Stimulus, Tool, at, call, say, turn
from llm_sim.simulation import run
from llm_sim.targets import Bot
from tests.support.pipecat import needs_pipecat


async def _answer(params: Any) -> None:
    await params.result_callback("ok")


def _shop(llm: Any) -> None:
    llm.register_function("refund", _answer)


def _any(llm: Any) -> None:
    llm.register_function(None, _answer)


def _complaint(*script: Any, build: Any = _shop, target: str = "reference", **how: Any) -> str:
    scenario = Scenario(bot="tests:shop", script=[*script, turn(say("Done."))], **how)
    return str(run(scenario, bot=Bot(build), target=target).complaint or "")


CALLS_REFND = turn(call("refnd", as_="c1"))
CALLS_REFUND = turn(call("refund", as_="c1"))


@pytest.mark.parametrize("target", ["reference", pytest.param("pipecat", marks=needs_pipecat)])
def test_a_call_of_a_tool_that_the_bot_does_not_have_gives_no_verdict(target: str) -> None:
    assert _complaint(CALLS_REFND, target=target) == (
        "the script calls 'refnd', for which the bot registers no handler (did you mean "
        "'refund'?); it has refund. To call a tool without one, say so: "
        "`tools: {refnd: {registered: false}}`"
    )


def test_a_call_without_a_handler_may_be_meant() -> None:
    assert _complaint(CALLS_REFND, tools={"refnd": Tool(registered=False)}) == ""


def test_a_catch_all_has_every_tool() -> None:
    assert _complaint(CALLS_REFND, build=_any) == ""


def test_a_tool_may_be_registered_by_the_handler_of_another() -> None:
    async def log_in(params: Any) -> None:
        params.llm.register_function("pay", _answer)
        await params.result_callback("welcome")

    def bank(llm: Any) -> None:
        llm.register_function("log_in", log_in)

    assert _complaint(turn(call("log_in")), turn(call("pay")), build=bank) == ""


def test_a_stub_that_nobody_calls_and_whose_name_is_nearly_a_tool_of_the_bot_is_told() -> None:
    assert _complaint(CALLS_REFUND, tools={"refnd": Tool(raises="the bank is down")}) == (
        "nobody calls the stub 'refnd', and the bot has no tool of this name "
        "(did you mean 'refund'?)"
    )


@pytest.mark.parametrize("name", ["look_up", "refund"])
def test_a_stub_that_nobody_calls_may_be_there_for_other_scenarios(name: str) -> None:
    assert _complaint(tools={name: Tool()}) == ""


@pytest.mark.parametrize("do", ["register", "unregister"])
def test_a_tool_that_is_not_there_is_not_taken_away(do: Any) -> None:
    injection = at("LLMFullResponseStart", Stimulus(kind=do, text="refnd"))
    assert _complaint(CALLS_REFUND, inject=[injection]) == (
        f"there is no tool 'refnd' to {do} (did you mean 'refund'?); the bot has refund"
    )

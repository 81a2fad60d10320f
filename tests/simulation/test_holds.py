"""Races written by hand: a handler held at an await, and let go at a frame."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from llm_sim import Bot, F, Run, after, at, call, hold, interrupt, run, say, turn
from llm_sim.errors import ScenarioError
from llm_sim.scenario import Hold, Injection, Scenario
from llm_sim.simulation import Setup, check_determinism
from tests.support.pipecat import needs_pipecat

TARGETS = ["reference", pytest.param("pipecat", marks=needs_pipecat)]
GATE = hold("slow")


async def _slow(params: Any) -> None:
    await asyncio.sleep(0.1)
    await params.result_callback({"done": True})


def build(llm: Any) -> None:
    llm.register_function("slow", _slow)
    llm.register_function("stubborn", _slow, cancel_on_interruption=False)


def held(*inject: Injection, gate: Hold = GATE, target: str = "reference") -> Run:
    """Return a run in which a call is held."""
    scenario = Scenario(
        bot="tests.simulation.test_holds:build",
        script=[turn(call(gate.tool, as_="c1")), turn(say("Done."))],
        hold={gate.tool: gate.before_await},
        inject=inject,
        open_ended=True,
    )
    return check_determinism(Setup.of(scenario, target=target))


@pytest.mark.parametrize("target", TARGETS)
def test_a_held_call_goes_on_when_its_gate_opens(target: str) -> None:
    one = held(after("2s", GATE.release()), target=target)
    assert (one.violations, one.complaint) == ((), None)
    assert [(e.time_ns, e.data["phase"]) for e in one.call("c1").handler] == [
        (0, "started"),
        (2_000_000_000, "returned"),
    ]


@pytest.mark.parametrize("target", TARGETS)
def test_an_interruption_meets_the_call_where_it_stands(target: str) -> None:
    one = held(
        at(F.FunctionCallInProgress, interrupt()),
        at(F.Interruption, GATE.release()),
        target=target,
    )
    assert (one.call("c1").is_cancelled, one.violations, one.complaint) == (True, (), None)


def test_a_call_that_survives_the_interruption_goes_on_behind_it() -> None:
    gate = hold("stubborn")
    one = held(
        at(F.FunctionCallInProgress, interrupt()), at(F.Interruption, gate.release()), gate=gate
    )
    assert (one.call("c1").phases, one.violations) == (["started", "in_progress", "result"], ())


def test_a_gate_that_nothing_opens_gives_no_verdict() -> None:
    one = held()
    assert one.violations == ()
    assert str(one.complaint) == (
        "`slow` stands at a gate that nothing opened: release it, as with "
        "`inject: [{at: Interruption, do: {release: slow}}]`"
    )


def test_a_gate_that_no_call_comes_to_gives_no_verdict() -> None:
    one = held(gate=hold("slow", before_await=9))
    assert str(one.complaint) == (
        "`slow` never came to the await before which it is held: its handler has fewer, or was "
        "never called"
    )


def test_stubs_can_be_held_too_and_the_file_says_so() -> None:
    scenario = Scenario.from_plain(
        {
            "name": "held",
            "script": [[{"call": "slow"}], [{"say": "Done."}]],
            "tools": {"slow": {"latency": "50ms"}},
            "hold": {"slow": 1},
            "inject": [{"after": "1s", "do": {"release": "slow"}}],
        }
    )
    assert Scenario.from_plain(scenario.to_plain()) == scenario
    assert run(scenario).call("slow_1").handler[-1].time_ns == 1_000_000_000


@pytest.mark.parametrize(
    ("arguments", "mistake"),
    [
        ({"hold": {"slwo": 1}}, "hold: unknown tool 'slwo' (did you mean 'slow'?)"),
        ({"hold": {"slow": 0}}, "hold.slow must be 1 or more, not 0"),
        (
            {"inject": [at("LLMText", GATE.release())]},
            "inject[0].do.release: 'slow' is not held: add `hold: {slow: 1}`",
        ),
        ({"inject": [{"at": "End", "do": {"release": ""}}]}, "release must not be empty"),
    ],
)
def test_a_wrong_hold_is_refused(arguments: dict[str, Any], mistake: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario(bot="bots:build", script=[turn(call("slow"))], **arguments)
    assert mistake in str(caught.value)


@pytest.mark.parametrize("before_await", [0, True, "1"])
def test_a_wrong_await_is_refused(before_await: Any) -> None:
    with pytest.raises(ScenarioError, match="before_await must be 1 or more, not"):
        hold("slow", before_await=before_await)


def test_the_fixture_takes_a_hold_as_a_part(llm_sim: Any) -> None:
    one = llm_sim.run(
        turn(call("slow", as_="c1")),
        turn(say("Done.")),
        GATE,
        after("1s", GATE.release()),
        bot=Bot(build),
    )
    assert one.call("c1").handler[-1].time_ns == 1_000_000_000

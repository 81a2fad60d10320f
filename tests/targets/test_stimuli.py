"""What each stimulus brings into a live pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from llm_sim.scenario import (
    Scenario,
    Stimulus,
    Tool,
    after,
    call,
    error,
    register,
    say,
    turn,
    unregister,
    user_starts,
    user_stops,
    wait,
)
from llm_sim.simulation import Run, run
from llm_sim.targets import Bot
from tests.support.pipecat import needs_pipecat

INJECTED = ("UserStartedSpeaking", "UserStoppedSpeaking", "Error")
TARGETS = ["reference", pytest.param("pipecat", marks=needs_pipecat)]


def converse(target: str, *stimuli: Stimulus) -> Run:
    scenario = Scenario(
        script=[turn(call("f", as_="f1")), turn(say("Done.")), turn()],
        tools={"f": Tool(latency="200ms")},
        inject=[after(f"{50 * i}ms", stimulus) for i, stimulus in enumerate(stimuli, 1)],
    )
    return run(scenario, target=target)


def seen_at(one: Run, where: str) -> list[str]:
    """Return the frames that came to a processor because of the stimuli, by name."""
    return [
        one.trace.type_of(event)
        for event in one.trace.until_rest().of("process")
        if event.where == where and one.trace.type_of(event) in INJECTED
    ]


@pytest.mark.parametrize("target", TARGETS)
def test_the_user_starts_and_stops_speaking_through_the_whole_pipeline(target: str) -> None:
    one = converse(target, user_starts(), user_stops())
    assert seen_at(one, "sink") == ["UserStartedSpeaking", "UserStoppedSpeaking"]


@pytest.mark.parametrize("target", TARGETS)
def test_an_error_goes_upstream_and_breaks_no_law(target: str) -> None:
    one = converse(target, error())
    assert (seen_at(one, "source"), one.laws) == (["Error"], ())


@pytest.mark.parametrize("target", TARGETS)
def test_a_tool_is_taken_away_and_registered_as_it_was(target: str) -> None:
    one = converse(target, unregister("f"), register("f"), register("nobody"), unregister("nobody"))
    said = [event.data["cancel_on_interruption"] for event in one.trace.of("register")]
    assert (said, one.laws) == ([True, None, True], ())


@pytest.mark.parametrize("target", TARGETS)
def test_a_stub_of_the_scenario_still_stands_for_a_tool_that_is_registered_anew(
    target: str,
) -> None:
    async def real(params: Any) -> None:
        await params.result_callback("real")

    scenario = Scenario(
        script=[turn(wait("50ms"), call("f", as_="f1")), turn(say("Done."))],
        tools={"f": Tool(result="stubbed")},
        inject=[after("10ms", unregister("f")), after("20ms", register("f"))],
    )
    one = run(scenario, bot=Bot(lambda llm: llm.register_function("f", real)), target=target)
    assert one.call("f1").result == "stubbed"


@needs_pipecat
def test_a_run_may_wait_while_the_user_speaks_but_not_for_ever() -> None:
    speaks_at_the_end = converse("pipecat", user_starts())
    has_spoken = converse("pipecat", user_starts(), Stimulus(kind="user_starts"), user_stops())
    late = Scenario(
        script=[turn(call("f", as_="f1")), turn(say("Done."))],
        tools={"f": Tool(latency="100ms")},
        inject=[after("50ms", user_starts()), after("300ms", user_stops())],
    )
    assert speaks_at_the_end.laws == ()
    assert has_spoken.laws == ()
    assert run(late, target="pipecat").laws == ("LS204",)

"""A provider that fails in the middle of a response."""

from __future__ import annotations

import pytest

from llm_sim import Down, F, Run, Up, call, fail, run, say, sweep, turn, user_says
from llm_sim.errors import ScenarioError
from llm_sim.scenario import Scenario, Tool, after
from tests.support.pipecat import needs_pipecat

TARGETS = ["reference", pytest.param("pipecat", marks=needs_pipecat)]
STUMBLE = Scenario(
    script=[
        turn(say("Let me"), call("lookup", as_="c1"), fail("rate limit")),
        turn(call("lookup", as_="c2")),
        turn(say("It has shipped.")),
    ],
    tools={"lookup": Tool()},
    inject=[after("1s", user_says("Are you there?"))],
)


@pytest.fixture(scope="module", params=TARGETS)
def stumble(request: pytest.FixtureRequest) -> Run:
    return run(STUMBLE, target=request.param)


def test_the_service_reports_the_error_and_goes_on(stumble: Run) -> None:
    assert (stumble.violations, stumble.complaint) == ((), None)
    stumble.frames[Up].in_order(F.Error(error="rate limit"), F.FunctionCallsStarted)
    stumble.frames[Down].of(F.LLMFullResponseStart, F.LLMFullResponseEnd, F.LLMText).in_order(
        F.LLMFullResponseStart,
        F.LLMText(text="Let me"),
        F.LLMFullResponseEnd,
        F.LLMFullResponseStart,
    )


def test_what_the_failed_response_calls_is_not_dispatched(stumble: Run) -> None:
    assert list(stumble.calls) == ["c2"]


def test_a_failing_provider_can_be_interrupted_at_every_point() -> None:
    report = sweep(STUMBLE, inject="interrupt")
    assert report.clean, report


def test_the_file_says_it_alike() -> None:
    plain = STUMBLE.to_plain()
    assert plain["script"][0][-1] == {"fail": "rate limit"}
    assert Scenario.from_plain(plain) == STUMBLE


def test_nothing_comes_behind_a_failure() -> None:
    with pytest.raises(ScenarioError) as caught:
        turn(fail("rate limit"), say("never said"))
    assert str(caught.value) == (
        "steps[1]: no step can follow a fail, which ends the response: move it before, or remove it"
    )

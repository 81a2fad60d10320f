"""A frame that must not come, and whose name is a slip of the pen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from llm_sim.errors import ExpectationError
from llm_sim.frames import DataFrame
from llm_sim.scenario import F, Scenario, say, turn
from llm_sim.simulation import run
from llm_sim.trace import DOWN

SCENARIO = Scenario(script=[turn(say("Hello."))])


@dataclass
class LLMTextsFrame(DataFrame):
    """One of an application's own, which nobody sends."""


@pytest.mark.parametrize(
    ("absent", "meant"),
    [
        (
            {"pattern": F.FunctionCallReslt},
            "'FunctionCallReslt' (did you mean 'FunctionCallResult'?)",
        ),
        ({"pattern": "LLMTextt"}, "'LLMTextt' (did you mean 'LLMText'?)"),
        (
            {"pattern": F.FunctionCallResult, "until": F.Interuption},
            "'Interuption' (did you mean 'Interruption'?)",
        ),
    ],
)
def test_what_must_not_come_is_not_misspelt(absent: dict[str, Any], meant: str) -> None:
    frames = run(SCENARIO).frames[DOWN]
    with pytest.raises(ExpectationError) as refused:
        frames.never(**absent)
    assert refused.value.miss == f"nothing to look at: there is no frame {meant}"


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(F.LLMTexts, id="a frame of the application"),
        pytest.param(type("LLMTexttFrame", (), {}), id="a class, whatever its name"),
        pytest.param(F.TTSAudioRaw, id="one that only Pipecat has"),
        pytest.param(F.VADUserStartedSpeaking, id="one with another name in it"),
        pytest.param(F.FunctionCallCancel, id="one of ours"),
    ],
)
def test_a_frame_that_nobody_sends_may_be_named(pattern: Any) -> None:
    run(SCENARIO).frames[DOWN].never(pattern)


def test_a_scenario_is_told_as_well() -> None:
    scenario = SCENARIO.replace(expect=[{"absent": {"frame": "FunctionCalResult"}}])
    [unmet] = run(scenario).unmet
    assert unmet.path == ("expect", 0, "absent")
    assert unmet.message == (
        "nothing to look at: there is no frame 'FunctionCalResult' "
        "(did you mean 'FunctionCallResult'?)"
    )

"""LS502: taps add no step and change no order, on every target."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from llm_sim.errors import UsageError
from llm_sim.scenario import Scenario, load_scenarios
from llm_sim.schedule import Landing, Schedule
from llm_sim.simulation import Setup, check_recording
from llm_sim.simulation import _stage as stage_module
from tests.support.pipecat import needs_pipecat
from tests.support.scenarios import BARGE_IN, spoken_tool

_TARGETS = ["reference", "naive", pytest.param("pipecat", marks=needs_pipecat)]


@pytest.mark.parametrize("scenario", load_scenarios(str(BARGE_IN)), ids=lambda s: s.name)
@pytest.mark.parametrize("target", _TARGETS)
def test_a_recorded_run_has_the_steps_of_a_bare_one(scenario: Scenario, target: str) -> None:
    assert check_recording(Setup.of(scenario, target=target)) == ()


def test_a_tap_with_a_step_of_its_own_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def heavy_tap(recorder: Any, processor: Any, label: str, **_: Any) -> None:
        original = processor.queue_frame

        async def queue_frame(*args: Any, **kwargs: Any) -> None:
            await asyncio.sleep(0)
            await original(*args, **kwargs)

        processor.queue_frame = queue_frame

    monkeypatch.setattr(stage_module, "tap", heavy_tap)
    (violation,) = check_recording(Setup.of(spoken_tool()))
    assert violation.law == "LS502"
    assert violation.message.startswith("recording disturbs: step ")


def test_what_is_counted_from_a_frame_cannot_be_compared_without_taps() -> None:
    schedule = Schedule((Landing("interrupt", "FunctionCallsStarted", 1, 0),))
    with pytest.raises(UsageError, match="without taps no frame is seen; count it from the start"):
        check_recording(Setup.of(spoken_tool()), schedule)


def test_a_stimulus_that_is_counted_from_the_start_can_be_compared() -> None:
    schedule = Schedule((Landing("interrupt", "start", 1, 9),))
    assert check_recording(Setup.of(spoken_tool()), schedule) == ()

"""Which frames a pattern means."""

from __future__ import annotations

from typing import Any

import pytest

from llm_sim import F, at, interrupt
from llm_sim.errors import ScenarioError
from llm_sim.scenario import FramePattern

RESULT: dict[str, Any] = {
    "tool_call_id": "c1",
    "result": {"status": "shipped", "parcels": [{"id": 1}, {"id": 2}], "late": False},
}


class Anything:
    """Equal to whatever it is compared with."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "Anything()"


def test_a_name_is_the_same_pattern_with_and_without_its_suffix() -> None:
    assert F.LLMTextFrame == F.LLMText == FramePattern("LLMText")


@pytest.mark.parametrize(
    "pattern",
    [
        F.FunctionCallResult,
        F.FunctionCallResult(tool_call_id="c1"),
        F.FunctionCallResult(result={"status": "shipped"}),
        F.FunctionCallResult(result={"parcels": [{}, {"id": 2}]}),
        F.FunctionCallResult(result={"parcels": ({}, {"id": 2})}),
        F.FunctionCallResult(result={"parcels": Anything()}),
        F.FunctionCallResult(tool_call_id="c1")(result={"late": False}),
    ],
    ids=repr,
)
def test_a_part_of_the_payload_is_enough(pattern: FramePattern) -> None:
    assert pattern.differences("FunctionCallResult", RESULT) == []


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (F.LLMText, ["it is FunctionCallResult"]),
        (F.FunctionCallResult(tool_call_id="c2"), ["tool_call_id is 'c1', not 'c2'"]),
        (
            F.FunctionCallResult(result={"state": "shipped"}),
            ["result has no state, but status, parcels, late"],
        ),
        (F.FunctionCallResult(result={"late": 0}), ["result.late is False, not 0"]),
        (F.FunctionCallResult(result={"late": 0.0}), ["result.late is False, not 0.0"]),
        (
            F.FunctionCallResult(result={"parcels": [{"id": 3}, {"id": 2}]}),
            ["result.parcels[0].id is 1, not 3"],
        ),
        (
            F.FunctionCallResult(result={"parcels": []}),
            ["result.parcels is [{'id': 1}, {'id': 2}], not []"],
        ),
        (
            F.FunctionCallResult(tool_call_id="c2", result="late"),
            ["tool_call_id is 'c1', not 'c2'", f"result is {RESULT['result']!r}, not 'late'"],
        ),
    ],
    ids=repr,
)
def test_each_difference_is_told(pattern: FramePattern, why: list[str]) -> None:
    assert pattern.differences("FunctionCallResult", RESULT) == why


def test_a_pattern_reads_like_the_call_that_makes_it() -> None:
    assert repr(F.LLMText(text="Hm.")) == "LLMText(text='Hm.')"


def test_patterns_are_equal_by_type_and_payload_and_can_be_keys() -> None:
    assert {F.LLMText(text="a"): 1} == {F.LLMText(text="a"): 1}
    assert F.LLMText(text="a") != F.LLMText(text="b")


def test_a_private_name_is_no_frame() -> None:
    with pytest.raises(AttributeError):
        F.__wrapped__  # noqa: B018


def test_a_stimulus_lands_at_a_frame_by_its_pattern() -> None:
    assert at(F.LLMText, interrupt(), nth=2) == at("LLMTextFrame", interrupt(), nth=2)


def test_a_stimulus_cannot_wait_for_a_payload() -> None:
    with pytest.raises(ScenarioError) as caught:
        at(F.LLMText(text="Hm."), interrupt())
    assert str(caught.value) == (
        "frame must be a type alone, such as F.LLMText: write nth= for a later one, not "
        "\"LLMText(text='Hm.')\""
    )

"""A conversation that is written by rules."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from llm_sim.errors import InvariantViolation, UsageError
from llm_sim.simulation import Run
from llm_sim.targets import Bot
from llm_sim.testing import state_machine
from tests.quality.bots import catches_all
from tests.strategies.support import PATIENT

FEW = settings(max_examples=60, stateful_step_count=8, **PATIENT)
MANY = settings(max_examples=1_500, stateful_step_count=8, **PATIENT)


def test_the_reference_core_keeps_every_law_under_every_rule() -> None:
    run_state_machine_as_test(state_machine(), settings=FEW)


@pytest.mark.slow
def test_a_planted_race_is_found_and_told_with_its_steps() -> None:
    with pytest.raises(InvariantViolation) as raised:
        run_state_machine_as_test(
            state_machine(target="naive", inject=["interrupt"]), settings=MANY
        )
    assert set(raised.value.laws) & {"LS106", "LS107", "LS111"}
    assert "state.calls_run(mode='sequential')" in "\n".join(raised.value.__notes__)


@pytest.mark.slow
def test_a_subclass_adds_laws_of_its_own() -> None:
    class NeverTwice(state_machine(bot=Bot(catches_all))):  # type: ignore[misc]
        def judge(self, run: Run) -> None:
            super().judge(run)
            assert len(run.calls) < 2

    with pytest.raises(AssertionError) as raised:
        run_state_machine_as_test(NeverTwice, settings=MANY)
    told = [line for line in "\n".join(raised.value.__notes__).splitlines() if "calls(" in line]
    assert len(told) == 2


def test_a_machine_without_a_tool_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^tools is empty: name at least one tool"):
        state_machine(tools=[])

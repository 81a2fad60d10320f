"""What the tests of strategies share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, find, settings
from hypothesis.strategies import SearchStrategy

from llm_sim.scenario import Call, Scenario

T = TypeVar("T")

PATIENT: dict[str, Any] = {
    "database": None,
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "derandomize": True,
}


def simplest(
    strategy: SearchStrategy[T],
    holds: Callable[[T], bool] = lambda drawn: True,
    examples: int = 5_000,
) -> T:
    """Return what a strategy shrinks to among what has a property."""
    return find(strategy, holds, settings=settings(max_examples=examples, **PATIENT))


def calls(scenario: Scenario) -> list[Call]:
    """Return the calls of a script."""
    return [step for turn in scenario.script for step in turn.steps if isinstance(step, Call)]


def plain(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as its file says it."""
    plain: dict[str, Any] = scenario.to_plain()
    return plain

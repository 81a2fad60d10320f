"""Judging a told trace by one law."""

from __future__ import annotations

from llm_sim.invariants import get_law, judge
from tests.support.told import Told


def broken(code: str, told: Told) -> list[str]:
    """Return the messages of a law's violations."""
    return [violation.message for violation in judge(told.trace, [get_law(code)])]

"""Judging a told trace by one law, and a law of one's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from llm_sim.invariants import Law, Violation, get_law, judge
from tests.support.told import Told


def broken(code: str, told: Told) -> list[str]:
    """Return the messages of a law's violations."""
    return [violation.message for violation in _violations(code, told)]


def kinds(code: str, told: Told) -> list[str]:
    """Return the kinds of a law's violations."""
    return [violation.kind for violation in _violations(code, told)]


def _violations(code: str, told: Told) -> tuple[Violation, ...]:
    """Judge a trace; each violation must have a kind, which holds no id and no value."""
    found = judge(told.trace, [get_law(code)])
    for violation in found:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", violation.kind), violation
        assert violation.identity == f"{code} {violation.kind}"
    return found


def _interruptions(facts: Any) -> Iterator[Violation]:
    for event in facts.conversation:
        if event.kind == "stimulus" and event.data["do"] == "interrupt":
            yield Violation("XX001", "an interruption came", event=event.seq, kind="interrupted")


UNINTERRUPTED: Final = Law(
    "XX001", "no-interruptions", "The user is never interrupted.", "why", "me", _interruptions
)
"""A law of one's own, which an interruption breaks."""

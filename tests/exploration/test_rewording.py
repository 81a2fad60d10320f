"""What is found hangs on what a violation is, never on the words that tell of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import count
from typing import Any

import pytest
from hypothesis import settings

from llm_sim.exploration import (
    SILENCE,
    completed,
    draw_conversations,
    search_drawn,
    shrink,
    sweep,
)
from llm_sim.invariants import LAWS, Law, Violation
from llm_sim.schedule import decode
from llm_sim.simulation import Setup, run
from llm_sim.strategies import PROFILES
from tests.support.notation import noted
from tests.support.scenarios import two_tools

pytestmark = pytest.mark.slow

FEW = settings(PROFILES["llm-sim-ci"], max_examples=80)
NUMBERS = count()

Reword = Callable[[str], str]
WORDS: dict[str, Reword] = {
    "all alike": lambda message: "broken",
    "all different": lambda message: f"broken{chr(0x4E00 + next(NUMBERS))}",
}


def reworded(reword: Reword) -> tuple[Law, ...]:
    """Return every law, each of which says what it finds in other words."""

    def in_other_words(law: Law) -> Law:
        def check(facts: Any) -> Iterator[Violation]:
            for violation in law.check(facts):
                yield replace(violation, message=reword(violation.message))

        return replace(law, check=check)

    return tuple(in_other_words(law) for law in LAWS)


every_wording = pytest.mark.parametrize("reword", WORDS.values(), ids=WORDS)


@cache
def shrunk(laws: tuple[Law, ...]) -> list[Any]:
    """Shrink each failure of a run on the naive service, and return what it comes to."""
    schedule = decode("ls1-interrupt@FunctionCallsStarted+1")
    one = run(two_tools("sequential"), schedule=schedule, target="naive", laws=laws)
    found = [shrink(one, violation) for violation in one.violations]
    return [(each.violation.identity, each.violation.call, noted(each.run)) for each in found]


@every_wording
def test_a_failure_shrinks_to_the_same(reword: Reword) -> None:
    assert len(shrunk(LAWS)) > 3
    assert shrunk(reworded(reword)) == shrunk(LAWS)


@cache
def fuzzed(laws: tuple[Law, ...]) -> list[Any]:
    """Fuzz the naive service, and return what is found."""
    setup = Setup.of(SILENCE, target="naive", laws=laws)
    drawn = draw_conversations(setup, inject=["interrupt"])
    result = completed(search_drawn(drawn, settings=FEW))
    return [
        ([violation.identity for violation in each.violations], each.run and noted(each.run))
        for each in result.findings
    ]


@every_wording
def test_a_campaign_finds_the_same_failures(reword: Reword) -> None:
    assert len(fuzzed(LAWS)) > 1
    assert fuzzed(reworded(reword)) == fuzzed(LAWS)


@cache
def swept(laws: tuple[Law, ...]) -> list[Any]:
    """Sweep the naive service, and return the windows in which it fails."""
    return list(sweep(two_tools("sequential"), target="naive", laws=laws).windows)


@every_wording
def test_a_sweep_has_the_same_windows(reword: Reword) -> None:
    assert swept(LAWS)
    assert swept(reworded(reword)) == swept(LAWS)

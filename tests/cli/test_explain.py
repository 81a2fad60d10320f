"""``llm-sim explain``."""

from __future__ import annotations

import pytest

from llm_sim.invariants import LAWS, Law
from tests.support.command import Command


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.code)
def test_each_law_has_a_page(cli: Command, law: Law) -> None:
    page = cli("explain", law.code.lower())
    assert (page.code, page.err) == (0, "")
    assert page.out.splitlines()[0] == f"{law.code} {law.name}  ({law.level})"
    assert law.sentence in page.out
    assert law.reason in page.out


def test_an_unknown_law_is_answered_with_the_nearest_one(cli: Command) -> None:
    wrong = cli("explain", "LS013")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.startswith("llm-sim: there is no law 'LS013' (did you mean 'LS")

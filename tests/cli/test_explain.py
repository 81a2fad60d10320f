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


def test_without_a_law_all_are_listed(cli: Command) -> None:
    told = cli("explain")
    assert (told.code, told.err) == (0, "")
    assert [line.split()[:2] for line in told.out.splitlines()] == [
        [law.code, law.name] for law in LAWS
    ]


@pytest.mark.parametrize("begin", ["LS1", "ls1"])
def test_the_laws_whose_codes_begin_alike_are_listed(cli: Command, begin: str) -> None:
    told = cli("explain", begin)
    assert told.code == 0
    assert [line.split()[0] for line in told.out.splitlines()] == [
        law.code for law in LAWS if law.code.startswith("LS1")
    ]

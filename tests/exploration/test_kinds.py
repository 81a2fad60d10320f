"""What kind of failure a violation is."""

from __future__ import annotations

import pytest

from llm_sim.exploration import kind_of
from llm_sim.invariants import Violation


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (
            "c1 `lookup` is never settled: last heard of as started",
            "LS101 _ is never settled: last heard of as started",
        ),
        (
            "c1: service=cancelled  aggregator=in_progress  context=missing",
            "LS101 _: service=cancelled  aggregator=in_progress  context=missing",
        ),
        (
            "assistant sees FunctionCallResult of c1 `f` after its FunctionCallCancel",
            "LS101 assistant sees FunctionCallResult of _ after its FunctionCallCancel",
        ),
        (
            "c1 `f`: it is settled 2.5 s after the interruption",
            "LS101 _: it is settled _ s after the interruption",
        ),
        (
            "the model does not run after a `f`, b `g`, c `h`",
            "LS101 the model does not run after _",
        ),
        (
            """c1 `f`: its result is {"ok": [1]}, the context says '"COMPLETED"'""",
            "LS101 _: its result is _, the context says _",
        ),
        (
            "c1 `f`: its result is false, the context says 'null'",
            "LS101 _: its result is _, the context says _",
        ),
        ("task 'LLM::run' is left after the end", "LS101 task _ is left after the end"),
        (
            "the run did not come to rest within its bound of steps; waiting: a; b",
            "LS101 the run did not come to rest within its bound of steps",
        ),
    ],
)
def test_ids_names_numbers_and_values_are_blanked_out(message: str, kind: str) -> None:
    assert kind_of(Violation("LS101", message, "c1")) == kind


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("c1 `f` is settled twice: result, then result", "c1 `f` is never settled: as started"),
        ("c1 `f`: service=queued  context=absent", "c1 `f`: service=result  context=absent"),
    ],
)
def test_what_happened_is_not_blanked_out(one: str, other: str) -> None:
    assert kind_of(Violation("LS101", one, "c1")) != kind_of(Violation("LS101", other, "c1"))


def test_two_laws_are_two_kinds() -> None:
    assert kind_of(Violation("LS101", "broken")) != kind_of(Violation("LS103", "broken"))


def test_an_id_that_is_a_word_is_blanked_out_as_an_id_only() -> None:
    named = Violation("LS109", "a `f`: a result that came after its end is pushed", "a")
    assert kind_of(named) == "LS109 _: a result that came after its end is pushed"

"""The table of stimuli, and what reads it."""

from __future__ import annotations

import pytest

from llm_sim import scenario
from llm_sim.schedule import KINDS, Landing, Schedule, decode, encode
from llm_sim.stimuli import STIMULUS_KINDS, StimulusKind

ROWS = pytest.mark.parametrize("row", STIMULUS_KINDS.values(), ids=lambda row: row.word)


@ROWS
def test_each_row_says_all_that_its_kind_needs(row: StimulusKind) -> None:
    assert row.in_words
    assert bool(row.enters_as) >= (row.does == "queue")
    assert not row.far or row.enters_as
    assert row.follows in ("", *STIMULUS_KINDS)


@ROWS
def test_each_row_is_read_from_a_file_and_written_back(row: StimulusKind) -> None:
    plain = {row.word: "f"} if row.argument else row.word
    assert scenario.Stimulus.from_plain(plain).to_plain() == plain


@ROWS
def test_each_row_has_its_builder(row: StimulusKind) -> None:
    build = getattr(scenario, row.builder or row.word)
    made = build("f") if row.argument else build()
    if isinstance(made, scenario.Hold):
        made = made.release()
    assert made.kind == row.word


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_swept_stands_in_a_token(kind: str) -> None:
    schedule = Schedule((Landing(kind, "LLMText"),))
    assert decode(encode(schedule)) == schedule


def test_what_has_an_argument_is_not_swept() -> None:
    assert [row.word for row in STIMULUS_KINDS.values() if row.swept] == list(KINDS)
    assert [word for word in KINDS if STIMULUS_KINDS[word].argument] == []

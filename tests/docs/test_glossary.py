"""The glossary explains each of its words once, and the words that it explains them with."""

from __future__ import annotations

import re

from tests.support.scenarios import ROOT

PAGE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
WORDS = [
    word.strip("`.").lower()
    for heads in re.findall(r"^\*\*(.+?)\*\*", PAGE, re.M)
    for word in heads.split(", ")
]


def base(word: str) -> str:
    """Return the form of a word under which it is explained."""
    singular = word.lower().removesuffix("s")
    return singular if singular in WORDS else word.lower()


def test_the_words_stand_in_their_order() -> None:
    firsts = [heads.split(", ")[0] for heads in re.findall(r"^\*\*(.+?)\*\*", PAGE, re.M)]
    told = [re.sub(r"[^a-z0-9 -]", "", first.lower()) for first in firsts]
    assert told == sorted(set(told))


def test_each_word_in_italics_is_explained() -> None:
    used = re.findall(r"(?<![*\w])\*([^*\n]+)\*(?!\*)", PAGE.partition("\n\n**")[2])
    assert [word for word in used if base(word) not in WORDS] == []

"""``llm-sim demo``."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.support.command import Command, Outcome

_SHOWN: list[Outcome] = []


@pytest.fixture
def demo(cli: Command) -> Outcome:
    """What the demo shows; it is run once for all who ask."""
    if not _SHOWN:
        _SHOWN.append(cli("demo"))
    return _SHOWN[0]


def test_the_demo_is_clean_where_it_should_be_and_finds_what_is_planted(demo: Outcome) -> None:
    row = r"^  (\w+) +(\w+) at each of \d+ points, \d+ runs +(.*?) +[\d.]+ s$"
    rows = re.findall(row, demo.out, re.M)
    verdicts = [
        (name, what, re.sub(r"^\d+|\d+(?= windows)|(?<=LS101) .*", "N", verdict))
        for name, what, verdict in rows
    ]
    assert verdicts == [
        ("booking_bot", "interruption", "N clean"),
        ("booking_bot", "end", "N clean"),
        ("booking_bot", "cancel", "N clean"),
        ("support_bot", "interruption", "N clean"),
        ("support_bot", "end", "N clean"),
        ("support_bot", "cancel", "N clean"),
        ("naive_service", "interruption", "N fail in N windows: LS101N"),
    ]
    assert (demo.code, demo.err) == (0, "")
    assert re.findall(r"^ +warn .*", demo.out, re.M) == []


def test_the_demo_shows_a_failure_with_its_place(demo: Outcome) -> None:
    assert "\nLS101 " in demo.out
    assert "  law       LS101 settled-once: Every started call settles exactly once" in demo.out
    assert ">>> " in demo.out


def test_each_line_that_the_demo_says_to_paste_names_a_file_that_exists(demo: Outcome) -> None:
    pasted = [shlex.split(line) for line in re.findall(r"llm-sim (?:replay|sweep) .*", demo.out)]
    assert len(pasted) > 1
    assert all(Path(words[2].partition("::")[0]).is_file() for words in pasted)

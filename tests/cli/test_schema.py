"""``llm-sim schema``."""

from __future__ import annotations

from pathlib import Path

from llm_sim.scenario import schema_text
from tests.support.command import Command


def test_the_schema_is_printed(cli: Command) -> None:
    told = cli("schema")
    assert (told.code, told.out, told.err) == (0, schema_text(), "")


def test_the_schema_is_written_and_how_to_use_it_is_told(cli: Command, here: Path) -> None:
    told = cli("schema", "-o", "s.json")
    assert (told.code, told.out) == (
        0,
        "s.json: begin a scenario file with `# yaml-language-server: $schema=s.json`\n",
    )
    assert (here / "s.json").read_text(encoding="utf-8") == schema_text()


def test_a_schema_that_cannot_be_written_is_refused(cli: Command) -> None:
    told = cli("schema", "--output", "nowhere/s.json")
    assert (told.code, told.out) == (2, "")
    assert told.err == ("llm-sim: nowhere/s.json: there is no directory nowhere; create it first\n")

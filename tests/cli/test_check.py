"""``llm-sim check``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import Command

WRONG = {
    "key.sim.yaml": "version: 1\nscenarios:\n  - name: a\n    script: []\n    mood: calm\n",
    "bot.sim.yaml": (
        "version: 1\nscenarios:\n  - name: b\n    bot: no_such_module:build\n"
        "    script: [[{say: Hi.}]]\n"
    ),
    "law.sim.yaml": (
        "version: 1\nscenarios:\n  - name: c\n    script: [[{say: Hi.}]]\n    strict: [LS999]\n"
    ),
}


@pytest.fixture
def mistakes(here: Path) -> list[str]:
    """Write files with mistakes; return the message of each, in the order of the files."""
    for name, text in WRONG.items():
        (here / name).write_text(text, encoding="utf-8")
    return [
        "bot.sim.yaml:4:10: bot 'no_such_module:build': cannot import",
        "key.sim.yaml:5:5: unknown key 'mood'",
        "law.sim.yaml:5:14: there is no law 'LS999'",
    ]


def test_files_without_a_mistake_are_right(cli: Command, here: Path) -> None:
    told = cli("check", "race.sim.yaml")
    assert (told.code, told.out, told.err) == (0, "1 scenario in 1 file: no mistakes\n", "")


def test_every_mistake_of_every_file_is_told_with_its_place(
    cli: Command, mistakes: list[str]
) -> None:
    told = cli("check", ".")
    assert (told.code, told.out) == (2, "")
    lines = told.err.splitlines()
    assert [any(line.startswith(each) for line in lines) for each in mistakes] == [True] * 3
    assert lines == sorted(lines)


def test_the_document_has_the_mistakes(cli: Command, here: Path, mistakes: list[str]) -> None:
    told = cli("check", ".", "--json", "report.json")
    document = json.loads((here / "report.json").read_text(encoding="utf-8"))
    assert document["problems"] == told.err.splitlines()
    assert (document["exit_code"], document["verdict"]) == (2, "no verdict")


def test_nothing_is_run(cli: Command, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*args: object, **options: object) -> None:
        raise AssertionError("a check runs nothing")

    monkeypatch.setattr("llm_sim.simulation._run.Stage", run)
    assert cli("check", "race.sim.yaml").code == 0


def test_another_bot_can_be_checked(cli: Command, here: Path) -> None:
    told = cli("check", "race.sim.yaml", "--bot", "llm_sim.cli.demo.bots:boking_bot")
    assert (told.code, "did you mean 'booking_bot'?" in told.err) == (2, True)


def test_a_target_that_is_not_installed_does_not_matter(
    cli: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (here / "race.sim.yaml").read_text(encoding="utf-8")
    (here / "race.sim.yaml").write_text(
        text.replace("name: race", "name: race\n    target: pipecat"), encoding="utf-8"
    )
    monkeypatch.setattr("llm_sim.cli._subjects.Subjects.setups", None)
    assert cli("check", "race.sim.yaml").code == 0

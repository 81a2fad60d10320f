"""The help teaches, and stays plain text."""

from __future__ import annotations

import re

import pytest
from typer.main import get_command

from llm_sim.cli import app, tour
from tests.support.command import Command

COMMANDS: dict[str, object] = get_command(app).commands  # type: ignore[attr-defined]
EXAMPLES = {name: lines for group in tour().values() for name, lines in group.items()}


def test_the_commands_are_listed_in_the_order_of_their_use(cli: Command) -> None:
    told = cli("--help")
    assert (told.code, told.err) == (0, "")
    listed = re.findall(r"^  ([a-z]+)  +[A-Z]", told.out, re.M)
    assert listed == list(EXAMPLES)
    assert sorted(listed) == sorted(COMMANDS)


def test_what_each_command_does_is_told_whole(
    cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert "..." not in cli("--help").out.partition("Begin:")[2]


def test_the_first_steps_are_commands_that_there_are(cli: Command) -> None:
    steps = cli("--help").out.partition("First steps:\n")[2].partition("\n\n")[0]
    assert re.findall(r"^    llm-sim (\w+)", steps, re.M) == [
        "demo",
        "init",
        "run",
        "sweep",
        "replay",
        "promote",
    ]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_has_a_line_to_paste(cli: Command, name: str) -> None:
    told = cli(name, "--help")
    assert told.code == 0
    _, _, examples = told.out.partition("\n  Example:\n")
    assert examples.splitlines() == [f"    {line}" for line in EXAMPLES[name]]
    assert any(line.split()[:2] == ["llm-sim", name] for line in EXAMPLES[name])


@pytest.mark.parametrize("env", [{}, {"FORCE_COLOR": "1"}, {"NO_COLOR": "1"}], ids=str)
@pytest.mark.parametrize("line", ["--help", "sweep --help", "sweep", "swep", "explain", "run no"])
def test_without_a_terminal_there_are_no_escape_codes(
    cli: Command, monkeypatch: pytest.MonkeyPatch, line: str, env: dict[str, str]
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    told = cli(*line.split())
    assert "\x1b" not in told.out + told.err
    assert told.out + told.err != ""

"""A command is one function: the application, the help and the docs derive from it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from llm_sim.cli import app, tour
from tests.support.command import SOURCE, environment
from tests.support.scenarios import ROOT

A_COMMAND = '''
"""A command that somebody adds."""

from llm_sim.cli._app import command
from llm_sim.cli._console import out
from llm_sim.reports import ExitCode


@command("Look up", "llm-sim greet")
def greet() -> ExitCode:
    """Say hello."""
    out("Hello.")
    return ExitCode.NO_VERDICT
'''


def test_the_tour_has_every_command_once() -> None:
    names = [name for group in tour().values() for name in group]
    assert len(names) == len(set(names))
    assert set(names) == set(get_command(app).commands)  # type: ignore[attr-defined]


def test_every_command_says_what_it_does_and_has_an_example() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert [name for name, each in commands.items() if not each.help] == []
    assert [n for group in tour().values() for n, lines in group.items() if not lines] == []


@pytest.mark.slow
def test_a_new_command_needs_one_place(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "llm_sim", tmp_path / "llm_sim")
    (tmp_path / "llm_sim" / "cli" / "_greet.py").write_text(A_COMMAND, encoding="utf-8")

    def told(*words: str) -> tuple[int, str]:
        ran = subprocess.run(
            [sys.executable, "-c", SOURCE, *words],
            cwd=tmp_path,
            env=environment(PYTHONPATH=str(tmp_path)),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return ran.returncode, ran.stdout

    code, listed = told("--help")
    assert code == 0
    assert re.search(r"^Look up:\n(  .*\n)*  greet +Say hello\.$", listed, re.M)
    assert "    llm-sim greet\n" in told("greet", "--help")[1]
    assert told("greet") == (3, "Hello.\n")

"""A lower bound that is declared is one that was tried."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import RACE
from tests.support.command import SOURCE, Outcome, environment
from tests.support.scenarios import ROOT


@pytest.fixture(scope="module")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with the oldest typer that we declare, and a click as new as it takes."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (bound,) = (
        each.removeprefix("typer>=")
        for each in tomllib.loads(text)["project"]["dependencies"]
        if each.startswith("typer")
    )
    directory = tmp_path_factory.mktemp("oldest")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    installed = subprocess.run(
        [*pip, "--target", str(directory), f"typer=={bound}.*"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if installed.returncode:
        pytest.skip(f"typer {bound} cannot be installed here: {installed.stderr.splitlines()[-1]}")
    return directory


def told(oldest: Path, cwd: Path, *words: str) -> Outcome:
    """Run ``llm-sim`` with the oldest typer."""
    ran = subprocess.run(
        [sys.executable, "-c", SOURCE, *words],
        cwd=cwd,
        env=environment(PYTHONPATH=f"{oldest}:{ROOT}"),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return Outcome(ran.returncode, ran.stdout, ran.stderr)


@pytest.mark.slow
def test_the_command_line_works_with_the_oldest_typer(oldest: Path, tmp_path: Path) -> None:
    (tmp_path / "race.sim.yaml").write_text(RACE, encoding="utf-8")
    assert told(oldest, tmp_path, "--version") == Outcome(0, "llm-sim 0.1.0\n", "")
    assert re.search(r"^  run +Run each scenario once", told(oldest, tmp_path, "--help").out, re.M)
    assert "--json FILE|-" in told(oldest, tmp_path, "run", "--help").out
    run = told(oldest, tmp_path, "run", "race.sim.yaml", "--json", "-")
    assert (run.code, json.loads(run.out)["verdict"]) == (0, "clean")
    swept = told(oldest, tmp_path, "sweep", "race.sim.yaml", "--target", "naive", "--every")
    assert (swept.code, swept.err, "\nLS101 hang_up " in swept.out) == (1, "", True)
    wrong = told(oldest, tmp_path, "run", "race.sim.yaml", "--targte", "naive")
    assert (wrong.code, "--targte" in wrong.err) == (2, True)

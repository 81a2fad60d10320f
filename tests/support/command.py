"""The command line: in this process through its door, or in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from llm_sim.cli import main
from tests.support.scenarios import ROOT

SOURCE = "from llm_sim.cli import main; main()"


@dataclass(frozen=True)
class Outcome:
    """What a command leaves behind.

    Parameters:
        code: Its exit code.
        out: What it printed.
        err: What it told besides.
    """

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Command:
    """Runs ``llm-sim`` in this process."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str | Path) -> Outcome:
        """Run one command line."""
        self.monkeypatch.setattr(sys, "argv", ["llm-sim", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = self.capsys.readouterr()
        return Outcome(int(left.value.code or 0), out, err)


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process that finds llm_sim and has no terminal."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("FORCE_COLOR", "NO_COLOR", "TERM", "PYTHONHASHSEED", "COLUMNS")
    }
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def started(
    *words: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start ``llm-sim`` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", SOURCE, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=cwd,
        env=environment(**(env or {})),
    )


def finished(process: subprocess.Popen[str]) -> Outcome:
    """Wait for a process and return what it left behind."""
    out, err = process.communicate(timeout=60)
    return Outcome(process.returncode, out, err)

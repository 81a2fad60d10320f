"""What the tests of the command line share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Command

RACE = """\
version: 1
scenarios:
  - name: race
    mode: sequential
    script:
      - [{call: check, as: c1}, {call: hang_up, as: c2}]
      - [{say: Done.}]
    tools:
      check: {latency: 100ms}
      hang_up: {latency: 50ms}
"""


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``llm-sim`` in this process."""
    return Command(monkeypatch, capsys)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty directory that holds ``race.sim.yaml``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "race.sim.yaml").write_text(RACE, encoding="utf-8")
    return tmp_path

"""The release that the reference text comes from, in a virtual environment of its own.

It needs other versions of what it shares with today's Pipecat, so it cannot be installed next to
it. The environment is made once, half a gigabyte, and kept in the user's cache. A test run does not
do that unasked: it is made where ``CI`` is set, or where ``LLM_SIM_PIPECAT_0073`` names the place.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llm_sim.scenario import Scenario
from tests.support.scenarios import ROOT

RELEASE = "0.0.73"
REQUIREMENT = f"pipecat-ai[openai]=={RELEASE}"
"""The assistant aggregator that keeps a context is OpenAI's, which the extra makes importable."""

PLACE = "LLM_SIM_PIPECAT_0073"
DRIVER = ROOT / "tests" / "differential" / "drive_pipecat_0073.py"

_INSTALL_SECS, _DRIVE_SECS = 1200, 300

Told = dict[str, Any]
"""One line of what the driver prints, without the scenario's name."""


class CannotInstallError(Exception):
    """There is no such environment here, and none can be made."""


def home() -> Path:
    """Return where the environment is, or is to be."""
    place = os.environ.get(PLACE)
    if place:
        return Path(place)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    python = f"py{sys.version_info.major}.{sys.version_info.minor}"
    return Path(cache) / "llm_sim" / f"pipecat-{RELEASE}-{python}"


def interpreter() -> Path:
    """Return the environment's Python; the environment is made if it is not there.

    It is made under another name and then renamed, so that it is there whole or not at all,
    whoever else makes it at the same time.

    Raises:
        CannotInstallError: It could not be made; the message is pip's last word.
    """
    place = home()
    python = _python_in(place)
    if python.exists():
        return python
    if not (os.environ.get("CI") or os.environ.get(PLACE)):
        raise CannotInstallError(
            f"compares with pipecat-ai {RELEASE}, half a gigabyte in an environment of its own: "
            f"set CI=1, or {PLACE}=PATH, to let it be made"
        )
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f"{place.name}-", dir=place.parent, ignore_cleanup_errors=True
        ) as scratch:
            made = Path(scratch) / "venv"
            _make(made)
            _rename(made, place)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstallError(f"cannot make {place}: {error}") from error
    return python


def drive(scenarios: Mapping[str, Scenario]) -> dict[str, list[Told]]:
    """Run scenarios on Pipecat 0.0.73 and return what was told of each, by the same names.

    Raises:
        CannotInstallError: There is no environment to run them in.
        RuntimeError: The driver failed; the message is its last word.
    """
    lines = [
        json.dumps({**scenario.to_plain(), "name": name}) for name, scenario in scenarios.items()
    ]
    done = subprocess.run(
        [str(interpreter()), str(DRIVER)],
        input="\n".join(lines),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=_DRIVE_SECS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    told: dict[str, list[Told]] = {name: [] for name in scenarios}
    for line in done.stdout.splitlines():
        one = json.loads(line)
        told[one.pop("scenario")].append(one)
    return told


def _python_in(place: Path) -> Path:
    return place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _make(place: Path) -> None:
    _run(sys.executable, "-m", "venv", str(place))
    # Wheels only: what has none for this Python would be compiled for minutes, and then fail.
    pip = [str(_python_in(place)), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    _run(*pip, "install", "--quiet", "--retries=1", "--only-binary=:all:", REQUIREMENT)


def _run(*command: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_INSTALL_SECS, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise CannotInstallError(f"cannot install {REQUIREMENT}: {said[-1]}")


def _rename(made: Path, place: Path) -> None:
    try:
        made.rename(place)
    except OSError:
        # Somebody else was faster, and what is there is whole.
        if not _python_in(place).exists():
            raise

"""Pipes, terminals, encodings and Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_sim.exploration import search_points
from llm_sim.simulation import Setup
from tests.cli.conftest import RACE
from tests.support.command import SOURCE, Command, environment, finished, started

RACE_ON_NAIVE = ("sweep", "race.sim.yaml", "--target", "naive")
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.mark.slow
@pytest.mark.parametrize("env", [{}, {"FORCE_COLOR": "1"}, {"NO_COLOR": "1"}])
def test_without_a_terminal_there_are_no_escape_codes(here: Path, env: dict[str, str]) -> None:
    swept = finished(started(*RACE_ON_NAIVE, cwd=here, env=env))
    assert (swept.code, swept.err) == (1, "")
    assert CODES.findall(swept.out) == []


def on_a_terminal(cwd: Path, **env: str) -> str:
    """Run the sweep on a pseudo-terminal and return all that it shows."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", SOURCE, *RACE_ON_NAIVE],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env=environment(**env),
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # Linux says so when the other end is closed
        pass
    finally:
        os.close(ours)
        process.wait(timeout=60)
    return shown.decode()


@pytest.mark.slow
def test_on_a_terminal_progress_is_shown(here: Path) -> None:
    assert CODES.findall(on_a_terminal(here, TERM="xterm-256color")) != []


@pytest.mark.slow
def test_no_color_is_honoured_on_a_terminal(here: Path) -> None:
    shown = on_a_terminal(here, TERM="xterm-256color", NO_COLOR="1")
    assert [code for code in CODES.findall(shown) if code.endswith("m")] == []


@pytest.mark.slow
def test_a_dumb_terminal_gets_plain_lines(here: Path) -> None:
    shown = on_a_terminal(here, TERM="dumb")
    assert CODES.findall(shown) == []
    assert shown.splitlines()[0] == "naive 0.1.0 · interrupt at every point"
    assert shown.splitlines()[1].startswith("  race ")


@pytest.mark.slow
def test_what_the_encoding_cannot_say_is_escaped(here: Path) -> None:
    swept = finished(started(*RACE_ON_NAIVE, cwd=here, env={"PYTHONIOENCODING": "ascii"}))
    assert (swept.code, swept.err) == (1, "")
    assert swept.out.splitlines()[0] == r"naive 0.1.0 \xb7 interrupt at every point"


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_gets_no_stack(here: Path) -> None:
    process = started(*RACE_ON_NAIVE, cwd=here)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 3


@pytest.mark.slow
def test_a_message_that_nobody_reads_does_not_change_the_exit_code(here: Path) -> None:
    process = started("run", "no.sim.yaml", cwd=here)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stderr.close()
    with process.stdout:
        assert process.stdout.read() == ""
    assert process.wait(timeout=60) == 2


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device is one of Linux")
@pytest.mark.parametrize("words", [["--version"], ["--help"], ["run", "race.sim.yaml"]])
def test_output_that_cannot_be_written_is_told_in_a_line(here: Path, words: list[str]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        told = subprocess.run(
            [sys.executable, "-c", SOURCE, *words],
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=here,
            env=environment(),
            check=False,
        )
    assert (told.returncode, told.stderr) == (3, "llm-sim: the output: No space left on device\n")


def long_scenario(name: str) -> str:
    """Return the lines of a scenario whose sweep takes many seconds."""
    turns = "".join(
        f"      - [{{call: check, as: a{turn}}}, {{call: check, as: b{turn}}}]\n"
        for turn in range(60)
    )
    return (
        f"  - name: {name}\n    mode: sequential\n    script:\n{turns}      - [{{say: Done.}}]\n"
        "    tools:\n      check: {latency: 10ms}\n"
    )


def interrupted(here: Path, target: str) -> tuple[Any, list[str]]:
    """Sweep a short and a long scenario; press Ctrl-C when the short one is told.

    Returns the outcome and the scenarios of the JSON file.
    """
    (here / "long.sim.yaml").write_text(RACE + long_scenario("long"), encoding="utf-8")
    process = started(
        "sweep", "long.sim.yaml", "--target", target, "--json", "sweep.json", cwd=here
    )
    assert process.stdout is not None
    first = [process.stdout.readline() for _ in range(2)]
    assert first[1].startswith("  race ")
    process.send_signal(signal.SIGINT)
    outcome = finished(process)
    written = json.loads((here / "sweep.json").read_text(encoding="utf-8"))
    return outcome, [entry["scenario"] for entry in written["searches"]]


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_found(here: Path) -> None:
    outcome, written = interrupted(here, "naive")
    assert (outcome.code, written[0]) == (1, "race")
    assert "\nLS101 hang_up is never settled" in outcome.out
    assert "Traceback" not in outcome.err


@pytest.mark.slow
def test_ctrl_c_in_a_clean_sweep_is_no_verdict(here: Path) -> None:
    outcome, written = interrupted(here, "reference")
    assert (outcome.code, written[0]) == (3, "race")
    assert "Traceback" not in outcome.err


def test_ctrl_c_between_two_sweeps_keeps_what_was_found(
    cli: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = RACE + RACE.partition("scenarios:\n")[2].replace("name: race", "name: again")
    (here / "two.sim.yaml").write_text(two, encoding="utf-8")

    def pressed_in_the_second(setup: Setup, *args: Any, **how: Any) -> Any:
        if setup.scenario.name == "again":
            raise KeyboardInterrupt
        return search_points(setup, *args, **how)

    monkeypatch.setattr("llm_sim.cli._sweep.search_points", pressed_in_the_second)
    swept = cli("sweep", "two.sim.yaml", "--target", "naive", "--json", "sweep.json")
    assert (swept.code, swept.err) == (1, "llm-sim: stopped\n")
    assert "\nLS101 hang_up is never settled" in swept.out
    written = json.loads((here / "sweep.json").read_text(encoding="utf-8"))
    assert [entry["scenario"] for entry in written["searches"]] == ["race"]


def test_ctrl_c_in_a_run_is_no_verdict(
    cli: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("llm_sim.cli._run.search_run", pressed)
    run = cli("run", "race.sim.yaml")
    assert (run.code, "clean" in run.out, run.err) == (3, False, "llm-sim: stopped\n")

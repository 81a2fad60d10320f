"""``llm-sim run`` and ``llm-sim replay``."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from llm_sim.trace import Header, loads
from tests.support.command import Command
from tests.support.scenarios import BARGE_IN

SILENT = """\
version: 1
scenarios:
  - name: silent
    script:
      - [{say: One.}]
      - [{say: Two.}]
"""


def test_each_scenario_is_run_once(cli: Command) -> None:
    run = cli("run", BARGE_IN)
    assert [(line.split()[0], line.split()[-1]) for line in run.out.splitlines()] == [
        ("reference", "undisturbed"),
        ("spoken_tool", "clean"),
        ("two_parallel_tools", "clean"),
        ("two_sequential_tools", "clean"),
        ("call_that_survives", "clean"),
        ("handler_raises", "clean"),
        ("unregistered_function", "clean"),
    ]
    assert (run.code, run.err) == (0, "")


def test_one_scenario_of_a_file_can_be_run(cli: Command) -> None:
    run = cli("run", f"{BARGE_IN}::handler_raises")
    assert [line.split()[0] for line in run.out.splitlines()] == ["reference", "handler_raises"]


def test_a_script_that_is_not_used_up_gives_no_verdict(cli: Command, here: Path) -> None:
    (here / "silent.sim.yaml").write_text(SILENT, encoding="utf-8")
    run = cli("run", "silent.sim.yaml")
    assert run.code == 3
    assert "no verdict: the model was asked once, the script has 2 turns: 1 left" in run.out


def test_the_trace_of_a_run_is_written(cli: Command, here: Path) -> None:
    run = cli("run", "race.sim.yaml", "--trace", "race.jsonl")
    trace = loads((here / "race.jsonl").read_text(encoding="utf-8"))
    assert run.code == 0
    assert trace.header == Header(
        *("reference 0.1.0", "race", "sequential", "ls1-undisturbed"),
        file="race.sim.yaml",
        stubs=("check", "hang_up"),
        python=platform.python_version(),
        llm_sim="0.1.0",
    )
    assert [event.kind for event in trace.events][-1] == "close"


def test_a_replay_shows_the_failure_again(cli: Command, here: Path) -> None:
    token = "ls1-interrupt@start+1"
    replay = cli("replay", "race.sim.yaml", "--schedule", token, "--target", "naive")
    assert replay.code == 1
    assert replay.out.splitlines()[0].startswith(
        "  race                     interrupt 1 step after the conversation opened "
    )
    assert "LS101 hang_up is never settled: last heard of as started" in replay.out


def test_a_replay_of_a_schedule_that_does_no_harm_is_clean(cli: Command, here: Path) -> None:
    replay = cli("replay", "race.sim.yaml", "--schedule", "ls1-interrupt@start+1")
    assert (replay.code, replay.out.split()[-1]) == (0, "clean")


def test_a_replay_writes_the_trace_of_what_it_shows(cli: Command, here: Path) -> None:
    token = "ls1-interrupt@start+1"
    cli("replay", "race.sim.yaml", "--schedule", token, "--trace", "race.jsonl")
    trace = loads((here / "race.jsonl").read_text(encoding="utf-8"))
    assert (trace.header.schedule, [e.data["do"] for e in trace.of("stimulus")]) == (
        token,
        ["say", "interrupt"],
    )


def test_a_replay_is_of_the_scenarios_in_which_the_schedule_lands(cli: Command) -> None:
    replay = cli("replay", BARGE_IN, "--schedule", "ls1-interrupt@FunctionCallInProgress.4+1")
    assert [line.split()[0] for line in replay.out.splitlines()] == [
        "two_parallel_tools",
        "two_sequential_tools",
        "call_that_survives",
    ]


def test_a_schedule_that_lands_nowhere_gives_no_verdict(cli: Command, here: Path) -> None:
    replay = cli("replay", "race.sim.yaml", "--schedule", "ls1-interrupt@LLMText.99+1")
    assert (replay.code, replay.out) == (3, "")
    assert replay.err == (
        "llm-sim: ls1-interrupt@LLMText.99+1 landed in no scenario: the schedule did not land: "
        "interrupt 1 step after LLMText no. 99 never came; the run has no such frame or is over "
        "before\n"
    )


@pytest.mark.parametrize("command", ["run", "sweep", "replay", "reorder"])
def test_a_frame_that_never_comes_is_told_at_the_injection_that_waits_for_it(
    cli: Command, here: Path, command: str
) -> None:
    text = (here / "race.sim.yaml").read_text(encoding="utf-8")
    text += "    inject: [{after: 1s, do: interrupt}, {at: FunctionCallStarted, do: interrupt}]\n"
    (here / "race.sim.yaml").write_text(text, encoding="utf-8")
    told = cli(command, "race.sim.yaml")
    assert told.code == 3
    assert "race.sim.yaml:11:47: the scenario injects interrupt at FunctionCallStarted" in told.out

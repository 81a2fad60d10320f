"""``llm-sim shrink``."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.support.command import Command, finished, started

GROWN = """\
version: 1
scenarios:
  - name: grown
    mode: sequential
    user: Check it, and hang up.
    script:
      - [{say: One moment.}, {call: check, args: {id: 7}, as: c1}, {call: hang_up, as: c2}]
      - [{say: Done.}]
    tools:
      check: {latency: 130ms, result: [1, 2]}
      hang_up: {latency: 50ms}
      unused: {}
    inject:
      - {after: 3s, do: error}
  - name: other
    script: [[{say: Hm.}]]
"""
SHRINK = (
    *("shrink", "grown.sim.yaml::grown", "--target", "naive"),
    *("--schedule", "ls1-interrupt@FunctionCallInProgress.2+2"),
)
SMALL = """\
version: 1
scenarios:
- name: grown
  mode: sequential
  open_ended: true
  script:
  - [{call: check, as: c1}, {call: hang_up, as: c2}]
  tools:
    check: {}
    hang_up: {}
"""
PRESSES = """\
import os, signal

builds = []

def press_in_the_third_run(llm):
    builds.append(llm)
    if len(builds) == 3:
        os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.fixture(autouse=True)
def _grown(here: Path) -> None:
    (here / "grown.sim.yaml").write_text(GROWN, encoding="utf-8")


def test_what_is_left_is_printed_as_a_scenario_and_as_a_failure(cli: Command) -> None:
    told = cli(*SHRINK, "--law", "LS103")
    comment, _, rest = told.out.partition("\n")
    text, _, failure = rest.partition("\nLS103 ")
    assert comment.startswith("# Shrunk in ")
    assert comment.endswith(
        " runs, from grown.sim.yaml::grown with ls1-interrupt@FunctionCallInProgress.2+2"
    )
    assert text == SMALL
    assert failure.splitlines()[1].startswith("  in        grown.sim.yaml::grown on naive ")
    assert failure.splitlines()[2].startswith("  law       LS103 views-disagree: ")
    assert (told.code, told.err) == (1, "")


def test_the_replay_line_shows_the_failure_that_is_left(cli: Command) -> None:
    told = cli(*SHRINK)
    words = shlex.split(told.out.partition("  replay    ")[2])[1:]
    replayed = cli(*words)
    shown = told.out.partition("  timeline ")[2].partition("  keep ")[0]
    assert shown
    assert shown in replayed.out
    assert replayed.code == 1


def test_what_is_left_is_shown_where_it_cannot_be_kept(cli: Command, here: Path) -> None:
    (here / ".llm_sim").write_text("", encoding="utf-8")
    told = cli(*SHRINK, "--law", "LS103")
    assert told.out.partition("\n")[2].partition("\nLS103 ")[0] == SMALL
    assert ("  timeline " in told.out, "  keep " in told.out) == (True, False)
    assert told.out.splitlines()[-1] == (
        "  replay    llm-sim replay grown.sim.yaml::grown "
        "--schedule ls1-interrupt@FunctionCallInProgress.2+2 --target naive"
    )
    assert re.fullmatch(
        r"llm-sim: LS103-\w+-\w{6} is not kept: \.llm_sim/failures: Not a directory\n", told.err
    )
    assert told.code == 1


@pytest.mark.slow
def test_it_is_the_same_in_any_process(here: Path) -> None:
    one, other = (
        finished(started(*SHRINK, cwd=here, env={"PYTHONHASHSEED": seed})) for seed in ("1", "4242")
    )
    assert one == other
    assert (one.code, one.err) == (1, "")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (
            ("grown.sim.yaml", "ls1-undisturbed"),
            2,
            "this command takes one scenario, and grown.sim.yaml has 2: name it, like "
            "grown.sim.yaml::grown",
        ),
        (
            ("grown.sim.yaml::grown", "ls1-undisturbed"),
            2,
            "nothing to shrink: ls1-undisturbed breaks no law; give a token of a failed run",
        ),
        (
            ("grown.sim.yaml::grown", "ls1-end@EndTask.4+1"),
            3,
            "nothing to shrink: the schedule did not land: end 1 step after EndTask no. 4 never",
        ),
    ],
)
def test_what_does_not_fail_cannot_be_shrunk(
    cli: Command, words: tuple[str, str], code: int, message: str
) -> None:
    told = cli("shrink", words[0], "--schedule", words[1])
    assert (told.code, told.out) == (code, "")
    assert told.err.startswith(f"llm-sim: {message}")


def test_a_law_that_is_not_broken_is_answered_with_those_that_are(cli: Command) -> None:
    told = cli(*SHRINK, "--law", "LS208")
    assert told.code == 2
    assert told.err.startswith("llm-sim: the run breaks LS101, ")
    assert told.err.endswith(", not LS208: give one of those\n")


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_found(here: Path) -> None:
    (here / "bots_that_press.py").write_text(PRESSES, encoding="utf-8")
    bot = ("--bot", "bots_that_press:press_in_the_third_run")
    told = finished(started(*SHRINK, *bot, cwd=here))
    assert told.out.startswith("# Stopped after 2 runs, it may get smaller, from grown.sim.yaml")
    assert told.code == 1

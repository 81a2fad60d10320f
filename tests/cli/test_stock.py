"""``llm-sim replay --stock``, and what a failure says of asyncio's own loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Command

TOKEN = "ls1-interrupt@start+1"
NOTE = "  stock     asyncio's own loop fails at the same step too"

NEVER = """\
version: 1
scenarios:
  - name: never
    script:
      - [{call: f, as: f1}]
      - [{say: Done.}]
    tools:
      f: {does: hang}
"""


def _stock_lines(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith("  stock ")]


def test_a_replay_says_that_a_failure_is_there_on_asyncios_own_loop(
    cli: Command, here: Path
) -> None:
    words = ("replay", "race.sim.yaml", "--schedule", TOKEN, "--target", "naive")
    replay = cli(*words, "--stock")
    assert replay.code == 1
    assert _stock_lines(replay.out) == [
        "  stock asyncio   fails there too: LS101 LS103 LS106 LS107 LS111",
        NOTE,
    ]


def test_a_replay_that_is_clean_says_so_of_both_loops(cli: Command, here: Path) -> None:
    replay = cli("replay", "race.sim.yaml", "--schedule", TOKEN, "--stock")
    assert replay.code == 0
    assert _stock_lines(replay.out) == ["  stock asyncio   clean there too"]


def test_a_replay_that_is_clean_and_not_asked_says_nothing(cli: Command, here: Path) -> None:
    replay = cli("replay", "race.sim.yaml", "--schedule", TOKEN)
    assert _stock_lines(replay.out) == []


@pytest.mark.parametrize("command", ["replay", "sweep"])
def test_a_failure_that_is_shown_carries_the_verdict_once(
    cli: Command, here: Path, command: str
) -> None:
    more = ("--schedule", TOKEN) if command == "replay" else ()
    told = cli(command, "race.sim.yaml", "--target", "naive", *more)
    assert told.code == 1
    assert _stock_lines(told.out) == [NOTE]


def test_a_saved_failure_is_asked_about_on_asyncios_own_loop(cli: Command, here: Path) -> None:
    cli("sweep", "race.sim.yaml", "--target", "naive")
    (path,) = (here / ".llm_sim" / "failures").glob("LS101-*")
    fails, holds = cli("replay", path, "--stock"), cli("replay", path, "--target", "reference")
    assert (fails.code, _stock_lines(fails.out), _stock_lines(holds.out)) == (
        1,
        ["  stock asyncio   fails there too: LS101 LS103 LS106 LS107 LS111"],
        [],
    )


def test_a_saved_failure_is_asked_about_on_the_target_that_is_named(
    cli: Command, here: Path
) -> None:
    cli("sweep", "race.sim.yaml", "--target", "naive")
    (path,) = (here / ".llm_sim" / "failures").glob("LS101-*")
    told = cli("replay", path, "--target", "reference", "--stock")
    assert (told.code, _stock_lines(told.out)) == (0, ["  stock asyncio   clean there too"])


def test_each_scenario_of_a_file_is_asked_about_on_asyncios_own_loop(
    cli: Command, here: Path
) -> None:
    race = (here / "race.sim.yaml").read_text(encoding="utf-8").partition("scenarios:\n")[2]
    (here / "two.sim.yaml").write_text(
        f"version: 1\nscenarios:\n{race}    inject: [{{step: 1, do: interrupt}}]\n"
        f"{race.replace('name: race', 'name: calm')}",
        encoding="utf-8",
    )
    told = cli("replay", "two.sim.yaml", "--target", "naive", "--stock")
    assert [line[:43] for line in told.out.splitlines()] == [
        "FAILED race LS101 hang_up is never settled:",
        "  stock asyncio   fails there too: LS101 LS",
        "FIXED calm",
        "  stock asyncio   clean there too",
    ]
    assert _stock_lines(cli("replay", "two.sim.yaml", "--target", "naive").out) == []


def test_all_failures_at_once_are_not_asked_about(cli: Command, here: Path) -> None:
    wrong = cli("replay", "--stock")
    assert (wrong.code, wrong.out, wrong.err) == (
        2,
        "",
        "llm-sim: each saved failure is replayed on its own bot and target, and none is shown in "
        "full: name a file for --target, --bot, --trace or --stock\n",
    )


def test_a_failure_without_a_stimulus_names_no_step(cli: Command, here: Path) -> None:
    (here / "never.sim.yaml").write_text(NEVER, encoding="utf-8")
    told = cli("replay", "never.sim.yaml", "--schedule", "ls1-undisturbed")
    assert told.code == 1
    assert _stock_lines(told.out) == ["  stock     asyncio's own loop fails undisturbed too"]

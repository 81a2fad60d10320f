"""``llm-sim reorder`` and the line that replays what it finds."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.support.command import Command
from tests.support.scenarios import BARGE_IN, ROOT

ONE = f"{BARGE_IN}::spoken_tool"
NOTE = (
    "not asyncio's order: its ready queue is first in, first out, so this may not be reachable on "
    "stock asyncio"
)
SCENARIO = """\
version: 1
scenarios:
  - name: one_order
    bot: tests.support.orders:looks_before_it_uses
    script:
      - [{call: f, as: f1}]
      - [{say: Done.}]
"""


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand where the bot can be imported, with a scenario of it elsewhere."""
    monkeypatch.chdir(ROOT)
    file = tmp_path / "orders.sim.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    return file


def test_a_correct_core_is_clean_in_many_orders(cli: Command) -> None:
    tried = cli("reorder", ONE, "--runs", "30")
    assert re.sub(r"\d+\.\d(?= s$)", "N", tried.out, flags=re.M).splitlines() == [
        f"reference 0.1.0 · {NOTE}",
        "  spoken_tool              pos: 30 random schedules                 "
        "clean                                      N s",
    ]
    assert (tried.code, tried.err) == (0, "")


@pytest.mark.parametrize("policy", ["random", "pct", "pos", "bounded"])
def test_each_policy_says_how_much_it_tried(cli: Command, policy: str) -> None:
    tried = cli("reorder", ONE, "--runs", "7", "--policy", policy)
    extent = "7 schedules, bound reached" if policy == "bounded" else "7 random schedules"
    assert f"{policy}: {extent} " in tried.out


def test_what_is_found_is_told_with_its_token_and_the_note(cli: Command, there: Path) -> None:
    found = cli("reorder", there, "--policy", "random", "--runs", "40")
    assert found.code == 1
    assert re.search(
        r"^  one_order +random: 40 random schedules +\d+ fail: LS303 ", found.out, re.M
    )
    assert re.search(r"^  \d+ runs +LS303 +ls1-undisturbed/order@8:1$", found.out, re.M)
    failure = found.out.partition("\n\n")[2]
    assert "no. 1 in the queue goes first at choice 8" in failure
    assert f"  order     {NOTE}\n" in failure


def test_the_line_to_paste_shows_it_again(cli: Command, there: Path) -> None:
    found = cli("reorder", there, "--policy", "random", "--runs", "40")
    words = shlex.split(found.out.partition("  replay    ")[2].splitlines()[0])[1:]
    again = cli(*words)
    assert again.code == 1
    assert "each task runs until it waits" in again.out
    assert "LS303" in again.out
    assert f"  order     {NOTE}\n" in again.out


def test_a_replay_in_asyncios_order_has_no_note(cli: Command, here: Path) -> None:
    token = "ls1-interrupt@FunctionCallResult.2+5"
    again = cli("replay", "race.sim.yaml", "--schedule", token, "--target", "naive")
    assert again.code == 1
    assert "not asyncio's order" not in again.out


def test_an_order_that_does_not_fit_gives_no_verdict(cli: Command) -> None:
    again = cli("replay", ONE, "--schedule", "ls1-undisturbed/order@999:2")
    assert (again.code, again.err) == (
        3,
        "llm-sim: ls1-undisturbed/order@999:2 landed in no scenario: the schedule did not land: "
        "no. 2 in the queue goes first at choice 999: no such choice came, or fewer were ready at "
        "it\n",
    )


def test_a_stimulus_can_land_in_every_run(cli: Command, here: Path) -> None:
    landing = "ls1-interrupt@FunctionCallResult.2+5"
    found = cli(
        "reorder", "race.sim.yaml", "--schedule", landing, "--target", "naive", "--runs", "20"
    )
    assert found.code == 1
    assert "broken in asyncio's order: LS111" in found.out


def test_the_result_can_be_had_as_json(cli: Command, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    cli("reorder", ONE, "--runs", "5", "--json", report)
    (plain,) = json.loads(report.read_text(encoding="utf-8"))["searches"]
    assert (plain["scenario"], plain["extent"], plain["clean"], plain["note"]) == (
        "spoken_tool",
        "5 random schedules",
        True,
        NOTE,
    )


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--policy", "randon"], "there is no policy 'randon' (did you mean 'random'?)"),
        (["--runs", "0"], "cannot try 0 orders: try at least one"),
        (["--schedule", "ls1-undisturbed/order"], "has an order already"),
    ],
)
def test_what_cannot_be_done_is_wrong_usage(cli: Command, words: list[str], problem: str) -> None:
    wrong = cli("reorder", ONE, *words)
    assert (wrong.code, wrong.out) == (2, "")
    assert problem in wrong.err

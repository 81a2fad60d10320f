"""``llm-sim sweep --inject interrupt+end``."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.support.command import Command
from tests.support.scenarios import BARGE_IN

ONE = f"{BARGE_IN}::spoken_tool"


def test_a_pair_of_stimuli_says_how_many_points_there_are_and_how_many_were_tried(
    cli: Command, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    swept = cli("sweep", ONE, "--inject", "interrupt+end", "--most", "50", "--json", report)
    assert swept.code == 0
    (plain,) = json.loads(report.read_text(encoding="utf-8"))["searches"]
    assert (plain["inject"], plain["tried"], plain["clean"]) == ("interrupt+end", 50, True)
    assert f"interruption and end at each of {plain['points']} points" in swept.out
    assert re.search(r"a sample of 50 \(\d\.\d %\): 50 clean", swept.out)
    assert re.fullmatch(
        r"spoken_tool: [\d,]+ pairs of points; a sample of 50 \(\d\.\d %\)\n", swept.err
    )
    assert round(plain["fraction"], 2) == round(50 / plain["points"], 2)


def test_of_triples_the_number_is_projected(cli: Command) -> None:
    swept = cli("sweep", ONE, "--inject", "interrupt+interrupt+end", "--most", "20")
    assert swept.code == 0
    assert re.search(r"interruption, interruption and end at each of about \d+ points", swept.out)
    assert re.match(r"spoken_tool: about [\d,]+ triples of points; a sample of 20 ", swept.err)


def test_no_workers_are_refused(cli: Command) -> None:
    wrong = cli("sweep", ONE, "--workers", "0")
    assert (wrong.code, wrong.err) == (2, "llm-sim: --workers 0: give at least one process\n")


def test_a_sample_of_nothing_is_refused(cli: Command) -> None:
    wrong = cli("sweep", ONE, "--most", "0")
    assert (wrong.code, wrong.err) == (2, "llm-sim: --most 0: try at least one point\n")


def test_a_trace_of_several_scenarios_is_refused(cli: Command, tmp_path: Path) -> None:
    wrong = cli("run", BARGE_IN, "--trace", tmp_path / "trace.jsonl")
    assert wrong.code == 2
    assert wrong.err.startswith("llm-sim: --trace writes one run: name a scenario, like ")

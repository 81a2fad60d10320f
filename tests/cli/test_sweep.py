"""``llm-sim sweep`` and the line that replays what it finds."""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_sim.schedule import KINDS
from tests.support.command import Command, Outcome, finished, started
from tests.support.scenarios import BARGE_IN


def replay_words(out: str) -> list[str]:
    """Return the words of the line that a failure says to paste, without ``llm-sim``."""
    return shlex.split(out.partition("  replay    ")[2].splitlines()[0])[1:]


def test_a_correct_core_is_clean_at_every_point(cli: Command) -> None:
    swept = cli("sweep", f"{BARGE_IN}::spoken_tool")
    told, _, _ = swept.out.partition("\n\n")
    assert re.sub(r"\b\d\d\b|\d+\.\d(?= s$)", "N", told, flags=re.M).splitlines() == [
        "reference 0.1.0 · interrupt at every point",
        "  spoken_tool              interruption at each of N points, N runs     "
        "N clean                                   N s",
    ]
    assert (swept.code, swept.err) == (0, "")


@pytest.mark.parametrize("kind", KINDS)
def test_every_stimulus_is_swept_and_told_in_words(cli: Command, kind: str) -> None:
    swept = cli("sweep", f"{BARGE_IN}::spoken_tool", "--inject", kind, "--most", "1")
    words = {
        "interrupt": "interruption",
        "end": "end",
        "cancel": "cancel",
        "user_starts": "start of speech",
        "user_stops": "end of speech",
        "error": "error",
    }
    line = swept.out.splitlines()[1]
    assert line.split(maxsplit=1)[1].startswith(f"{words[kind]} at each of ")
    assert swept.code == 0


def test_stimuli_in_combination_are_told_in_words(cli: Command) -> None:
    inject = ("--inject", "user_starts+user_stops+error")
    swept = cli("sweep", f"{BARGE_IN}::spoken_tool", *inject, "--most", "1")
    assert swept.code == 0
    assert " start of speech, end of speech and error at each of " in swept.out


def test_the_help_names_every_stimulus(cli: Command) -> None:
    told = " ".join(cli("sweep", "--help").out.split())
    assert "One of interrupt, end, cancel, user_starts, user_stops, error; or two" in told


@pytest.mark.slow
def test_the_matrix_of_all_scenarios_comes_behind_them(cli: Command, tmp_path: Path) -> None:
    swept = cli("sweep", BARGE_IN, "--json", tmp_path / "sweep.json")
    title, *matrix = swept.out.partition("\n\n")[2].splitlines()
    assert title == "what the calls were doing when a stimulus landed"
    assert [line.split()[:3] for line in matrix[1:]] == [
        ["parallel", "cancellable", "interrupt"],
        ["parallel", "kept", "interrupt"],
        ["parallel", "no", "handler"],
        ["sequential", "cancellable", "interrupt"],
    ]
    written = json.loads((tmp_path / "sweep.json").read_text(encoding="utf-8"))
    of_each = [cell["count"] for entry in written["searches"] for cell in entry["coverage"]]
    assert sum(map(int, re.findall(r" (\d+)\b", "\n".join(matrix[1:])))) == sum(of_each)


def test_each_point_can_be_run(cli: Command) -> None:
    swept = cli("sweep", f"{BARGE_IN}::spoken_tool", "--every")
    (told,) = re.findall(r"(\d+) points, (\d+) runs", swept.out)
    assert told[0] == told[1]


@pytest.mark.parametrize("inject", ["end", "cancel"])
def test_another_stimulus_can_be_swept(cli: Command, here: Path, inject: str) -> None:
    swept = cli("sweep", "race.sim.yaml", "--inject", inject)
    assert swept.code == 0
    assert f"{inject} at each of" in swept.out


def test_every_scenario_of_a_file_is_swept(cli: Command) -> None:
    swept = cli("sweep", BARGE_IN)
    assert re.findall(r"^  (\w+) +interruption", swept.out, re.M) == [
        "spoken_tool",
        "two_parallel_tools",
        "two_sequential_tools",
        "call_that_survives",
        "handler_raises",
        "unregistered_function",
    ]


def test_a_race_is_told_with_its_windows_and_one_failure_in_full(cli: Command, here: Path) -> None:
    swept = cli("sweep", "race.sim.yaml", "--target", "naive")
    told, _, failure = swept.out.partition("\nLS101 ")
    assert swept.code == 1
    assert re.search(r"^  race  .* \d+ fail in \d windows: LS101 LS103 LS106", told, re.M)
    assert re.search(
        r"^race\.sim\.yaml::race on naive 0\.1\.0: \d+ of \d+ points fail$", told, re.M
    )
    assert re.findall(r"^  (points?) \d+(?:-\d+)? +(LS\d+).* (ls1-\S+)$", told, re.M)[:2] == [
        ("point", "LS106", "ls1-interrupt@start+0"),
        ("points", "LS101", "ls1-interrupt@start+1"),
    ]
    assert failure.splitlines()[:3] == [
        "hang_up is never settled: last heard of as started (13 of 35 points)",
        "  law       LS101 settled-once: Every started call settles exactly once: one final "
        "result, or one cancel.",
        "  where     c2 `hang_up` is never settled: last heard of as started",
    ]
    first, *others = failure.split("\n\n")
    assert first.splitlines()[-1] == (
        "  replay    llm-sim replay race.sim.yaml::race --schedule ls1-interrupt@start+1 "
        "--target naive"
    )
    assert [other.splitlines()[0] for other in others] == [
        "LS111 a fresh call stays cancelled (11 of 35 points)",
        "LS106 check: its handler runs on after the interruption and answers (1 of 35 points)",
    ]
    assert all("\n  keep      llm-sim promote LS1" in other for other in others)
    assert all("\n  replay    llm-sim replay race.sim" in other for other in others)


@pytest.mark.slow
def test_the_replay_line_shows_the_same_failure_in_any_process(cli: Command, here: Path) -> None:
    swept = cli("sweep", "race.sim.yaml", "--target", "naive")
    words = replay_words(swept.out)

    def replayed(seed: str) -> Outcome:
        return finished(started(*words, cwd=here, env={"PYTHONHASHSEED": seed}))

    one, other = replayed("1"), replayed("4242")
    assert one == other
    assert (one.code, one.err) == (1, "")
    shown = swept.out.partition("  timeline ")[2].partition("  keep ")[0]
    assert shown
    assert shown in one.out


COUNTING_BOT = """\
built = []

def build(llm):
    built.append(llm)
    async def answer(params):
        await params.result_callback(len(built))
    llm.register_function("count", answer)
"""
COUNTS = """\
version: 1
scenarios:
  - name: counts
    bot: counting_bot:build
    script: [[{call: count, as: c1}], [{say: Done.}]]
"""
BOT = """\
import asyncio

def slow(llm):
    async def answer(params):
        await asyncio.sleep(0.1)
        await params.result_callback("done")
    llm.register_function("check", answer)
    llm.register_function("hang_up", answer)
"""
INTERRUPTED = """\
version: 1
scenarios:
  - name: interrupted
    mode: sequential
    bot: llm_sim.cli.demo.bots:booking_bot
    script:
      - [{call: check, as: c1}, {call: hang_up, as: c2}]
    inject:
      - {after: 50ms, do: interrupt}
"""


@pytest.mark.slow
def test_the_replay_line_names_the_bot_that_was_given(here: Path) -> None:
    (here / "bots_of_cli_tests.py").write_text(BOT, encoding="utf-8")
    (here / "interrupted.sim.yaml").write_text(INTERRUPTED, encoding="utf-8")
    given = ("--target", "naive", "--bot", "bots_of_cli_tests:slow")
    broken = finished(started("run", "interrupted.sim.yaml", *given, cwd=here))
    assert broken.code == 1
    assert replay_words(broken.out) == [
        *("replay", "interrupted.sim.yaml::interrupted", "--schedule", "ls1-undisturbed"),
        *given,
    ]


def test_the_replay_line_quotes_a_path_for_the_shell(cli: Command, here: Path) -> None:
    (here / "my race.sim.yaml").write_bytes((here / "race.sim.yaml").read_bytes())
    swept = cli("sweep", "my race.sim.yaml", "--target", "naive")
    assert replay_words(swept.out)[1] == "my race.sim.yaml::race"


def swept_to_json(cli: Command, path: Path) -> dict[str, Any]:
    """Sweep the race on the naive service and return the one entry of the JSON file."""
    cli("sweep", "race.sim.yaml", "--target", "naive", "--json", path)
    (entry,) = json.loads(path.read_text(encoding="utf-8"))["searches"]
    return dict(entry)


def test_the_result_is_written_as_json(cli: Command, here: Path) -> None:
    entry = swept_to_json(cli, here / "sweep.json")
    windows, points, failed = entry.pop("windows"), entry["points"], entry["failed"]
    assert entry.pop("runs_per_second") > 0
    assert 0 < entry.pop("runs") <= points
    assert {cell["mode"] for cell in entry.pop("coverage")} == {"sequential"}
    assert entry == {
        "place": "race.sim.yaml::race",
        "scenario": "race",
        "stopped": False,
        "target": "naive 0.1.0",
        "inject": "interrupt",
        "points": points,
        "exact": True,
        "tried": points,
        "fraction": 1.0,
        "failed": failed,
        "clean": False,
        "undisturbed": {"laws": [], "complaint": ""},
        "warnings": {},
    }
    assert windows[0] == {
        "first": 1,
        "last": 1,
        "laws": ["LS106"],
        "token": "ls1-interrupt@start+0",
        "complaint": "",
    }
    assert sum(window["last"] - window["first"] + 1 for window in windows) == failed < points


def test_the_json_file_is_all_that_is_left_and_others_may_read_it(cli: Command, here: Path) -> None:
    before = os.umask(0o022)
    try:
        swept_to_json(cli, here / "sweep.json")
    finally:
        os.umask(before)
    left = sorted(path.name for path in here.iterdir())
    assert left == [".llm_sim", "race.sim.yaml", "sweep.json"]
    assert stat.S_IMODE((here / "sweep.json").stat().st_mode) == 0o644


def test_a_link_to_the_json_file_stays_a_link(cli: Command, here: Path) -> None:
    (here / "link.json").symlink_to(here / "real.json")
    (here / "real.json").write_text("old", encoding="utf-8")
    swept_to_json(cli, here / "link.json")
    assert (here / "link.json").is_symlink()
    assert "race" in (here / "real.json").read_text(encoding="utf-8")


def test_a_pipe_is_written_to_and_not_replaced(cli: Command, here: Path) -> None:
    pipe = here / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        swept = cli("sweep", "race.sim.yaml", "--json", pipe)
        told = json.loads(os.read(reader, 65536))
    finally:
        os.close(reader)
    assert (swept.code, told["searches"][0]["clean"]) == (0, True)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_json_file_is_never_half_written(
    cli: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "sweep.json").write_text("old", encoding="utf-8")
    write_text = Path.write_text

    def disk_is_full(path: Path, text: str, **how: Any) -> int:
        write_text(path, text[:10], **how)
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", disk_is_full)
    swept = cli("sweep", "race.sim.yaml", "--json", "sweep.json")
    assert swept.code == 3
    assert "No space left on device" in swept.err
    assert "Traceback" not in swept.err
    assert (here / "sweep.json").read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in here.iterdir()) == ["race.sim.yaml", "sweep.json"]


def test_a_scenario_that_is_broken_undisturbed_is_told_as_such(cli: Command, here: Path) -> None:
    text = (here / "race.sim.yaml").read_text(encoding="utf-8")
    inject = "    inject:\n      - {after: 50ms, do: interrupt}\n"
    (here / "race.sim.yaml").write_text(text + inject, encoding="utf-8")
    swept = cli("sweep", "race.sim.yaml", "--inject", "end", "--target", "naive")
    assert swept.code == 1
    assert "broken undisturbed: LS101 " in swept.out.splitlines()[1]
    assert replay_words(swept.out)[3] == "ls1-undisturbed"


@pytest.mark.parametrize("command", ["sweep", "reorder"])
def test_a_scenario_that_is_another_one_each_time_does_not_stop_the_others(
    cli: Command, here: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.delitem(sys.modules, "counting_bot", raising=False)
    (here / "counting_bot.py").write_text(COUNTING_BOT, encoding="utf-8")
    (here / "counts.sim.yaml").write_text(COUNTS, encoding="utf-8")
    landing = ("--schedule", "ls1-interrupt@start+1") if command == "reorder" else ()
    swept = cli(command, "counts.sim.yaml", "race.sim.yaml", *landing, "--json", "report.json")
    # On a busy machine a line of progress stands there.
    assert (swept.code, "Traceback" in swept.err) == (3, False)
    assert [" ".join(line.split()[:6]) for line in swept.out.splitlines()[1:2]] == [
        "counts no verdict: the same bot,"
    ]
    assert swept.out.splitlines()[2].startswith("  race  ")
    (finding,) = json.loads((here / "report.json").read_text(encoding="utf-8"))["findings"]
    assert (finding["verdict"], finding["place"]) == ("no verdict", "counts.sim.yaml::counts")


def test_a_script_that_does_not_fit_gives_no_verdict(cli: Command, here: Path) -> None:
    (here / "silent.sim.yaml").write_text(
        "version: 1\nscenarios:\n  - name: silent\n    script: [[{say: A.}], [{say: B.}]]\n",
        encoding="utf-8",
    )
    swept = cli("sweep", "silent.sim.yaml")
    assert swept.code == 3
    assert "no verdict: the model was asked once, the script has 2 turns" in swept.out


def test_a_long_sweep_without_a_terminal_tells_how_far_it_is(
    cli: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = itertools.count(step=3)
    monkeypatch.setattr("llm_sim.cli._progress.perf_counter", lambda: next(seconds))
    swept = cli("sweep", "race.sim.yaml")
    assert re.match(r"race: \d+ of \d+ points, 0 failed\n", swept.err)

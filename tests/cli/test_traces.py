"""``llm-sim show`` and ``llm-sim diff``."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Command

MADE_BY = f"  made by   Python {platform.python_version()}, llm_sim 0.1.0"
INTERRUPTED = "ls1-interrupt@FunctionCallInProgress+1"
TWICE = """\
version: 1
scenarios:
  - name: twice
    bot: tests.cli.test_traces:careless
    script:
      - [{call: find_table, as: c1}]
      - [{say: Table 7.}]
"""


@pytest.fixture
def traces(cli: Command, here: Path) -> Path:
    """Write a clean trace, the same one again, one of another schedule, and one that fails."""
    cli("run", "race.sim.yaml", "--trace", "clean.jsonl")
    cli("run", "race.sim.yaml", "--trace", "again.jsonl")
    how = ("--schedule", INTERRUPTED, "--trace")
    cli("replay", "race.sim.yaml", *how, "interrupted.jsonl")
    cli("replay", "race.sim.yaml", *how, "broken.jsonl", "--target", "naive")
    return here


def test_a_clean_trace_is_shown(cli: Command, traces: Path) -> None:
    shown = cli("show", "clean.jsonl")
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert lines[:6] == [
        "race on reference 0.1.0, sequential mode",
        "  place     race.sim.yaml::race",
        "  schedule  undisturbed   ls1-undisturbed",
        MADE_BY,
        "  call      c1 `check`: started in_progress result; its handler started returned",
        "  call      c2 `hang_up`: started in_progress result; its handler started returned",
    ]
    assert lines[6].strip() == (
        "virtual time                                                 "
        "source  user  llm  assistant  sink"
    )
    assert lines[-1] == "  verdict   every law holds"


def test_a_broken_trace_is_judged_again(cli: Command, traces: Path) -> None:
    (traces / "race.sim.yaml").unlink()  # the trace is all that it takes
    shown = cli("show", "broken.jsonl")
    assert (shown.code, shown.err) == (1, "")
    lines = shown.out.splitlines()
    assert lines[2:6] == [
        f"  schedule  interrupt 1 step after FunctionCallInProgress   {INTERRUPTED}",
        MADE_BY,
        "  call      c1 `check`: started in_progress cancelled; its handler started cancelled",
        "  call      c2 `hang_up`: started; its handler never ran",
    ]
    assert [line for line in lines if line.startswith("LS")] == [
        "LS101 hang_up is never settled: last heard of as started"
    ]
    assert lines[-1] == (
        f"  replay    llm-sim replay race.sim.yaml::race --schedule {INTERRUPTED} --target naive"
    )


async def answers_twice(params: Any) -> None:
    await params.result_callback({"table": 7})
    await params.result_callback({"table": 8})


def careless(llm: Any) -> None:
    llm.register_function("find_table", answers_twice)


def test_a_warning_is_shown_and_is_no_broken_law(cli: Command, here: Path) -> None:
    (here / "twice.sim.yaml").write_text(TWICE, encoding="utf-8")
    cli("run", "twice.sim.yaml", "--trace", "twice.jsonl")
    shown = cli("show", "twice.jsonl")
    assert (shown.code, shown.err) == (0, "")
    assert [line for line in shown.out.splitlines() if "warn " in line] == [
        "  warn      LS401 c1 `find_table`: its handler gives a second final result",
    ]


def test_a_trace_that_was_cut_short_gives_no_verdict(cli: Command, traces: Path) -> None:
    lines = (traces / "broken.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    for count in range(1, len(lines)):
        (traces / "cut.jsonl").write_text("".join(lines[:count]), encoding="utf-8")
        shown = cli("show", "cut.jsonl")
        assert (shown.code, shown.err) == (3, "")
        assert shown.out.splitlines()[-3:] == [
            "no verdict: the trace ends before the run did",
            "  schedule  interrupt 1 step after FunctionCallInProgress",
            f"  replay    llm-sim replay race.sim.yaml::race --schedule {INTERRUPTED} "
            "--target naive",
        ]


def test_a_trace_of_a_test_is_replayed_by_pytest(cli: Command, traces: Path) -> None:
    text = (traces / "broken.jsonl").read_text(encoding="utf-8")
    header, _, events = text.partition("\n")
    of_a_test = json.loads(header) | {"file": "", "test": "tests/test_race.py::test_race[a b]"}
    text = f"{json.dumps(of_a_test)}\n{events}"
    (traces / "of_a_test.jsonl").write_text(text, encoding="utf-8")
    assert cli("show", "of_a_test.jsonl").out.splitlines()[-1] == (
        f'  replay    pytest "tests/test_race.py::test_race[a b]" --llm-sim-replay={INTERRUPTED}'
    )


def test_every_event_is_told_on_request(cli: Command, traces: Path) -> None:
    shown = cli("show", "clean.jsonl", "--all")
    text = (traces / "clean.jsonl").read_text(encoding="utf-8")
    events = [line for line in shown.out.splitlines() if " step " in line[:12]]
    assert len(events) == text.count('"line":"event"')
    assert [line.split(maxsplit=5)[-1] for line in events if "handler" in line][:2] == [
        'handler   check c1 {"phase": "started"}',
        'handler   check c1 {"phase": "returned", "cancels": 0}',
    ]


def test_equal_traces_are_equal(cli: Command, traces: Path) -> None:
    told = cli("diff", "clean.jsonl", "again.jsonl")
    assert (told.code, told.err) == (0, "")
    assert told.out.endswith(" events are the same\n")
    assert told.out.count("\n") == 1


def test_the_first_difference_is_told_with_what_is_around_it(cli: Command, traces: Path) -> None:
    told = cli("diff", "clean.jsonl", "interrupted.jsonl")
    lines = told.out.splitlines()
    assert (told.code, told.err) == (1, "")
    assert lines[0] == f"schedule  ls1-undisturbed  |  {INTERRUPTED}"
    assert lines[1].endswith("is the first that differs: its kind is answer and stimulus")
    blank = [number for number, line in enumerate(lines) if not line]
    assert [lines[number + 1] for number in blank] == ["clean.jsonl", "interrupted.jsonl"]
    for number in blank:
        around = lines[number + 2 : number + 9]
        assert [line[:3] for line in around] == ["   "] * 3 + [">>>"] + ["   "] * 3


def test_what_differs_in_an_event_is_told(cli: Command, traces: Path) -> None:
    text = (traces / "clean.jsonl").read_text(encoding="utf-8")
    (traces / "edited.jsonl").write_text(text.replace('"Done."', '"Gone."', 1), encoding="utf-8")
    told = cli("diff", "clean.jsonl", "edited.jsonl")
    assert told.code == 1
    assert told.out.splitlines()[0].endswith(
        'is the first that differs: the payload is {"text": "Done."} and {"text": "Gone."}'
    )


def test_a_trace_that_ends_before_is_told(cli: Command, traces: Path) -> None:
    lines = (traces / "clean.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (traces / "short.jsonl").write_text("".join(lines[:-1]), encoding="utf-8")
    told = cli("diff", "short.jsonl", "clean.jsonl")
    assert told.code == 1
    assert told.out.splitlines()[0].endswith("one of the traces has ended before it")
    assert [line[:23] for line in told.out.splitlines() if line.startswith(">>> the")] == [
        ">>> the trace ends afte"
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("no.jsonl", None, "there is no such file"),
        ("empty.jsonl", "", "line 1: an empty file is not a trace"),
        ("bad.jsonl", '{"line":"trace"', "line 1: not a line of a trace: "),
        ("text.txt", "Hello.\n", "line 1: not a line of a trace: "),
        (
            "saved.failure.yaml",
            "",
            "is a saved failure, not a trace; see it again with llm-sim replay saved.failure.yaml",
        ),
        (
            "order.sim.yaml",
            "",
            "is no trace; a scenario makes one with llm-sim run order.sim.yaml --trace order.jsonl",
        ),
    ],
)
def test_what_is_no_trace_is_refused(
    cli: Command, here: Path, name: str, text: str | None, message: str
) -> None:
    if text is not None:
        (here / name).write_text(text, encoding="utf-8")
    for words in (("show", name), ("diff", name, name)):
        told = cli(*words)
        assert told.err.startswith(f"llm-sim: {name}: {message}")
        assert (told.code, told.out, told.err.count("\n")) == (2, "", 1)


def test_a_directory_and_bytes_are_refused(cli: Command, here: Path) -> None:
    (here / "bytes.jsonl").write_bytes(b"\xff\xfe")
    assert [cli("show", name).err for name in (".", "bytes.jsonl")] == [
        "llm-sim: .: this is a directory: name a file in it\n",
        "llm-sim: bytes.jsonl: not a trace: it is not UTF-8 text\n",
    ]


def test_a_broken_line_is_named(cli: Command, traces: Path) -> None:
    lines = (traces / "clean.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    lines[6] = "{}\n"
    (traces / "damaged.jsonl").write_text("".join(lines), encoding="utf-8")
    assert cli("show", "damaged.jsonl").err == (
        "llm-sim: damaged.jsonl: line 7: not a line of a trace: it has no 'line', which says of "
        "what kind it is\n"
    )

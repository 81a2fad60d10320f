"""``llm-sim run`` tells what a scenario expects and does not get."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_sim.trace import loads
from tests.support.command import Command

CALLS = """\
version: 1
scenarios:
  - name: calls
    script:
      - [{say: One moment.}, {call: slow, as: c1}]
      - [{say: Done.}]
    tools: {slow: {latency: 1s}}
    expect:
      - call: {c1: result}
      - trace: golden/calls.trace
"""


def write(here: Path, text: str) -> None:
    (here / "calls.sim.yaml").write_text(text, encoding="utf-8")


def test_an_expectation_that_is_not_met_fails_the_run_at_its_place(
    cli: Command, here: Path
) -> None:
    write(here, CALLS.replace("c1: result", "c1: cancelled").replace("      - trace", "      # "))
    run = cli("run", "calls.sim.yaml")
    assert (run.code, run.err) == (1, "")
    lines = run.out.splitlines()
    assert lines[1].endswith("1 expectation not met")
    assert lines[3].startswith("expectation not met: c1 should end as cancelled, not result")
    assert lines[4:8] == [
        "  in        calls.sim.yaml::calls on reference 0.1.0",
        "  calls.sim.yaml:9:20: c1 should end as cancelled, not result: it was started, "
        "in_progress, result",
        "  timeline  reference 0.1.0, parallel mode",
        "  virtual time                                                 source  user  llm  "
        "assistant  sink",
    ]
    assert [" ".join(line.split()[:6]) for line in lines if line.startswith(">>>")] == [
        ">>> 1000 ms v FunctionCallResult c1"
    ]
    assert lines[-1] == "  replay    llm-sim run calls.sim.yaml::calls --target reference"


def test_a_golden_trace_that_is_not_there_is_written_when_asked_for(
    cli: Command, here: Path
) -> None:
    write(here, CALLS)
    first = cli("run", "calls.sim.yaml")
    told = Path("golden/calls.trace")
    assert first.code == 1
    assert (
        f"  calls.sim.yaml:10:16: {told}: there is no such file: "
        "write it with --update (of pytest, --llm-sim-update)"
    ) in first.out.splitlines()
    assert not told.exists()
    update = cli("run", "calls.sim.yaml", "--update")
    assert (update.code, update.out.splitlines()[2:]) == (0, [f"  wrote     {told}"])
    again = cli("run", "calls.sim.yaml", "--update")
    assert (again.code, len(again.out.splitlines())) == (0, 2)
    write(here, CALLS.replace("Done.", "Finished."))
    other = cli("run", "calls.sim.yaml")
    assert other.code == 1
    assert [line for line in other.out.splitlines() if line[:5] in ("    -", "    +")] == [
        '    -    1000 ms  v assistant  LLMText "Done."',
        '    +    1000 ms  v assistant  LLMText "Finished."',
    ]


def test_a_golden_trace_keeps_what_was_written_on_another_target(cli: Command, here: Path) -> None:
    write(here, CALLS)
    cli("run", "calls.sim.yaml", "--update")
    cli("run", "calls.sim.yaml", "--update", "--target", "pipecat")
    assert [cli("run", "calls.sim.yaml", "--target", t).code for t in ("reference", "pipecat")] == [
        0,
        0,
    ]


def test_a_replay_of_a_file_fails_as_long_as_an_expectation_is_not_met(
    cli: Command, here: Path
) -> None:
    write(here, CALLS.replace("c1: result", "c1: never").replace("      - trace", "      # "))
    failed = cli("replay", "calls.sim.yaml")
    assert (failed.code, failed.out) == (
        1,
        "FAILED calls expectation not met: c1 should end as never, not result: it was started, "
        "in_progress, result\n",
    )
    write(here, CALLS.replace("      - trace", "      # "))
    assert (cli("replay", "calls.sim.yaml").out) == "FIXED calls\n"


def test_a_run_without_a_verdict_is_no_golden_trace(cli: Command, here: Path) -> None:
    write(here, CALLS.replace("      - [{say: Done.}]\n", ""))
    run = cli("run", "calls.sim.yaml", "--update")
    assert run.code == 1
    assert not (here / "golden").exists()


def test_the_trace_of_a_run_that_is_not_as_expected_is_written(cli: Command, here: Path) -> None:
    write(here, CALLS.replace("c1: result", "c1: never"))
    assert cli("run", "calls.sim.yaml", "--trace", "calls.jsonl").code == 1
    assert loads((here / "calls.jsonl").read_text(encoding="utf-8")).header.scenario == "calls"


@pytest.mark.parametrize(
    ("there", "message"),
    [
        (b"PRICE = 7\n", "notes.py is no golden trace; name another file or delete it"),
        (b"\xff\xfe", "notes.py is no golden trace; name another file or delete it"),
        (None, "notes.py can be no golden trace: Is a directory; name another file"),
    ],
)
def test_an_update_leaves_alone_what_is_no_golden_trace(
    cli: Command, here: Path, there: bytes | None, message: str
) -> None:
    write(here, CALLS.replace("golden/calls.trace", "notes.py"))
    notes = here / "notes.py"
    if there is None:
        notes.mkdir()
    else:
        notes.write_bytes(there)
    update = cli("run", "calls.sim.yaml", "--update")
    assert (update.code, update.err) == (2, f"llm-sim: calls.sim.yaml:10:16: {message}\n")
    assert there is None or notes.read_bytes() == there


def test_an_update_leaves_the_scenario_file_alone(cli: Command, here: Path) -> None:
    text = CALLS.replace("golden/calls.trace", "calls.sim.yaml")
    write(here, text)
    assert cli("run", "calls.sim.yaml", "--update").code == 2
    assert (here / "calls.sim.yaml").read_text(encoding="utf-8") == text


def test_a_golden_trace_below_a_file_is_refused(cli: Command, here: Path) -> None:
    write(here, CALLS.replace("golden/calls.trace", "calls.sim.yaml/calls.trace"))
    update = cli("run", "calls.sim.yaml", "--update")
    assert (update.code, update.err) == (
        2,
        "llm-sim: calls.sim.yaml:10:16: calls.sim.yaml/calls.trace can be no golden trace: "
        "Not a directory; name another file\n",
    )


def test_an_empty_file_becomes_a_golden_trace(cli: Command, here: Path) -> None:
    write(here, CALLS.replace("golden/calls.trace", "calls.trace"))
    (here / "calls.trace").touch()
    assert [cli("run", "calls.sim.yaml", *update).code for update in (["--update"], [])] == [0, 0]

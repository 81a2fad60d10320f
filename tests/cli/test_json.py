"""``--json``: every command writes one kind of document, whatever comes of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_sim.errors import SimulationError
from llm_sim.exploration import search_points
from llm_sim.simulation import Setup
from tests.cli.conftest import RACE
from tests.support.command import Command, Outcome
from tests.support.json_schema import faults

NAIVE = ("--target", "naive")
TOKEN = "ls1-interrupt@start+1"
BOT = "llm_sim.cli.demo.bots:booking_bot"
FUZZ = ("fuzz", "race.sim.yaml", *NAIVE, "--examples", "4", "--seed", "3")
REPORTS = {
    "run": ("run", "race.sim.yaml"),
    "sweep": ("sweep", "race.sim.yaml", *NAIVE),
    "reorder": ("reorder", "race.sim.yaml", "--runs", "3"),
    "replay": ("replay", "race.sim.yaml", "--schedule", TOKEN, *NAIVE),
    "shrink": ("shrink", "race.sim.yaml", "--schedule", TOKEN, *NAIVE),
    "fuzz": FUZZ,
    "smoke": ("smoke", BOT),
    "check": ("check", "race.sim.yaml"),
    "show": ("show", "race.jsonl"),
}
WRONG = {
    "run": ("run", "rcae.sim.yaml"),
    "sweep": ("sweep", "race.sim.yaml", "--inject", "interupt"),
    "reorder": ("reorder", "race.sim.yaml", "--policy", "randon"),
    "replay": ("replay", "rcae.sim.yaml"),
    "shrink": ("shrink", "race.sim.yaml", "--schedule", "ls1-undisturbed"),
    "fuzz": ("fuzz", "rcae.sim.yaml"),
    "smoke": ("smoke", f"{BOT}s"),
    "check": ("check", "rcae.sim.yaml"),
    "show": ("show", "rcae.jsonl"),
}


@pytest.fixture
def schema(cli: Command, here: Path) -> dict[str, Any]:
    """Return the schema of the reports, as it is printed; there is a trace, too."""
    cli("run", "race.sim.yaml", "--trace", "race.jsonl")
    return dict(json.loads(cli("schema", "--report").out))


def report(told: Outcome) -> dict[str, Any]:
    return dict(json.loads(told.out))


@pytest.mark.parametrize("command", REPORTS)
def test_every_command_writes_one_kind_of_document(
    cli: Command, schema: dict[str, Any], command: str
) -> None:
    told = cli(*REPORTS[command], "--json", "-")
    document = report(told)
    assert faults(document, schema) == []
    assert (document["command"], document["exit_code"]) == (command, told.code)
    assert (document["verdict"] == "clean") == (told.code == 0)
    assert all(each["place"] for each in document["searches"] if "bot" not in each)


@pytest.mark.parametrize("command", WRONG)
def test_a_command_that_cannot_run_says_why_in_its_document(
    cli: Command, schema: dict[str, Any], command: str
) -> None:
    told = cli(*WRONG[command], "--json", "-")
    document = report(told)
    assert faults(document, schema) == []
    assert told.code == 2
    assert (document["verdict"], document["exit_code"]) == ("no verdict", 2)
    (problem,) = document["problems"]
    assert problem in told.err


def test_a_finding_has_every_key_that_is_documented(cli: Command, here: Path) -> None:
    document = report(cli(*REPORTS["sweep"], "--json", "-"))
    finding = document["findings"][0]
    (saved,) = (here / ".llm_sim" / "failures").glob("LS101-*")
    assert finding.pop("violations")[0] == {
        "law": "LS101",
        "kind": finding["kind"],
        "tool": "hang_up",
        "call": "c2",
        "message": "c2 `hang_up` is never settled: last heard of as started",
    }
    assert finding.pop("kind").startswith("never-settled")
    assert finding == {
        "verdict": "broken",
        "headline": "LS101 hang_up is never settled: last heard of as started (13 of 35 points)",
        "scenario": "race",
        "place": "race.sim.yaml::race",
        "target": "naive 0.1.0",
        "law": "LS101",
        "tool": "hang_up",
        "call": "c2",
        "message": "c2 `hang_up` is never settled: last heard of as started",
        "expectations": [],
        "token": TOKEN,
        "schedule": "interrupt 1 step after the conversation opened",
        "windows": [{"first": 2, "last": 14, "token": TOKEN}],
        "hits": 13,
        "of": 35,
        "unit": "point",
        "stock": "fails",
        "known": False,
        "issue": None,
        "saved": saved.name.removesuffix(".failure.yaml"),
        "replay": f"llm-sim replay race.sim.yaml::race --schedule {TOKEN} --target naive",
    }


def test_what_the_baseline_knows_is_in_the_document_and_decides_nothing(
    cli: Command, here: Path
) -> None:
    known = ("--baseline", "known.yaml")
    assert cli(*REPORTS["sweep"], *known, "--update-baseline").code == 0
    document = report(cli(*REPORTS["sweep"], *known, "--json", "-"))
    assert [finding["known"] for finding in document["findings"]] == [True] * 3
    assert (document["verdict"], document["exit_code"]) == ("clean", 0)


def test_an_expectation_that_is_not_met_is_a_finding(cli: Command, here: Path) -> None:
    text = (here / "race.sim.yaml").read_text(encoding="utf-8")
    (here / "race.sim.yaml").write_text(
        f"{text}    expect: [{{call: {{c1: never}}}}]\n", encoding="utf-8"
    )
    document = report(cli("run", "race.sim.yaml", "--json", "-"))
    (finding,) = document["findings"]
    assert (document["verdict"], finding["verdict"], finding["law"]) == ("unmet", "unmet", "")
    assert finding["expectations"] == [finding["message"]]
    assert finding["message"].startswith("c1 should end as never, not result")


def test_a_saved_failure_is_replayed_by_its_file(cli: Command, here: Path) -> None:
    assert cli(*REPORTS["shrink"]).code == 1  # its scenario stands in no other file
    (saved,) = (here / ".llm_sim" / "failures").iterdir()
    file = saved.relative_to(here)
    for words in (("replay",), ("replay", file), REPORTS["shrink"]):
        (finding,) = report(cli(*words, "--json", "-"))["findings"]
        assert (finding["replay"], finding["saved"]) == (
            f"llm-sim replay {file}",
            saved.name.removesuffix(".failure.yaml"),
        )


def test_standard_output_is_the_document_alone(cli: Command, here: Path) -> None:
    told = cli(*REPORTS["sweep"], "--json", "-")
    assert told.out.startswith('{\n  "format": 1,\n')
    assert told.err.startswith("naive 0.1.0 · interrupt at every point\n")
    assert "\nLS101 hang_up is never settled" in told.err
    assert cli("run", "race.sim.yaml").out.startswith("reference 0.1.0 · undisturbed\n")


def test_the_document_can_be_written_where_only_ascii_can(cli: Command, here: Path) -> None:
    (here / "schön.sim.yaml").write_text(RACE, encoding="utf-8")
    told = cli("run", "schön.sim.yaml", "--json", "-")
    assert told.out.isascii()
    assert report(told)["searches"][0]["place"] == "schön.sim.yaml::race"


def test_a_file_takes_the_document_and_standard_output_the_result(cli: Command, here: Path) -> None:
    told = cli("run", "race.sim.yaml", "--json", "report.json")
    document = json.loads((here / "report.json").read_text(encoding="utf-8"))
    assert (document["verdict"], told.out.split()[-1]) == ("clean", "clean")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device is one of Linux")
def test_a_document_that_cannot_be_written_leaves_no_verdict(cli: Command, here: Path) -> None:
    told = cli("run", "race.sim.yaml", "--json", "/dev/full")
    assert (told.code, told.err) == (3, "llm-sim: /dev/full: No space left on device\n")


def test_a_bug_of_ours_is_in_the_document(
    cli: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def buggy(*args: object, **options: object) -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr("llm_sim.cli._run.search_run", buggy)
    document = report(cli("run", "race.sim.yaml", "--json", "-"))
    assert (document["verdict"], document["exit_code"], document["problems"]) == (
        "no verdict",
        4,
        ["nobody thought of this"],
    )


@pytest.fixture
def breaks_off(here: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Return a sweep of two scenarios whose second one breaks off."""
    text = RACE.replace("name: race", "name: second")
    (here / "second.sim.yaml").write_text(text, encoding="utf-8")

    def searched(setup: Setup, *args: Any, **options: Any) -> Any:
        if setup.scenario.name == "second":
            raise SimulationError("nothing more can be said")
        return search_points(setup, *args, **options)

    monkeypatch.setattr("llm_sim.cli._sweep.search_points", searched)
    return ("sweep", "race.sim.yaml", "second.sim.yaml", *NAIVE, "--json", "report.json")


def test_an_error_in_the_middle_loses_nothing_that_was_found(
    cli: Command, here: Path, breaks_off: tuple[str, ...]
) -> None:
    told = cli(*breaks_off)
    document = json.loads((here / "report.json").read_text(encoding="utf-8"))
    assert (told.code, told.err) == (3, "llm-sim: nothing more can be said\n")
    assert "\nLS101 hang_up is never settled" in told.out
    assert (document["exit_code"], len(document["findings"]), document["problems"]) == (
        3,
        3,
        ["nothing more can be said"],
    )


def test_where_nobody_reads_what_is_shown_the_document_is_written(
    cli: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(text: str) -> None:
        raise BrokenPipeError

    with monkeypatch.context() as patched:
        patched.setattr("llm_sim.cli._output.out", unread)
        patched.setattr("llm_sim.cli._app.sys.stdout", sys.stdout)
        code = cli("sweep", "race.sim.yaml", *NAIVE, "--json", "report.json").code
    document = json.loads((here / "report.json").read_text(encoding="utf-8"))
    assert (code, document["exit_code"], document["problems"]) == (3, 3, ["BrokenPipeError()"])

"""Ctrl-C at any place: what was found is shown, kept and written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_sim import exploration
from llm_sim.simulation import Finding
from tests.cli.conftest import RACE
from tests.support.command import Command

NAIVE = ("--target", "naive")
SEARCHES = {
    "sweep": ("_sweep.search_points", ()),
    "reorder": ("_reorder.search_orders", ("--runs", "30", "--schedule", "ls1-interrupt@start+1")),
    "run": ("_run.search_run", ()),
    "fuzz": ("_fuzz.search_drawn", ("--examples", "20")),
}


def _pressed_after_the_first(search: Callable[..., Any]) -> Callable[..., Iterator[Finding]]:
    def searched(*args: Any, **options: Any) -> Iterator[Finding]:
        yield next(search(*args, **options))
        raise KeyboardInterrupt

    return searched


@pytest.fixture
def files(here: Path) -> tuple[str, str]:
    """Write a scenario that fails undisturbed, and another one."""
    text = f"{RACE}    inject: [{{step: 1, do: interrupt}}]\n"
    (here / "race.sim.yaml").write_text(text, encoding="utf-8")
    (here / "b.sim.yaml").write_text(RACE.replace("name: race", "name: b"), encoding="utf-8")
    return "race.sim.yaml", "b.sim.yaml"


@pytest.mark.parametrize("command", SEARCHES)
def test_what_was_found_before_is_shown_and_written(
    cli: Command,
    here: Path,
    files: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    where, few = SEARCHES[command]
    original = getattr(exploration, where.partition(".")[2])
    monkeypatch.setattr(f"llm_sim.cli.{where}", _pressed_after_the_first(original))
    told = cli(command, *files, *NAIVE, *few, "--json", "report.json")
    document = json.loads((here / "report.json").read_text(encoding="utf-8"))
    assert (told.code, told.err.splitlines()[-1]) == (1, "llm-sim: stopped")
    assert (document["exit_code"], document["stopped"], len(document["findings"])) == (1, True, 1)
    assert document["findings"][0]["headline"] in told.out
    assert document["findings"][0]["replay"] in told.out
    assert "\n  timeline " in told.out


@pytest.mark.parametrize("command", SEARCHES)
def test_where_nothing_was_found_there_is_no_verdict(
    cli: Command, here: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    def pressed(*args: Any, **options: Any) -> Iterator[Finding]:
        yield from ()
        raise KeyboardInterrupt

    where, few = SEARCHES[command]
    monkeypatch.setattr(f"llm_sim.cli.{where}", pressed)
    told = cli(command, "race.sim.yaml", *few, "--json", "report.json")
    document = json.loads((here / "report.json").read_text(encoding="utf-8"))
    assert (told.code, told.err.splitlines()[-1]) == (3, "llm-sim: stopped")
    assert (document["verdict"], document["exit_code"], document["stopped"]) == (
        "no verdict",
        3,
        True,
    )


def test_a_baseline_is_not_pruned_by_a_sweep_that_was_stopped(
    cli: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = ("--baseline", "known.yaml")
    cli("sweep", "race.sim.yaml", *NAIVE, *known, "--update-baseline")
    before = (here / "known.yaml").read_text(encoding="utf-8")
    searched = _pressed_after_the_first(exploration.search_points)
    monkeypatch.setattr("llm_sim.cli._sweep.search_points", searched)
    told = cli("sweep", "race.sim.yaml", *NAIVE, *known, "--prune-baseline")
    assert (told.code, (here / "known.yaml").read_text(encoding="utf-8")) == (3, before)

"""The situations of ``scenarios/``: the reference core keeps every law in all of them."""

from __future__ import annotations

from functools import cache

import pytest

from llm_sim.exploration import sweep
from llm_sim.scenario import Scenario, load_scenarios
from llm_sim.simulation import run
from tests.support.scenarios import ROOT

SAMPLE = 40
"""Pairs that are tried of each scenario and each pair of stimuli."""


@cache
def _all() -> tuple[Scenario, ...]:
    files = sorted((ROOT / "scenarios").glob("*.sim.yaml"))
    return tuple(scenario for file in files for scenario in load_scenarios(str(file)))


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``bot: scenarios.bots:…`` be found wherever pytest was started."""
    monkeypatch.chdir(ROOT)


def test_there_are_at_least_twenty_situations_in_both_modes() -> None:
    assert len(_all()) >= 20
    assert {scenario.mode for scenario in _all()} == {"parallel", "sequential"}


@pytest.mark.parametrize("scenario", _all(), ids=lambda scenario: scenario.name)
def test_undisturbed_every_law_holds_and_the_script_is_used_up(scenario: Scenario) -> None:
    one = run(scenario)
    assert (one.violations, one.complaint) == ((), None)


@pytest.mark.parametrize(
    "inject",
    ["interrupt", *(pytest.param(one, marks=pytest.mark.slow) for one in ("end", "cancel"))],
)
@pytest.mark.parametrize("scenario", _all(), ids=lambda scenario: scenario.name)
def test_every_law_holds_at_every_point(scenario: Scenario, inject: str) -> None:
    report = sweep(scenario, inject=inject)
    assert report.clean, report.windows


@pytest.mark.slow
@pytest.mark.parametrize(
    "inject",
    ["interrupt+interrupt", "interrupt+end", "interrupt+cancel", "end+interrupt", "end+cancel"],
)
@pytest.mark.parametrize("scenario", _all(), ids=lambda scenario: scenario.name)
def test_every_law_holds_at_sampled_pairs_of_points(scenario: Scenario, inject: str) -> None:
    report = sweep(scenario, inject=inject, most=SAMPLE)
    assert report.clean, report.windows

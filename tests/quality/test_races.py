"""Each planted race is found by the laws alone, soon, and the correct core is quiet beside it."""

from __future__ import annotations

import pytest

from llm_sim.exploration import SweepReport, sweep
from llm_sim.invariants import LAWS
from tests.quality.races import RACES, Race
from tests.support.planted import planted

FEWEST_RACES = 12
NEED_TWO_RUNS = {"LS501", "LS502"}
"""The laws on the harness itself, which compare two runs: nothing planted in a core breaks them."""
OF_HANDLERS = {"LS401"}
"""The laws that no core can break, only the handlers of a bot."""

each_race = pytest.mark.parametrize("race", RACES, ids=lambda race: race.id)


def runs_until_found(report: SweepReport, laws: set[str]) -> int | None:
    """Return how many runs it took to break all of these laws in one; None if none did."""
    runs = [report.undisturbed.laws, *(outcome.laws for outcome in report.outcomes)]
    return next((n for n, broken in enumerate(runs, 1) if laws <= set(broken)), None)


@pytest.mark.slow
@each_race
def test_the_laws_find_the_planted_race(race: Race) -> None:
    report = sweep(race.scenario, target=planted(race.part), inject=race.inject)
    found = runs_until_found(report, set(race.laws.split()))
    assert found is not None, f"{race.sentence} Found: {report.laws}"
    assert found <= race.runs, race.sentence


@pytest.mark.slow
@each_race
def test_the_correct_core_is_quiet_in_the_same_runs(race: Race) -> None:
    report = sweep(race.scenario, inject=race.inject)
    assert report.clean, (report.undisturbed.laws, report.complaint, report.windows)


def test_there_are_enough_races_and_each_says_what_it_is() -> None:
    assert len({race.id for race in RACES}) == len(RACES) >= FEWEST_RACES
    assert [race.id for race in RACES if not race.sentence] == []


def test_every_law_on_a_core_finds_a_race() -> None:
    exercised = {law for race in RACES for law in race.laws.split()}
    assert {law.code for law in LAWS} - exercised == NEED_TWO_RUNS | OF_HANDLERS

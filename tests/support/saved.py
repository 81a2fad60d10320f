"""Failures of the planted races, with good defaults."""

from __future__ import annotations

from llm_sim.kept import SavedFailure
from llm_sim.scenario import Place, Scenario
from llm_sim.schedule import decode
from llm_sim.simulation import run
from tests.support.scenarios import two_tools

TOKEN = "ls1-interrupt@start+1"
"""An interruption that breaks LS101 on g1, and more, on the naive service."""

PLACE = "a.sim.yaml::two_tools"


def saved(
    token: str = TOKEN, *, law: str = "LS101", scenario: Scenario | None = None, place: str = PLACE
) -> SavedFailure:
    """Return a failure of the naive service: two tools in a row, interrupted."""
    happens = two_tools("sequential") if scenario is None else scenario
    where = Place(Place.parse(place).file, happens.name)
    one = run(happens, schedule=decode(token), target="naive", place=where)
    violation = next(each for each in one.violations if each.law == law)
    return SavedFailure.of(one, violation)

"""Failures of the planted races, with good defaults."""

from __future__ import annotations

from llm_sim.exploration import Found, replay
from llm_sim.scenario import Scenario
from tests.support.scenarios import two_tools

TOKEN = "ls1-interrupt@start+1"
"""An interruption that breaks LS101 on g1, and more, on the naive service."""

PLACE = "a.sim.yaml::two_tools"


def found(
    token: str = TOKEN, *, law: str = "LS101", scenario: Scenario | None = None, place: str = PLACE
) -> Found:
    """Return a failure of the naive service: two tools in a row, interrupted."""
    file = place.partition("::")[0]
    scenarios = [two_tools("sequential") if scenario is None else scenario]
    (run,) = replay(scenarios, token, target="naive", place=file).runs
    violation = next(each for each in run.violations if each.law == law)
    return Found.of(run, violation, "naive")

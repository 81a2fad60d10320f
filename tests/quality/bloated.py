"""The scenarios of the planted races, grown: around each race there is something to leave away."""

from __future__ import annotations

from functools import cache

from llm_sim.exploration import sweep
from llm_sim.invariants import Violation
from llm_sim.scenario import (
    Scenario,
    Tool,
    Turn,
    after,
    call,
    error,
    format_duration,
    say,
    turn,
    wait,
)
from llm_sim.schedule import decode
from llm_sim.simulation import Run, run
from tests.quality.races import RACES
from tests.support.planted import planted

_MOST = 60
"""Points that are tried of a grown scenario, from the last one on."""


def bloated(scenario: Scenario) -> Scenario:
    """Return a scenario with turns before and behind, more tools, latencies and a stimulus."""
    before = turn(say("Let me see."), call("noise", {"why": "not"}, as_="x1"))
    behind = turn(say("Bye, then."), call("noise", as_="x2"))
    spread = [Turn(steps=(say("Well."), *one.steps, wait("3ms"))) for one in scenario.script]
    given = {key: format_duration(ns) for key, ns in scenario.latency.items()}
    return scenario.replace(
        name="bloated",
        about="Much happens here.",
        user="Good morning.",
        script=[before, *spread, behind],
        tools={
            **scenario.tools,
            "noise": Tool(latency="33ms", result={"loud": True}),
            "unused": Tool(),
        },
        latency={"llm": "37ms", "playout": "15ms", **given},
        inject=[*scenario.inject, after("7s", error())],
    )


@cache
def failing(id_: str) -> tuple[Run, Violation]:
    """Return the last run of a grown scenario in which a race breaks the first of its laws."""
    race = next(race for race in RACES if race.id == id_)
    target, scenario = planted(race.part), bloated(race.scenario)
    report = sweep(scenario, target=target, inject=race.inject, most=_MOST)
    (law, *_) = race.laws.split()
    tried = [("ls1-undisturbed", report.undisturbed.laws)]
    tried += [(outcome.token, outcome.laws) for outcome in report.outcomes]
    for token, broken in reversed(tried):
        if law in broken:
            one = run(scenario, target=target, schedule=decode(token))
            for violation in one.violations:
                if violation.law == law and not violation.call.startswith("x"):
                    return one, violation
    raise AssertionError(f"{race.id}: {law} is broken at none of {len(tried)} points")

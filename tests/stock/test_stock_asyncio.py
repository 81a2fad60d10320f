"""What a sweep finds on the simulated loop happens on asyncio's own: the proof of soundness.

At every point of a sweep the scenario runs twice: on the simulated loop, and on asyncio's own with
the stimulus at the same step. The two records are the same, event by event: kind, place, direction,
frame, call, cause, data, virtual time and step; and so are the verdicts.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import pytest

from llm_sim.exploration import sweep
from llm_sim.exploration._points import landings
from llm_sim.loop import StockLoop
from llm_sim.scenario import Scenario, Tool, call, load_scenarios, say, turn
from llm_sim.schedule import Kind, Schedule
from llm_sim.simulation import Run, run, steady
from llm_sim.trace import Difference, first_difference
from tests.support.pipecat import needs_pipecat
from tests.support.runs import simulated
from tests.support.scenarios import BARGE_IN, ROOT, two_tools
from tests.support.situations import situations

STRIDES: Final[dict[Kind, int]] = {"interrupt": 1, "end": 6, "cancel": 6}
"""Of the points of each stimulus, every so manyth is tried."""


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``bot: scenarios.bots:…`` be found wherever pytest was started."""
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(one, id=name, marks=() if "barge_in::" in name else pytest.mark.slow)
        for name, one in situations().items()
    ],
)
def test_the_core_does_the_same_at_every_point(scenario: Scenario) -> None:
    assert _differences(scenario) == []


@pytest.mark.slow
@needs_pipecat
@pytest.mark.parametrize("scenario", load_scenarios(str(BARGE_IN)), ids=lambda s: s.name)
def test_pipecat_does_the_same_at_every_point(scenario: Scenario) -> None:
    assert _differences(scenario, "pipecat") == []


def test_the_planted_races_are_the_same() -> None:
    scenario = two_tools("sequential")
    assert _differences(scenario, "naive") == []
    assert sweep(scenario, target="naive").failed


def test_timers_of_one_moment_fire_in_the_same_order() -> None:
    names = ["a", "b", "c", "d", "e"]
    scenario = Scenario(
        script=[turn(*[call(name, as_=name) for name in names]), turn(say("Done."))],
        tools=dict.fromkeys(names, Tool(latency="10ms")),
    )
    answers = simulated(scenario, loop=StockLoop).trace.of("answer")
    assert [event.call for event in answers] == names
    assert _differences(scenario) == []


def test_a_run_that_differs_in_one_latency_is_told_apart() -> None:
    slow = two_tools().replace(tools={"f": Tool(latency="101ms"), "g": Tool(latency="50ms")})
    difference = _difference(run(two_tools()), simulated(slow, loop=StockLoop))
    assert difference is not None
    assert difference.left is not None
    assert difference.right is not None
    assert [difference.left.time_ns, difference.right.time_ns] == [100_000_000, 101_000_000]


def test_a_run_that_differs_in_a_step_is_told_apart() -> None:
    one = simulated(two_tools(), loop=StockLoop)
    later = [dataclasses.replace(event, step=event.step + 1) for event in one.trace.events]
    trace = dataclasses.replace(one.trace, events=later)
    assert _difference(run(two_tools()), dataclasses.replace(one, trace=trace)) is not None


def test_the_trace_says_what_it_was_made_on() -> None:
    header = simulated(two_tools(), loop=StockLoop).trace.header
    assert header.target == "reference 0.1.0 on stock asyncio"


def _points(scenario: Scenario, target: str, inject: Kind) -> list[Schedule]:
    undisturbed = run(scenario, target=target)
    return [Schedule((landing,)) for landing in landings(inject, undisturbed)]


def _differences(scenario: Scenario, target: str = "reference") -> list[tuple[str, Any]]:
    """Return where the two loops part, by schedule, undisturbed and disturbed."""
    found = []
    with steady() as after_run:
        schedules = [Schedule()]
        for inject, stride in STRIDES.items():
            schedules += _points(scenario, target, inject)[::stride]
        for schedule in schedules:
            one = run(scenario, target=target, schedule=schedule)
            stock = simulated(scenario, target=target, schedule=schedule, loop=StockLoop)
            difference = _difference(one, stock) or _verdicts(one, stock)
            if difference is not None:
                found.append((one.token, difference))
            after_run()
    return found


def _difference(one: Run, stock: Run) -> Difference | None:
    return first_difference(one.trace, stock.trace)


def _verdicts(one: Run, stock: Run) -> tuple[Any, Any] | None:
    here, there = (
        (run.violations, str(run.complaint), run.landed, run.opened, run.rested)
        for run in (one, stock)
    )
    return None if here == there else (here, there)

"""Points that share a run: each one, run after all, makes the very same trace."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from llm_sim.exploration import Outcome, stimulus_kinds, sweep
from llm_sim.exploration._attempts import in_this_process, places_behind
from llm_sim.exploration._points import Point, first_places, plan
from llm_sim.loop import QuietSteps
from llm_sim.scenario import Scenario, at, call, interrupt, say, turn
from llm_sim.schedule import Schedule
from llm_sim.simulation import Limits, Run, Setup, simulate, steady
from llm_sim.targets import Bot
from tests.support.pipecat import needs_pipecat
from tests.support.scenarios import ROOT, spoken_tool, two_tools
from tests.support.situations import situations

pytestmark = pytest.mark.slow

SAMPLE = 12
"""Points that are drawn of each situation where there are several stimuli."""


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``bot: scenarios.bots:…`` be found wherever pytest was started."""
    monkeypatch.chdir(ROOT)


@pytest.fixture(autouse=True, scope="module")
def _collector_held() -> Iterator[None]:
    with steady():
        yield


def setup_of(scenario: Scenario, target: str = "reference") -> Setup:
    return Setup.of(scenario, target=target)


def points_of(setup: Setup, inject: str, quiet: set[int] | None = None) -> list[Point]:
    """Return the points that a sweep tries, with all steps that are given taken for quiet."""
    kinds = stimulus_kinds(inject)
    found = QuietSteps()
    undisturbed = simulate(setup, instrument=found)
    runs = in_this_process(setup, lambda: False, lambda: None)
    firsts = first_places(kinds[0], undisturbed, found.steps if quiet is None else quiet)
    most = 10_000 if len(kinds) == 1 else SAMPLE
    return plan(firsts, kinds[1:], lambda schedules: runs(places_behind, schedules), most)[1]


def same_but_for_the_schedule(one: Run, other: Run) -> bool:
    headers = [replace(run.trace.header, schedule="") for run in (one, other)]
    return (
        headers[0] == headers[1]
        and one.trace.frames == other.trace.frames
        and one.trace.events == other.trace.events
        and one.violations == other.violations
    )


def skipped(points: list[Point]) -> list[Point]:
    return [point for point in points if point.alike != point.schedule]


def parted(setup: Setup, points: list[Point]) -> Iterator[Point]:
    """Yield the points whose own run is not the one that is taken for it."""
    known: dict[Schedule, Run] = {}
    for point in points:
        if point.alike not in known:
            known[point.alike] = simulate(setup, point.alike)
        if not same_but_for_the_schedule(known[point.alike], simulate(setup, point.schedule)):
            yield point


def where(prefix: str) -> list[object]:
    return [pytest.param(one, id=name) for name, one in situations().items() if prefix in name]


TARGETS = ["reference", pytest.param("pipecat", marks=needs_pipecat)]


@pytest.mark.parametrize("scenario", where(""))
def test_a_skipped_point_makes_the_run_that_it_is_given(scenario: Scenario) -> None:
    setup = setup_of(scenario)
    points = [
        point for inject in ("interrupt", "end") for point in skipped(points_of(setup, inject))
    ]
    assert points != []
    assert list(parted(setup, points)) == []


@needs_pipecat
@pytest.mark.parametrize("scenario", where("::"))
def test_a_skipped_point_makes_the_run_that_it_is_given_on_pipecat(scenario: Scenario) -> None:
    setup = setup_of(scenario, "pipecat")
    points = skipped(points_of(setup, "interrupt"))
    assert points != []
    assert list(parted(setup, points)) == []


@pytest.mark.parametrize("inject", ["interrupt+end", "end+interrupt+cancel"])
@pytest.mark.parametrize("scenario", where("barge_in::"))
@pytest.mark.parametrize(
    "target", ["reference", pytest.param("pipecat", marks=[needs_pipecat, pytest.mark.slow])]
)
def test_so_does_a_skipped_place_of_a_later_stimulus(
    target: str, scenario: Scenario, inject: str
) -> None:
    setup = setup_of(scenario, target)
    points = skipped(points_of(setup, inject))
    assert points != []
    assert list(parted(setup, points)) == []


def test_an_injection_of_the_scenario_is_not_overtaken() -> None:
    scenario = two_tools().replace(inject=[at("FunctionCallsStarted", interrupt(), offset=1)])
    setup = setup_of(scenario)
    points = skipped(points_of(setup, "end"))
    assert points != []
    assert list(parted(setup, points)) == []


@pytest.mark.parametrize("target", TARGETS)
def test_a_wrong_equivalence_is_caught_by_the_same_comparison(target: str) -> None:
    """One that takes steps which append something for quiet."""
    setup = setup_of(spoken_tool(), target)
    every = set(range(simulate(setup).rested + 1))
    points = skipped(points_of(setup, "interrupt", every))
    assert list(parted(setup, points)) != []


@pytest.mark.parametrize("inject", ["interrupt", "interrupt+end", "interrupt+end+cancel"])
def test_a_sweep_says_the_same_of_every_point_whether_it_is_run_or_not(inject: str) -> None:
    target = "naive"
    scenario = two_tools("sequential")
    shared = sweep(scenario, inject=inject, target=target, most=100)
    each = sweep(scenario, inject=inject, target=target, most=100, every=True)
    assert shared.outcomes == each.outcomes
    assert shared.extent == each.extent
    assert shared.coverage.to_plain() == each.coverage.to_plain()
    assert shared.runs < each.runs == len(each.outcomes)


def busy() -> tuple[Scenario, Bot]:
    """A handler that never lets the loop come to rest."""

    async def lookup(params: object) -> None:
        while True:
            await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0))

    script = [turn(call("lookup", as_="c1")), turn(say("Done."))]
    bot = Bot(lambda llm: llm.register_function("lookup", lookup))
    return Scenario(name="busy", bot="tests:busy", script=script), bot


def test_a_point_where_nothing_lands_is_not_taken_for_another_one() -> None:
    scenario, bot = busy()

    def outcomes(*, every: bool) -> list[Outcome]:
        limits = Limits(max_steps=60)
        return sweep(scenario, bot=bot, limits=limits, laws=(), every=every).outcomes

    each = outcomes(every=True)
    assert outcomes(every=False) == each
    complaints = {outcome.complaint for outcome in each if "did not land" in outcome.complaint}
    assert len(complaints) > 1

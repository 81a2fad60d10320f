"""The planted races are found by the laws alone, and the correct core stays quiet beside them."""

from __future__ import annotations

from llm_sim.exploration import sweep
from llm_sim.scenario import Scenario, Tool, call, say, turn


def _two_in_a_row() -> Scenario:
    return Scenario(
        name="two_in_a_row",
        mode="sequential",
        script=[turn(say("Wait."), call("f", as_="f1"), call("g", as_="g1")), turn(say("Done."))],
        tools={"f": Tool(latency="100ms"), "g": Tool(latency="50ms")},
        latency={"playout": "250ms"},
    )


def test_a_sequential_runner_that_dies_with_a_cancelled_call_is_found() -> None:
    report = sweep(_two_in_a_row(), target="naive")
    assert any({"LS101", "LS103"} <= set(window.laws) for window in report.windows)


def test_queued_calls_that_survive_an_interruption_are_found() -> None:
    report = sweep(_two_in_a_row(), target="naive")
    assert any("LS106" in window.laws for window in report.windows)


def test_the_correct_core_is_quiet_on_the_same_scenario() -> None:
    assert sweep(_two_in_a_row(), target="reference").clean

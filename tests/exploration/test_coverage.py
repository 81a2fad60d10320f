"""Which interleavings were met."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from llm_sim.exploration import Cell, Coverage, cells, sweep
from llm_sim.scenario import (
    Scenario,
    Tool,
    after,
    at,
    at_step,
    end,
    interrupt,
    say,
    turn,
    user_says,
)
from llm_sim.schedule import Schedule
from llm_sim.simulation import Clean, Run, Setup, run
from llm_sim.targets import Bot
from tests.support.scenarios import spoken_tool, two_tools
from tests.support.told import Told


def met(scenario: Scenario, **how: Any) -> list[tuple[str, bool | None, str]]:
    """Return what each stimulus met: the stimulus, the call's flag and its phase."""
    return [(cell.stimulus, cell.cancels, cell.phase) for cell in cells(run(scenario, **how))]


def one_call(**how: Any) -> Scenario:
    """One call whose handler takes 100 ms, behind a sentence that takes 300 ms to play."""
    return spoken_tool().replace(name="one_call", **how)


@pytest.mark.parametrize(
    ("where", "phase"),
    [
        (at_step(0, interrupt()), "before"),
        (at("FunctionCallsStarted", interrupt()), "running"),
        (after("50ms", interrupt()), "running"),
        (after("200ms", interrupt()), "settled"),
        (after("400ms", interrupt()), "delivered"),
    ],
)
def test_a_call_is_in_a_phase_when_a_stimulus_lands(where: Any, phase: str) -> None:
    assert met(one_call(inject=[where])) == [("interrupt", True, phase)]


def test_a_call_that_waits_for_its_turn_is_announced() -> None:
    scenario = two_tools("sequential").replace(inject=[after("50ms", interrupt())])
    assert met(scenario) == [("interrupt", True, "running"), ("interrupt", True, "announced")]


def answering(*answers: str) -> Bot:
    """Return a bot whose handler answers, then goes on for 100 ms."""

    async def lookup(params: Any) -> None:
        if "result" in answers:
            await params.result_callback("ok")
        await asyncio.sleep(0.1)

    return Bot(lambda llm: llm.register_function("lookup", lookup))


def test_a_result_that_is_out_is_settled_although_the_handler_goes_on() -> None:
    scenario = one_call(bot="tests:answering", tools={}, inject=[after("50ms", interrupt())])
    assert met(scenario, bot=answering("result")) == [("interrupt", True, "settled")]
    assert met(scenario, bot=answering()) == [("interrupt", True, "running")]


def test_a_call_that_an_interruption_must_not_cancel_is_told_apart() -> None:
    tools = {"lookup": Tool(latency="100ms", cancel_on_interruption=False)}
    scenario = one_call(tools=tools, inject=[after("50ms", interrupt())])
    assert met(scenario) == [("interrupt", False, "running")]


def test_a_call_without_a_handler_has_no_flag() -> None:
    scenario = one_call(tools={"lookup": Tool(registered=False)}, inject=[after("1s", end())])
    assert met(scenario) == [("end", None, "delivered")]


def test_a_conversation_without_calls_is_met_all_the_same() -> None:
    scenario = Scenario(name="talk", script=[turn(say("Hello."))], inject=[at_step(2, end())])
    assert met(scenario) == [("end", None, "no_call")]


def test_the_opening_is_no_stimulus_and_a_user_who_speaks_again_is_one() -> None:
    assert met(one_call()) == []
    script = [*one_call().script, turn(say("Again."))]
    again = one_call(script=script, inject=[after("2s", user_says("And?"))])
    assert met(again) == [("say", True, "delivered")]


def test_what_the_harness_does_after_rest_is_not_counted() -> None:
    assert "probe" in [event.kind for event in run(one_call()).trace.events]
    assert met(one_call(inject=[after("50ms", interrupt())])) == [("interrupt", True, "running")]


def told_phases(told: Told) -> list[str]:
    """Return the phase of the one call of a trace at each of its stimuli but the first."""
    one = Run(Setup.of(one_call()), Schedule(), told.trace, Clean())
    return [cell.phase for cell in cells(one)]


def test_a_call_goes_through_its_phases_in_order() -> None:
    told = Told().registered("lookup").stimulus("say").stimulus("interrupt")
    told.started("c1").stimulus("interrupt").in_progress("c1").stimulus("interrupt")
    told.handler("c1", "started").stimulus("interrupt")
    told.answered("c1").stimulus("interrupt")
    told.result("c1", seen=False).stimulus("interrupt")
    told.handler("c1", "returned").stimulus("interrupt")
    told.result("c1").stimulus("interrupt").rest().stimulus("end")
    assert told_phases(told) == [
        "before",
        "announced",
        "announced",
        "running",
        "answered",
        "settled",
        "settled",
        "delivered",
    ]


def test_behind_an_intermediate_result_a_call_is_running_again() -> None:
    update = {"properties": {"run_llm": None, "is_final": False}}
    told = Told().stimulus("say").started("c1").handler("c1", "started").answered("c1")
    told.result("c1", **update).stimulus("interrupt").answered("c1").stimulus("interrupt")
    assert told_phases(told) == ["running", "answered"]


def test_a_handler_that_is_over_without_an_answer_is_no_longer_running() -> None:
    told = Told().stimulus("say").started("c1").handler("c1", "started").handler("c1", "raised")
    assert told_phases(told.stimulus("end")) == ["answered"]


def counted(*runs: Run) -> Coverage:
    coverage = Coverage()
    for one in runs:
        coverage.add(one)
    return coverage


def parallel_and_sequential() -> tuple[Run, Run]:
    one = run(one_call(inject=[after("50ms", interrupt())]))
    return one, run(two_tools("sequential").replace(inject=[after("75ms", end())]))


def test_merged_counts_are_those_of_all_runs() -> None:
    one, other = parallel_and_sequential()
    merged = counted(one)
    merged.merge(counted(other))
    assert merged.to_plain() == counted(other, one).to_plain()


def test_a_matrix_shows_what_was_never_met() -> None:
    assert counted(*parallel_and_sequential()).render().splitlines() == [
        "mode        call         stimulus   before  announced  running  answered  settled  "
        "delivered  no call",
        "parallel    cancellable  end             ·          ·        ·         ·        ·  "
        "        ·        ·",
        "parallel    cancellable  interrupt       ·          ·        1         ·        ·  "
        "        ·        ·",
        "sequential  cancellable  end             ·          1        1         ·        ·  "
        "        ·        ·",
        "sequential  cancellable  interrupt       ·          ·        ·         ·        ·  "
        "        ·        ·",
    ]


def test_without_a_stimulus_a_matrix_says_so() -> None:
    assert counted(run(one_call())).render() == "no stimulus landed"


def test_as_json_there_is_an_object_for_each_cell_that_was_met() -> None:
    assert counted(*parallel_and_sequential()).to_plain()[:2] == [
        {
            "mode": "parallel",
            "cancel_on_interruption": True,
            "stimulus": "interrupt",
            "phase": "running",
            "count": 1,
        },
        {
            "mode": "sequential",
            "cancel_on_interruption": True,
            "stimulus": "end",
            "phase": "announced",
            "count": 1,
        },
    ]


def test_a_sweep_counts_each_call_at_each_point() -> None:
    report = sweep(spoken_tool(), every=True)
    counts = {entry["phase"]: entry["count"] for entry in report.coverage.to_plain()}
    assert sum(counts.values()) == report.points
    assert list(counts) == ["before", "announced", "running", "settled", "delivered"]


def test_a_cell_is_plain_data() -> None:
    one, _ = parallel_and_sequential()
    assert cells(one) == (Cell("parallel", True, "interrupt", "running"),)

"""A failure gets smaller, and stays the same failure."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import sys
from typing import Any

import pytest

from llm_sim.errors import UsageError
from llm_sim.exploration import Shrunk, shrink, sweep
from llm_sim.exploration._simpler import without
from llm_sim.invariants import Violation
from llm_sim.kept import SavedFailure, promote
from llm_sim.scenario import (
    Scenario,
    Tool,
    after,
    at,
    call,
    end,
    error,
    fail,
    hold,
    interrupt,
    say,
    turn,
    user_says,
    wait,
)
from llm_sim.schedule import Schedule, decode
from llm_sim.simulation import Run, Setup, run
from llm_sim.targets import Bot
from tests.quality.planted_calls import LateResultsArePushed, OnlyHandlersSettle
from tests.quality.planted_endings import EndIsDropped
from tests.quality.planted_interruptions import CancelsByTheNameOfTheCall
from tests.support.notation import noted
from tests.support.orders import one_order
from tests.support.planted import planted

SILENT = planted(OnlyHandlersSettle)
"""On it a call whose handler raises, is silent or is cancelled from inside is never settled."""


def two_silent_calls(**changes: Any) -> Scenario:
    """Two calls in two turns, and neither is ever settled."""
    given: dict[str, Any] = {
        "name": "two_silent_calls",
        "script": [turn(say("First."), call("f", as_="f1"), call("g", {"n": 1}, as_="g1"))],
        "tools": {"f": Tool(does="stay_silent"), "g": Tool(raises="no", latency="70ms")},
    }
    return Scenario(**{**given, **changes})


def failure(one: Run, law: str, call_id: str = "") -> Violation:
    """Return the violation of a law on a call."""
    return next(v for v in one.violations if (v.law, v.call) == (law, call_id))


def shrunk_from(
    scenario: Scenario, law: str, call_id: str = "", token: str = "ls1-undisturbed", **how: Any
) -> Shrunk:
    """Run a scenario on the silent core and shrink one of its failures."""
    bot, target = how.pop("bot", None), how.pop("target", SILENT)
    one = run(scenario, schedule=decode(token), target=target, bot=bot)
    return shrink(one, failure(one, law, call_id), **how)


def test_what_was_expected_of_the_whole_is_no_hindrance() -> None:
    expecting = two_silent_calls(expect=[{"call": {"f1": "never", "g1": "never"}}], marks=["slow"])
    shrunk, plain = (shrunk_from(one, "LS101", "f1") for one in (expecting, two_silent_calls()))
    assert noted(shrunk.run) == noted(plain.run)
    assert (shrunk.violation, shrunk.runs, shrunk.complete) == (
        plain.violation,
        plain.runs,
        plain.complete,
    )


@pytest.mark.parametrize(
    ("call_id", "smallest"),
    [
        ("f1", "undisturbed | f | f: does stay_silent"),
        ("g1", "undisturbed | g | g: raises 'no'"),
    ],
)
def test_of_two_failing_calls_the_one_asked_for_is_kept(call_id: str, smallest: str) -> None:
    shrunk = shrunk_from(two_silent_calls(), "LS101", call_id)
    assert (noted(shrunk.run), shrunk.violation.call) == (smallest, call_id)


def test_a_failure_that_needs_no_stimulus_shrinks_to_none() -> None:
    disturbed = two_silent_calls(inject=[after("3s", user_says("Well?")), after("5s", error())])
    shrunk = shrunk_from(
        disturbed, "LS103", "f1", "ls1-error@FunctionCallInProgress+2,error@then+4"
    )
    assert noted(shrunk.run) == "undisturbed | f | f: does stay_silent"


async def _answers_twice_in_any_case(params: Any) -> None:
    try:
        await asyncio.sleep(0.1)
    finally:
        await params.result_callback("one")
        await params.result_callback("two")


@pytest.mark.parametrize(
    ("kind", "smallest"),
    [
        ("f1 `f` is settled twice: cancelled, then result", "interrupt@start+1 | f"),
        ("f1 `f` is settled twice: result, then result", "undisturbed | f"),
    ],
)
def test_another_kind_of_breaking_the_same_law_is_not_taken_for_it(
    kind: str, smallest: str
) -> None:
    bot = Bot(lambda llm: llm.register_function("f", _answers_twice_in_any_case))
    how: dict[str, Any] = {"bot": bot, "target": planted(LateResultsArePushed)}
    scenario = two_silent_calls(bot="tests:twice", script=[turn(call("f", as_="f1"))], tools={})
    tokens = [outcome.token for outcome in sweep(scenario, **how).outcomes]
    runs = [run(scenario, schedule=decode(token), **how) for token in reversed(tokens)]
    one, violation = next((r, v) for r in runs for v in r.violations if v.message == kind)
    assert noted(shrink(one, violation).run) == smallest


def test_a_script_that_does_not_fit_is_no_failure_and_is_no_hindrance() -> None:
    script = [turn(call("f", as_="f1")), turn(say("Never said."))]
    shrunk = shrunk_from(two_silent_calls(script=script), "LS101", "f1")
    assert noted(shrunk.run) == "undisturbed | f | f: does stay_silent"
    assert shrunk.complete


def test_a_stimulus_lands_as_early_as_it_can() -> None:
    scenario = Scenario(
        script=[turn(say("Wait."), call("any", as_="c1")), turn(say("Done."))],
        bot="tests.quality.bots:catches_all",
    )
    target = planted(CancelsByTheNameOfTheCall)
    late = [o for o in sweep(scenario, target=target).outcomes if o.failed][-1]
    one = run(scenario, target=target, schedule=decode(late.token))
    shrunk = shrink(one, failure(one, "LS106", "c1"))
    assert late.token == "ls1-interrupt@FunctionCallInProgress.2+2"
    assert noted(shrunk.run) == "interrupt@start+0 | any"


def test_each_of_two_stimuli_lands_as_early_as_it_can() -> None:
    scenario = Scenario(script=[turn(say("Good"), say("bye."))], latency={"playout": "250ms"})
    target = planted(EndIsDropped)
    one = run(scenario, target=target, schedule=decode("ls1-end@LLMText+4,interrupt@then+3"))
    shrunk = shrink(one, failure(one, "LS301"))
    assert noted(shrunk.run) == "end@start+0, interrupt@then+0 | 'Hm.' | playout 10ms"


def test_an_argument_stays_without_which_there_is_no_verdict() -> None:
    async def leaves(params: Any) -> None:
        if "n" not in params.arguments:
            sys.exit(1)

    bot = Bot(lambda llm: llm.register_function("f", leaves))
    script = [turn(call("f", {"n": 1, "m": 2}, as_="f1"))]
    scenario = two_silent_calls(bot="tests:leaves", script=script, tools={})
    assert noted(shrunk_from(scenario, "LS101", "f1", bot=bot).run) == "undisturbed | f(n=1)"


def test_a_stub_is_left_away_where_the_bot_has_a_handler() -> None:
    async def silent(params: object) -> None:
        del params

    bot = Bot(lambda llm: llm.register_function("f", silent))
    scenario = two_silent_calls(bot="tests:silent", tools={"f": Tool(does="stay_silent")})
    assert noted(shrunk_from(scenario, "LS101", "f1", bot=bot).run) == "undisturbed | f"
    assert shrunk_from(scenario, "LS101", "f1", bot=bot).run.scenario.tools == {}


def test_a_stub_stays_where_the_bot_has_no_handler() -> None:
    bot = Bot(lambda llm: None)
    scenario = two_silent_calls(bot="tests:empty")
    shrunk = shrunk_from(scenario, "LS101", "f1", bot=bot)
    assert noted(shrunk.run) == "undisturbed | f | f: does stay_silent"


def test_a_tool_that_hangs_keeps_its_timeout() -> None:
    hanging = Tool(does="hang", timeout="130ms", latency="20ms")
    shrunk = shrunk_from(two_silent_calls(tools={"f": hanging, "g": Tool()}), "LS101", "f1")
    assert noted(shrunk.run) == "undisturbed | f | f: does hang and timeout 10ms"


def test_another_tool_does_not_keep_its_timeout() -> None:
    silent = Tool(does="stay_silent", timeout="130ms", latency="20ms")
    shrunk = shrunk_from(two_silent_calls(tools={"f": silent, "g": Tool()}), "LS101", "f1")
    assert noted(shrunk.run) == "undisturbed | f | f: does stay_silent"


def held(**changes: Any) -> Run:
    """A call that the naive service forgets, with a hold and a strict law that do not matter."""
    scenario = Scenario(
        mode="sequential",
        script=[turn(call("f", as_="f1"), call("g", as_="g1")), turn(say("Done."))],
        tools={"f": Tool(latency="80ms"), "g": Tool(latency="120ms")},
        hold={"g": 1},
        strict=["LS401"],
        open_ended=True,
    ).replace(**changes)
    return run(scenario, target="naive", schedule=decode("ls1-interrupt@FunctionCallsStarted+1"))


@pytest.mark.parametrize(
    "inject", [(), [after("1s", hold("g").release())]], ids=["held", "released"]
)
def test_a_hold_and_a_strict_law_go_where_they_do_not_matter(inject: Any) -> None:
    failing = held(inject=inject)
    shrunk = shrink(failing, failing.violations[0]).run
    assert noted(shrunk) == "interrupt@start+1 | f g | sequential"
    promoted = promote(SavedFailure.of(shrunk, shrunk.violations[0]), "forgotten")
    repaired = run(promoted.scenario, target="reference")
    assert (repaired.violations, repaired.complaint) == ((), None)


def test_a_strict_law_stays_where_it_is_the_one_that_is_broken() -> None:
    async def swallow(params: Any) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(1)
        await params.result_callback("late")

    bot = Bot(lambda llm: llm.register_function("f", swallow))
    scenario = Scenario(
        bot="a:b",
        script=[turn(call("f", as_="f1"))],
        inject=[after("100ms", interrupt())],
        strict=["LS402", "LS401"],
    )
    one = run(scenario, bot=bot)
    (violation,) = one.violations
    assert shrink(one, violation).run.scenario.strict == ("LS401",)


def test_a_landing_that_never_came_is_left_away() -> None:
    token = "ls1-end@EndTask.7+1,interrupt@then+3"
    shrunk = shrunk_from(two_silent_calls(), "LS101", "f1", token)
    assert noted(shrunk.run) == "undisturbed | f | f: does stay_silent"


def test_the_same_run_shrinks_to_the_same_in_as_many_runs() -> None:
    told = [shrunk_from(two_silent_calls(), "LS101", "g1") for _ in range(2)]
    assert noted(told[0].run) == noted(told[1].run)
    assert (told[0].runs, told[0].violation) == (told[1].runs, told[1].violation)


def test_stopped_it_returns_what_it_has_found() -> None:
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 3

    shrunk = shrunk_from(two_silent_calls(), "LS101", "f1", stop=stop)
    assert (shrunk.runs, shrunk.complete, shrunk.violation.call) == (3, False, "f1")
    assert len(shrunk.run.scenario.script[0].steps) < 3


@pytest.mark.parametrize("most", [1, 2, 5])
def test_it_takes_no_more_runs_than_allowed(most: int) -> None:
    shrunk = shrunk_from(two_silent_calls(), "LS101", "g1", most_runs=most)
    assert (shrunk.runs, shrunk.complete) == (most, False)
    assert failure(shrunk.run, "LS101", "g1") == shrunk.violation


def test_stopped_before_the_first_run_it_returns_the_run_as_it_was_given() -> None:
    one = run(two_silent_calls(), target=SILENT)
    violation = failure(one, "LS101", "g1")
    shrunk = shrink(one, violation, stop=lambda: True)
    assert shrunk == Shrunk(one, violation, 0, False)


def test_a_run_that_does_not_fail_is_refused() -> None:
    one = run(two_silent_calls())
    with pytest.raises(UsageError, match="the run does not break LS101 so: 'no' is none of its 0"):
        shrink(one, Violation("LS101", "no", "f1"))


def test_a_failure_of_another_target_is_refused() -> None:
    one = run(two_silent_calls(), target=SILENT)
    elsewhere = dataclasses.replace(one, setup=Setup.of(two_silent_calls()))
    with pytest.raises(UsageError, match="the run does not break LS101 again"):
        shrink(elsewhere, failure(one, "LS101", "f1"))


def test_a_run_in_another_order_than_asyncios_is_refused() -> None:
    one = run(one_order(), schedule=decode("ls1-undisturbed/order@8:1"))
    with pytest.raises(UsageError) as raised:
        shrink(one, failure(one, "LS303", one.violations[0].call))
    assert str(raised.value) == (
        "cannot shrink ls1-undisturbed/order@8:1: shrinking keeps asyncio's order, and this is "
        "another one; use reorder, which reduces what it finds to few deviations"
    )


def test_no_runs_at_all_are_refused() -> None:
    one = run(two_silent_calls(), target=SILENT)
    with pytest.raises(UsageError, match="most_runs=0: allow at least one run"):
        shrink(one, failure(one, "LS101", "f1"), most_runs=0)


def _left(scenario: Scenario, token: str, *pieces: tuple[str | int, ...]) -> list[str]:
    one = dataclasses.replace(run(scenario), schedule=decode(token))
    cases = without(one, pieces)
    return [
        noted(
            dataclasses.replace(
                one, setup=one.setup.varied(case.scenario), schedule=Schedule(case.landings)
            )
        )
        for case in cases
    ]


def test_a_turn_is_left_away_and_is_emptied() -> None:
    scenario = Scenario(script=[turn(say("A.")), turn(say("B.")), turn(say("C."))])
    assert _left(scenario, "ls1-undisturbed", ("script", 1)) == [
        "undisturbed | 'A.' / 'C.'",
        "undisturbed | 'A.' / - / 'C.'",
    ]


def test_tools_that_nobody_calls_go_with_their_calls() -> None:
    scenario = Scenario(
        script=[turn(call("f"), call("g"), wait("1ms"))],
        tools={"f": Tool(latency="1s"), "g": Tool(latency="2s")},
        latency={"llm": "3s"},
    )
    assert _left(scenario, "ls1-undisturbed", ("script", 0, 0)) == [
        "undisturbed | g wait 1ms | g: latency 2s, llm 3s"
    ]


def test_a_landing_that_is_counted_from_one_that_goes_is_counted_from_its_anchor() -> None:
    scenario = Scenario(script=[turn(say("A."))])
    token = "ls1-interrupt@LLMText+2,end@then+5,cancel@then+7"
    assert [_left(scenario, token, ("landings", n))[0].partition(" | ")[0] for n in range(3)] == [
        "end@LLMText+7, cancel@then+7",
        "interrupt@LLMText+2, cancel@then+12",
        "interrupt@LLMText+2, end@then+5",
    ]
    assert _left(scenario, token, ("landings", 0), ("landings", 1)) == [
        "cancel@LLMText+14 | 'A.'",
    ]


def test_what_the_model_of_a_scenario_refuses_is_passed_over() -> None:
    scenario = Scenario(
        script=[turn(fail("no")), turn(call("f"))],
        tools={"f": Tool()},
        inject=[at("LLMText", interrupt()), after("1s", end())],
    )
    # One turn of both would go on after its failure.
    assert _left(scenario, "ls1-undisturbed", ("script", 1, "break")) == []
    (left,) = _left(scenario, "ls1-undisturbed", ("inject", 0))
    assert left.endswith(" | end after 1s")

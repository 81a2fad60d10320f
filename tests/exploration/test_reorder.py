"""One schedule in many orders."""

from __future__ import annotations

import os
import signal

import pytest

from llm_sim.errors import UsageError
from llm_sim.exploration import (
    POLICIES,
    Orders,
    Policy,
    completed,
    reorder,
    replay,
    search_orders,
)
from llm_sim.scenario import Scenario, say, turn
from llm_sim.schedule import Schedule, decode
from llm_sim.simulation import Setup
from tests.support.orders import any_order, one_order
from tests.support.scenarios import barge_in, spoken_tool, two_tools

policies = pytest.mark.parametrize("policy", POLICIES)


@policies
def test_what_relies_on_asyncios_order_is_found_and_replayed(policy: Policy) -> None:
    report = reorder(one_order(), Orders(policy, runs=200, preemptions=1))
    (finding,) = report.findings
    assert report.in_order.laws == ()
    assert finding.laws == report.laws == ("LS303",)
    assert report.failed == finding.hits > 0
    (one,) = replay([one_order()], finding.token).runs
    assert one.laws == ("LS303",)


@policies
def test_what_relies_on_no_order_is_clean(policy: Policy) -> None:
    report = reorder(any_order(), Orders(policy, runs=100, preemptions=1))
    assert (report.findings, report.tried, report.clean) == ([], 100, True)


def test_a_bug_of_one_preemption_is_reduced_to_one_deviation() -> None:
    (finding,) = reorder(one_order(), Orders("random", runs=50)).findings
    assert finding.token == "ls1-undisturbed/order@8:1"


def test_a_bug_of_one_preemption_is_not_found_without() -> None:
    assert reorder(one_order(), Orders("bounded", runs=200, preemptions=0)).findings == []


@pytest.mark.parametrize("policy", ["random", "pos", "pct"])
def test_one_seed_finds_the_same_and_another_one_goes_other_ways(policy: Policy) -> None:
    first, again, other = (
        reorder(one_order(), Orders(policy, runs=30, seed=seed)).failed for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.slow
def test_a_search_that_has_tried_everything_says_so() -> None:
    scenario = Scenario(name="hi", script=[turn(say("Hi."))])
    landing = decode("ls1-interrupt@start+1")
    report = reorder(scenario, Orders("bounded", runs=2_000), schedule=landing)
    assert report.exhausted
    assert report.extent == f"{report.tried} of {report.tried} schedules"


def test_a_search_that_has_not_says_that_too() -> None:
    report = reorder(two_tools(), Orders("bounded", runs=5))
    assert (report.exhausted, report.extent) == (False, "5 schedules, bound reached")


def test_a_schedule_can_be_tried_in_many_orders() -> None:
    landing = decode("ls1-interrupt@FunctionCallsStarted+3")
    report = reorder(two_tools("sequential"), Orders(runs=40), schedule=landing, target="naive")
    assert report.in_order.schedule == landing
    assert {decode(finding.token).landings for finding in report.findings} == {landing.landings}


def test_what_fails_in_asyncios_order_as_well_is_told_in_that_order() -> None:
    landing = decode("ls1-interrupt@FunctionCallResult.2+5")
    report = reorder(two_tools("sequential"), Orders(runs=40), schedule=landing, target="naive")
    assert report.in_order.laws == ("LS111",)
    tokens = [finding.token for finding in report.findings if finding.laws == ("LS111",)]
    assert tokens == ["ls1-interrupt@FunctionCallResult.2+5"]


def test_a_run_without_the_stimulus_is_counted_and_not_judged() -> None:
    last = decode("ls1-interrupt@LLMContext.2+3")
    report = reorder(barge_in("call_that_survives"), Orders("pct", runs=60), schedule=last)
    assert report.missed > 0
    assert (report.clean, report.failed) == (True, 0)
    assert report.extent.endswith(f", {report.missed} of them without the stimulus")


def test_a_schedule_that_does_not_land_is_not_explored() -> None:
    report = reorder(spoken_tool(), schedule=decode("ls1-interrupt@NoSuch+1"))
    assert (report.tried, report.clean) == (0, False)
    assert "did not land" in str(report.complaint)


def test_a_report_as_json_has_what_ci_reads() -> None:
    report = reorder(one_order(), Orders(runs=20))
    plain = report.to_plain()
    assert (plain["policy"], plain["tried"], plain["clean"]) == ("pos", 20, False)
    assert [finding.laws for finding in report.findings] == [("LS303",)]
    assert "may not be reachable on stock asyncio" in plain["note"]


def test_progress_is_told_after_each_run() -> None:
    told: list[tuple[int, int, int]] = []
    setup = Setup.of(any_order())
    completed(search_orders(setup, Orders(runs=3), progress=lambda *news: told.append(news)))
    assert told == [(1, 3, 0), (2, 3, 0), (3, 3, 0)]


def test_ctrl_c_keeps_what_was_found() -> None:
    def press_once(done: int, total: int, failed: int) -> None:
        if failed == 2:
            os.kill(os.getpid(), signal.SIGINT)

    setup = Setup.of(one_order())
    report = completed(search_orders(setup, Orders("random"), progress=press_once))
    assert (report.stopped, report.clean, report.failed) == (True, False, 2)
    (one,) = replay([one_order()], report.findings[0].token).runs
    assert one.laws == ("LS303",)


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ({"policy": "randon"}, "there is no policy 'randon' (did you mean 'random'?)"),
        ({"runs": 0}, "cannot try 0 orders: try at least one"),
        ({"preemptions": -1}, "preemptions must be at least 0, not -1"),
    ],
)
def test_what_cannot_be_done_is_refused(how: dict[str, object], problem: str) -> None:
    with pytest.raises(UsageError) as refused:
        Orders(**how)  # type: ignore[arg-type]
    assert problem in str(refused.value)


def test_a_schedule_that_has_an_order_already_is_refused() -> None:
    with pytest.raises(UsageError, match="'ls1-undisturbed/order' has an order already"):
        reorder(any_order(), schedule=Schedule((), ()))

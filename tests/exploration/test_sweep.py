"""A stimulus at every point."""

from __future__ import annotations

import asyncio
import os
import signal
from itertools import pairwise
from typing import Any

import pytest

from llm_sim.errors import NondeterminismError, UsageError
from llm_sim.exploration import Extent, Outcome, SweepReport, replay, stop_requests, sweep
from llm_sim.exploration._report import Standing
from llm_sim.scenario import Scenario, call, interrupt, say, turn, user_says
from llm_sim.schedule import decode
from llm_sim.simulation import broken_laws, run
from llm_sim.targets import Bot
from tests.support.scenarios import spoken_tool, two_tools


def hello() -> Scenario:
    """A conversation of a few steps."""
    return Scenario(name="hello", script=[turn(say("Hello."))])


def test_there_is_a_point_after_each_step_from_the_opening_to_rest() -> None:
    report = sweep(spoken_tool())
    assert report.points == report.undisturbed.steps + 1
    assert [outcome.point for outcome in report.outcomes] == list(range(1, report.points + 1))


def test_the_points_land_one_after_the_other_from_the_opening_to_rest() -> None:
    report = sweep(spoken_tool())
    landed = []
    for outcome in report.outcomes:
        one = run(spoken_tool(), schedule=decode(outcome.token))
        stimulus = [event for event in one.trace.of("stimulus") if event.data["do"] == "interrupt"]
        landed.append(stimulus[0].step - one.opened)
    assert landed == sorted(landed)
    assert (landed[0], landed[-1]) == (2, report.undisturbed.steps + 1)


def test_a_run_is_the_undisturbed_one_up_to_the_point() -> None:
    report = sweep(spoken_tool())
    undisturbed = report.undisturbed.trace.events
    for outcome in report.outcomes:
        disturbed = run(spoken_tool(), schedule=decode(outcome.token)).trace.events
        stimulus = next(e for e in disturbed if e.kind == "stimulus" and e.data["do"] != "say")
        assert disturbed[: stimulus.seq] == undisturbed[: stimulus.seq]


def test_a_window_that_begins_with_a_shared_run_has_the_run_that_it_shares() -> None:
    swept = sweep(two_tools("sequential"), target="naive")
    (first, *_) = [finding for finding in swept.findings if finding.run is not None]
    assert first.run is not None
    broken = broken_laws(swept.setup, first.run.violations)
    report = SweepReport(
        swept.setup, inject="interrupt", extent=swept.extent, undisturbed=swept.undisturbed
    )
    standing = Standing(report)
    for number, fails in enumerate([True, False, True, True], 1):
        outcome = Outcome(number, first.token, broken=broken if fails else ())
        report.outcomes.append(outcome)
        standing.see(outcome, first.run if number == 1 else None)
    (found,) = standing.findings()
    assert (found.verdict, found.run) == (first.verdict, first.run)
    assert found.hits == 3


def test_neighbouring_points_that_fail_alike_are_one_window() -> None:
    report = sweep(two_tools("sequential"), target="naive")
    windows = report.windows
    assert report.failed == sum(window.last - window.first + 1 for window in windows)
    assert all(one.last < other.first for one, other in pairwise(windows))
    assert all(decode(window.token) for window in windows)


def test_the_token_of_a_window_replays_its_laws() -> None:
    report = sweep(two_tools("sequential"), target="naive")
    for window in report.windows:
        (one,) = replay([two_tools("sequential")], window.token, target="naive").runs
        assert one.laws == window.laws


def test_a_report_as_json_has_what_ci_reads() -> None:
    plain = sweep(two_tools("sequential"), target="naive").to_plain()
    assert {
        "scenario",
        "target",
        "inject",
        "points",
        "exact",
        "fraction",
        "runs",
        "failed",
        "windows",
        "coverage",
        "runs_per_second",
    } <= set(plain)
    assert set(plain["windows"][0]) == {"first", "last", "laws", "token", "complaint"}


def test_progress_is_told_after_each_run() -> None:
    told: list[tuple[int, int, int]] = []
    report = sweep(spoken_tool(), progress=lambda *news: told.append(news))
    assert told == [(point, report.points, 0) for point in range(1, report.points + 1)]


def press_at_5(done: int, total: int, failed: int) -> None:
    if done == 5:
        os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_while_points_are_counted_leaves_no_point() -> None:
    drawn: list[int] = []

    async def lookup(params: object) -> None:
        drawn.append(1)
        if len(drawn) == 6:
            os.kill(os.getpid(), signal.SIGINT)
        await params.result_callback("ok")  # type: ignore[attr-defined]

    bot = Bot(lambda llm: llm.register_function("lookup", lookup))
    scenario = spoken_tool().replace(bot="tests:pressing", tools={}, latency={})
    report = sweep(scenario, bot=bot, inject="interrupt+end")
    assert (report.stopped, report.clean, report.outcomes) == (True, False, [])
    assert (report.extent.exact, report.extent.points > 0) == (False, True)


def test_ctrl_c_keeps_what_was_found() -> None:
    report = sweep(spoken_tool(), every=True, progress=press_at_5)
    assert (report.stopped, len(report.outcomes), report.clean) == (True, 5, False)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_stops_at_once() -> None:
    def press(done: int, total: int, failed: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        sweep(spoken_tool(), progress=press)


def test_an_unknown_stimulus_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(
        UsageError, match=r"cannot inject 'interupt' \(did you mean 'interrupt'\?\)"
    ):
        sweep(spoken_tool(), inject="interupt")


def test_stimuli_can_be_named_by_their_builders() -> None:
    assert sweep(hello(), inject=interrupt).inject == "interrupt"
    assert sweep(hello(), inject=[interrupt, "end"], most=3).inject == "interrupt+end"


@pytest.mark.parametrize("inject", [3, user_says, [say]])
def test_what_is_no_stimulus_is_refused_with_what_to_write(inject: Any) -> None:
    with pytest.raises(UsageError, match=r"write inject=interrupt, inject=\[interrupt, end\] or"):
        sweep(hello(), inject=inject)


def test_what_is_no_scenario_is_not_swept() -> None:
    with pytest.raises(UsageError, match=r"sweep takes one Scenario, not \[\]"):
        sweep([])  # type: ignore[arg-type]


def test_a_bot_that_is_not_the_same_twice_is_not_swept() -> None:
    from itertools import count

    drawn = count()

    async def lookup(params: object) -> None:
        await params.result_callback(next(drawn))  # type: ignore[attr-defined]

    bot = Bot(lambda llm: llm.register_function("lookup", lookup))
    scenario = spoken_tool().replace(bot="tests:counting", tools={}, latency={})
    with pytest.raises(NondeterminismError):
        sweep(scenario, bot=bot)


async def _ask_when_cancelled(params: Any) -> None:
    try:
        await asyncio.sleep(0.1)
    except asyncio.CancelledError:
        await asyncio.get_running_loop().create_connection(asyncio.Protocol, "api.down.test", 80)
    await params.result_callback("ok")


@pytest.mark.parametrize("inject", ["interrupt", "interrupt+end"])
@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_point_at_which_code_asks_for_the_real_world_has_no_verdict(
    inject: str, workers: int
) -> None:
    scenario = Scenario(bot=f"{__name__}:asking", script=(turn(call("ask")), turn(say("Well."))))
    report = sweep(scenario, inject=inject, most=40, workers=workers)
    complaints = {outcome.complaint for outcome in report.outcomes if outcome.complaint}
    assert {told.split(" is refused")[0] for told in complaints} == {
        "a connection to api.down.test:80"
    }
    assert (report.conclusive, report.failed < len(report.outcomes)) == (False, True)


def asking(llm: Any) -> None:
    """Register a tool that connects with a host when it is cancelled."""
    llm.register_function("ask", _ask_when_cancelled)


def _windows(report: SweepReport) -> list[tuple[int, int, tuple[str, ...]]]:
    return [(window.first, window.last, window.laws) for window in report.windows]


def test_a_sweep_is_the_same_twice() -> None:
    first = sweep(two_tools("sequential"), target="naive")
    assert _windows(sweep(two_tools("sequential"), target="naive")) == _windows(first)


def test_the_second_of_a_pair_lands_after_each_step_behind_the_first() -> None:
    report = sweep(spoken_tool(), inject="interrupt+end", most=10_000)
    seconds = [decode(outcome.token).landings[1] for outcome in report.outcomes]
    assert (report.points, len(report.outcomes)) == (len(seconds), len(seconds))
    assert seconds[0].offset == 0
    assert all(later.offset in (0, one.offset + 1) for one, later in pairwise(seconds))


def test_a_sample_of_pairs_is_the_same_each_time() -> None:
    tokens = [
        [outcome.token for outcome in sweep(spoken_tool(), inject="end+cancel", most=7).outcomes]
        for _ in range(2)
    ]
    assert tokens[0] == tokens[1]


def test_the_third_of_a_triple_lands_after_each_step_behind_the_second() -> None:
    report = sweep(hello(), inject="interrupt+interrupt+end")
    assert (report.extent.exact, report.points) == (True, len(report.outcomes))
    thirds = [decode(outcome.token).landings[2].offset for outcome in report.outcomes]
    assert all(later in (0, one + 1) for one, later in pairwise(thirds))
    assert len({outcome.token for outcome in report.outcomes}) == report.points
    for outcome in report.outcomes[:: report.points // 20]:
        one = run(hello(), schedule=decode(outcome.token))
        assert [e.data["do"] for e in one.trace.of("stimulus") if e.data.get("swept")] == [
            "interrupt",
            "interrupt",
            "end",
        ]


def test_of_too_many_pairs_a_sample_tells_about_how_many_triples_there_are() -> None:
    whole = sweep(hello(), inject="interrupt+interrupt+end").extent
    sampled = sweep(hello(), inject="interrupt+interrupt+end", most=30)
    assert (sampled.extent.exact, sampled.extent.tried, len(sampled.outcomes)) == (False, 30, 30)
    assert 0.7 < sampled.extent.points / whole.points < 1.3
    assert sweep(hello(), inject="interrupt+interrupt+end", most=30).outcomes == sampled.outcomes


def test_four_stimuli_are_refused() -> None:
    with pytest.raises(UsageError, match="at most 3 stimuli are swept"):
        sweep(spoken_tool(), inject="interrupt+end+cancel+end")


@pytest.mark.parametrize(
    ("extent", "words"),
    [
        (Extent(41, 41), "41 points"),
        (Extent(1234, 1234, 2), "1,234 pairs of points"),
        (Extent(1234, 500, 2), "1,234 pairs of points; a sample of 500 (40.5 %)"),
        (Extent(98765, 2000, 3, exact=False), "about 98,765 triples of points; a sample of 2,000"),
    ],
)
def test_the_extent_is_said_in_words(extent: Extent, words: str) -> None:
    assert extent.in_words().startswith(words)


def test_the_extent_is_told_once_and_before_the_first_point() -> None:
    told: list[object] = []
    report = sweep(
        hello(),
        inject="interrupt+end",
        most=20,
        announce=told.append,
        progress=lambda done, total, failed: told.append((done, total)),
    )
    assert told == [report.extent, *((done, 20) for done in range(1, 21))]


def test_points_that_make_the_same_run_share_it() -> None:
    report = sweep(two_tools())
    assert report.runs < report.points == len(report.outcomes)
    assert len({outcome.token for outcome in report.outcomes}) == report.points
    assert sweep(two_tools(), every=True).runs == report.points


def test_ctrl_c_in_the_undisturbed_run_is_not_lost() -> None:
    pressed: list[int] = []

    async def lookup(params: object) -> None:
        if not pressed:
            pressed.append(1)
            os.kill(os.getpid(), signal.SIGINT)
        await params.result_callback("ok")  # type: ignore[attr-defined]

    bot = Bot(lambda llm: llm.register_function("lookup", lookup))
    scenario = spoken_tool().replace(bot="tests:pressing", tools={}, latency={})
    report = sweep(scenario, bot=bot)
    assert (report.stopped, report.outcomes, report.clean) == (True, [], False)


def test_an_exploration_inside_a_watch_is_told_by_it() -> None:
    with stop_requests() as stop_requested:
        os.kill(os.getpid(), signal.SIGINT)
        assert sweep(spoken_tool()).stopped
        assert stop_requested()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

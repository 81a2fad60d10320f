"""A campaign finds what is broken, each failure once and small, and keeps it."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from llm_sim.errors import UsageError
from llm_sim.exploration import (
    SILENCE,
    Campaign,
    Drawn,
    Registration,
    completed,
    draw_conversations,
    draw_variations,
    registrations,
    search_drawn,
)
from llm_sim.exploration._campaign import Found
from llm_sim.kept import FailureStore
from llm_sim.scenario import STIMULI, Place, Scenario, Tool, call, say, turn
from llm_sim.schedule import encode
from llm_sim.simulation import Finding, Run, Setup
from llm_sim.strategies import PROFILES
from llm_sim.targets import Bot

FEW = settings(PROFILES["llm-sim-ci"], max_examples=120)


def conversations(inject: Sequence[str] = STIMULI, **how: Any) -> Drawn:
    """Return what draws conversations; what it does not take itself is a part of the Setup."""
    own = {name: how.pop(name) for name in ("max_injections", "stand_ins") if name in how}
    return draw_conversations(Setup.of(SILENCE, **how), inject=inject, **own)


def explore(drawn: Drawn, **how: Any) -> Campaign:
    """Return what is found in a few examples."""
    return completed(search_drawn(drawn, **{"settings": FEW, **how}))


def interrupted(target: str = "reference", place: str = "") -> Drawn:
    """Return what draws conversations in which nothing lands but interruptions."""
    return conversations(["interrupt"], target=target, place=Place(test=place))


async def _answers(params: Any) -> None:
    await params.result_callback("done")


def three_tools(llm: Any) -> None:
    """Register three tools; an interruption leaves one of them alone."""
    llm.register_function("search", _answers)
    llm.register_function("book", _answers, cancel_on_interruption=False)
    llm.register_function("hang_up", _answers)


def in_short(failure: Finding) -> str:
    """Return a failure as a line: laws, schedule, mode and calls."""
    run = failure.run
    assert run is not None
    steps = [step.to_plain() for turn in run.scenario.script for step in turn.steps]
    calls = " ".join(step["call"] for step in steps if "call" in step)
    return f"{' '.join(run.laws)} | {encode(run.schedule)} | {run.scenario.mode} | {calls}"


def fuzz_naive(place: str = "", **how: Any) -> Campaign:
    return explore(interrupted("naive", place), **how)


@cache
def naive() -> Campaign:
    """Return what is found on the naive service; none of the tests changes it."""
    return fuzz_naive()


def test_the_planted_races_of_the_naive_service_are_found_and_shrunk() -> None:
    found = [in_short(failure) for failure in naive().findings]
    assert all("| sequential |" in line for line in found)
    assert {law for line in found for law in line.split(" | ")[0].split()} >= {"LS106", "LS107"}
    assert all(len(line.split(" | ")[3].split()) <= 2 for line in found), found


def test_the_reference_core_keeps_every_law_in_the_same_examples() -> None:
    result = explore(interrupted())
    assert (result.examples, result.findings, result.no_verdict) == (120, [], {})
    assert result.clean


def test_a_failure_is_told_once_however_often_it_is_met() -> None:
    failures = naive().findings
    assert len({in_short(failure) for failure in failures}) == len(failures)
    assert all(failure.shrunk_in > 0 for failure in failures)


def test_each_failure_is_looked_for_on_asyncios_own_loop() -> None:
    checks = [failure.stock for failure in naive().findings]
    assert checks
    assert all(check is not None and check.fails_too for check in checks)


@pytest.mark.slow
def test_the_same_seed_finds_the_same() -> None:
    wild = settings(FEW, derandomize=False)

    def found(seed: int) -> list[str]:
        result = fuzz_naive(settings=wild, seed=seed)
        return [f"{failure.example} {in_short(failure)}" for failure in result.findings]

    assert found(1) == found(1)


def test_no_stimulus_but_those_that_were_asked_for() -> None:
    met = naive().coverage.to_plain()
    assert {cell["stimulus"] for cell in met} == {"interrupt"}


def never_two_calls(run: Run) -> None:
    """Break a law of our own."""
    assert len(run.calls) < 2, f"{len(run.calls)} calls"


def test_a_law_of_the_users_own_is_shrunk_like_ours() -> None:
    result = explore(conversations(["end"]), check=never_two_calls)
    (one,) = result.findings
    told = [(each.law, each.message) for each in one.violations]
    assert (told, one.token) == ([("test", "2 calls")], "ls1-undisturbed")
    assert one.stock is None


def test_calls_that_need_no_turns_of_their_own_are_shown_in_one() -> None:
    scenario = Scenario(
        script=[turn(call("f", as_="f1")), turn(call("f", as_="f2")), turn(say("Done."))],
        tools={"f": Tool()},
    )
    drawn = draw_variations([Setup.of(scenario)], inject=[])
    (failure,) = explore(drawn, check=never_two_calls).findings
    assert failure.run is not None
    assert failure.run.scenario.script == (turn(call("f", as_="f1"), call("f", as_="f2")),)


def test_ctrl_c_stops_after_the_run_under_way_and_keeps_what_was_found() -> None:
    def press(done: int, planned: int, failures: int) -> None:
        if failures:
            signal.raise_signal(signal.SIGINT)

    result = fuzz_naive(progress=press)
    assert result.stopped
    assert result.findings
    assert result.examples < 120
    assert not result.clean


@pytest.mark.slow
def test_a_kept_failure_is_replayed_first_by_the_same_test_on_the_same_target(
    tmp_path: Path,
) -> None:
    store = FailureStore(tmp_path)
    few = settings(FEW, max_examples=1)
    found = fuzz_naive(store=store, place="p")
    assert len(store.load()) == len(found.findings) > 0

    again = fuzz_naive(settings=few, store=store, place="p")
    assert [one.example for one in again.findings] == [0] * len(found.findings)

    elsewhere = explore(interrupted(place="q"), settings=few, store=store)
    assert (elsewhere.clean, len(store.load())) == (True, len(found.findings))

    other_target = explore(interrupted(place="p"), settings=few, store=store)
    assert (other_target.clean, len(store.load())) == (True, len(found.findings))


def test_a_kept_failure_that_passes_is_dropped(tmp_path: Path) -> None:
    store = FailureStore(tmp_path)
    broken = explore(interrupted(), check=never_two_calls, store=store)
    assert [one.law for one in store.load()] == ["test"]
    assert len(broken.findings) == 1

    repaired = explore(interrupted(), settings=settings(FEW, max_examples=1), store=store)
    assert (repaired.clean, store.load()) == (True, [])


@pytest.mark.slow
def test_what_another_target_broke_is_left_to_it(tmp_path: Path) -> None:
    store = FailureStore(tmp_path)
    found = fuzz_naive(store=store, place="p")
    few = settings(FEW, max_examples=1)
    assert explore(interrupted(place="p"), settings=few, store=store).clean
    assert len(store.load()) == len(found.findings)


@pytest.mark.slow
def test_a_failure_is_kept_when_it_is_found_and_told_where_it_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    kept: list[int] = []
    store = FailureStore(tmp_path / "kept")
    fuzz_naive(store=store, progress=lambda done, planned, count: kept.append(len(store.load())))
    lost = fuzz_naive(store=FailureStore(tmp_path / "file" / "no"))
    assert sorted(set(kept))[:2] == [0, 1]
    assert lost.findings
    assert list(lost.not_kept.values()) == [len(lost.findings)]


def test_assertions_of_a_test_are_told_apart_by_where_they_stand() -> None:
    def never_called(run: Run) -> None:
        calls = list(run.calls)
        assert len(calls) < 2, f"broken: {calls}"
        assert len(calls) < 1, f"broken: {calls}"

    failures = explore(conversations(["end"]), check=never_called).findings
    kinds = [failure.violations[0].kind for failure in failures]
    assert len(kinds) == len(set(kinds)) == 2
    assert all(kind.startswith("never_called:") for kind in kinds)


def test_at_most_so_many_stimuli_land_whatever_they_are() -> None:
    landed: set[int] = set()

    def note(run: Run) -> None:
        stimuli = [event.data["do"] for event in run.trace.until_rest().of("stimulus")]
        landed.add(len(stimuli) - 1)

    for most in (0, 1):
        explore(conversations(max_injections=most), check=note)
        assert max(landed) == most


def test_a_bot_that_remembers_other_runs_gives_no_verdict() -> None:
    calls = 0

    async def forgets_the_third_call(params: Any) -> None:
        nonlocal calls
        calls += 1
        if calls != 3:
            await params.result_callback("done")

    def check(run: Run) -> None:
        answers = sum(event.kind == "answer" for event in run.trace.events)
        assert answers == sum(event.kind == "handler" for event in run.trace.events) / 2

    bot = Bot(lambda llm: llm.register_function("f", forgets_the_third_call))
    scenario = Scenario(bot="a.bot:build", script=[turn(call("f", as_="f1")), turn()])
    drawn = draw_variations([Setup.of(scenario, bot=bot)], inject=["user_starts"])
    result = explore(drawn, check=check)
    (message,) = result.no_verdict
    assert (result.findings, message[:60]) == (
        [],
        "the same bot, scenario and schedule gave another trace: test",
    )


def test_a_bot_is_fuzzed_with_the_tools_that_it_registers() -> None:
    assert registrations(Setup.of(SILENCE, bot=Bot(three_tools))) == {
        "search": Registration(True),
        "book": Registration(False),
        "hang_up": Registration(True),
    }
    bot = Bot(three_tools)
    called: set[str] = set()

    def note(run: Run) -> None:
        called.update(life.name for life in run.calls.values())

    result = explore(conversations(bot=bot), check=note)
    assert (result.clean, called) == (
        True,
        {"search", "book", "hang_up", "no_such_function"},
    )


def test_without_stand_ins_only_the_bots_own_handlers_answer() -> None:
    bot = Bot(three_tools)
    answers: set[str] = set()

    def note(run: Run) -> None:
        answers.update(str(event.data["result"]) for event in run.trace.of("answer"))

    explore(conversations(bot=bot, stand_ins=False), check=note)
    assert answers == {"done"}


def test_a_catch_all_is_called_by_any_name() -> None:
    def catches_all(llm: Any) -> None:
        llm.register_function(None, _answers)

    assert registrations(Setup.of(SILENCE, bot=Bot(catches_all))) == {
        "anything": Registration(True)
    }


def test_a_bot_without_a_tool_is_refused() -> None:
    def nothing(llm: Any) -> None:
        pass

    with pytest.raises(UsageError, match=r"^bot 'nothing' registers no tool, so there is noth"):
        registrations(Setup.of(SILENCE, bot=Bot(nothing)))


def test_the_scripts_of_given_scenarios_stay() -> None:
    scenario = Scenario(
        name="order",
        script=[turn(say("Hm."), call("f", as_="f1")), turn(say("Done."))],
        tools={"f": Tool(latency="50ms")},
    )
    asked: set[str] = set()

    def note(run: Run) -> None:
        asked.add(run.scenario.name)
        assert run.scenario.script == scenario.script

    result = explore(draw_variations([Setup.of(scenario)]), check=note)
    assert (result.clean, asked) == (True, {"order"})


@pytest.mark.parametrize(
    ("known", "met", "explained"),
    [
        ({"interrupt no. 1"}, {"interrupt no. 1", "playout"}, True),
        ({"interrupt no. 1", "playout"}, {"interrupt no. 1"}, False),
        (set(), {"end no. 1"}, True),
    ],
)
def test_a_failure_explains_what_has_all_that_it_needed(
    known: set[str], met: set[str], explained: bool
) -> None:
    one = naive().findings[0].run
    assert one is not None
    failure = Found(one, frozenset({"LS101 _"}), frozenset(known))
    assert failure.explains("LS101 _", frozenset(met)) is explained
    assert not failure.explains("LS102 _", frozenset(met))

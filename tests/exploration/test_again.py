"""Saved failures again."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_sim.exploration import (
    FailureStore,
    Found,
    Verdict,
    replay,
    replay_found,
    replay_saved,
    shrink,
)
from llm_sim.scenario import Tool
from llm_sim.schedule import decode
from tests.support.found import PLACE, found
from tests.support.scenarios import two_tools

LS101 = "LS101 g1 `g` is never settled: last heard of as started"


@pytest.fixture
def store(tmp_path: Path) -> FailureStore:
    return FailureStore(tmp_path / "failures")


def told(store: FailureStore, place: str | None = None) -> list[str]:
    """Return what came of each saved failure, in lines."""
    return [str(each) for each in replay_saved(store, place)]


def repaired(one: Found) -> Found:
    """Return the same failure, said to have been found on the correct core."""
    return one.model_copy(update={"target": "reference"})


def test_a_failure_that_still_fails_is_told_and_kept(store: FailureStore) -> None:
    store.save(found())
    assert told(store) == [f"FAILED LS101-g-d974d2 {LS101}"]
    assert store.load() == [found()]


def test_a_failure_that_is_repaired_is_told_and_dropped(store: FailureStore) -> None:
    store.save(repaired(found()))
    store.save(found())
    assert told(store) == [
        f"FIXED {repaired(found()).name}",
        f"FAILED LS101-g-d974d2 {LS101}",
    ]
    assert store.load() == [found()]


def test_a_run_that_breaks_only_other_laws_fails_and_says_so(store: FailureStore) -> None:
    other = found().model_copy(update={"call": "f1"})
    store.save(other)
    (line,) = told(store)
    assert line.startswith(f"FAILED {other.name} LS101 holds on f1, but {LS101}; LS103 g1 `g`: ")
    assert store.load() == [other]


def test_a_schedule_that_does_not_land_gives_no_verdict_and_is_kept(store: FailureStore) -> None:
    lost = found().model_copy(update={"schedule": decode("ls1-interrupt@LLMText.9+1")})
    store.save(lost)
    assert told(store) == [
        f"no verdict: {lost.name} the schedule did not land: interrupt 1 step after LLMText no. 9 "
        "never came; the run has no such frame or is over before"
    ]
    assert store.load() == [lost]


def test_a_bot_that_is_gone_gives_no_verdict_and_is_kept(store: FailureStore) -> None:
    gone = found().model_copy(
        update={"scenario": two_tools("sequential").replace(bot="no_such:bot")}
    )
    store.save(gone)
    store.save(repaired(found()))
    assert [line.partition(" ")[0] for line in told(store)] == ["no", "FIXED"]
    assert store.load() == [gone]


def test_a_script_that_does_not_fit_any_more_gives_no_verdict() -> None:
    script = two_tools().script[:1]
    short = repaired(found()).model_copy(
        update={
            "scenario": two_tools().replace(script=script),
            "schedule": decode("ls1-undisturbed"),
        }
    )
    replayed = replay_found(short)
    assert (replayed.verdict, replayed.told[:47]) == (
        Verdict.NO_VERDICT,
        "the model was asked 2 times, the script has 1 t",
    )


def test_a_shrunk_failure_is_fixed_although_nothing_is_said_after_its_calls() -> None:
    failing = found()
    (run,) = replay([failing.scenario], failing.token, target="naive").runs
    small = shrink(run, run.violations[0], target="naive")
    assert len(small.run.scenario.script) == 1
    kept = Found.of(small.run, small.violation, "naive")
    assert replay_found(kept).verdict is Verdict.FAILED
    assert replay_found(repaired(kept)).verdict is Verdict.FIXED


def test_a_broken_law_of_a_tests_own_gives_no_verdict_and_is_kept(store: FailureStore) -> None:
    store.save(found().model_copy(update={"law": "test", "place": "test_bot.py::test_order"}))
    (kept,) = store.load()
    assert told(store) == [
        f"no verdict: {kept.name} only test_bot.py::test_order knows its own law: run that test, "
        "and it replays this first"
    ]
    assert store.load() == [kept]


def test_only_the_failures_of_a_place_are_replayed(store: FailureStore) -> None:
    store.save(found())
    elsewhere = found(
        scenario=two_tools("sequential").replace(name="elsewhere", tools={"f": Tool(), "g": Tool()})
    )
    store.save(elsewhere)
    assert told(store, PLACE) == [f"FAILED LS101-g-d974d2 {LS101}"]
    assert told(store, "a.sim.yaml::elsewhere") == [f"FAILED {elsewhere.name} {LS101}"]
    assert told(store, "b.sim.yaml::two_tools") == []

"""Saved failures again."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_sim.exploration import shrink
from llm_sim.kept import FailureStore, SavedFailure, replay_failure, replay_saved
from llm_sim.scenario import Tool
from llm_sim.schedule import decode
from llm_sim.simulation import Broken, NoVerdict, run
from tests.support.saved import PLACE, saved
from tests.support.scenarios import two_tools

LS101 = "LS101 g1 `g` is never settled: last heard of as started"


@pytest.fixture
def store(tmp_path: Path) -> FailureStore:
    return FailureStore(tmp_path / "failures")


def told(store: FailureStore, place: str | None = None) -> list[str]:
    """Return what came of each saved failure, in lines."""
    return [str(each) for each in replay_saved(store, place)]


def repaired(one: SavedFailure) -> SavedFailure:
    """Return the same failure, said to have been found on the correct core."""
    return one.model_copy(update={"target": "reference"})


def test_a_failure_that_still_fails_is_told_and_kept(store: FailureStore) -> None:
    store.save(saved())
    assert told(store) == [f"FAILED LS101-g-d974d2 {LS101}"]
    assert store.load() == [saved()]


def test_a_failure_that_is_repaired_is_told_and_dropped(store: FailureStore) -> None:
    store.save(repaired(saved()))
    store.save(saved())
    assert told(store) == [
        f"FIXED {repaired(saved()).name}",
        f"FAILED LS101-g-d974d2 {LS101}",
    ]
    assert store.load() == [saved()]


def test_a_run_that_breaks_only_other_laws_fails_and_says_so(store: FailureStore) -> None:
    other = saved().model_copy(update={"call": "f1"})
    store.save(other)
    (line,) = told(store)
    assert line.startswith(f"FAILED {other.name} LS101 holds on f1, but {LS101}; LS103 g1 `g`: ")
    assert store.load() == [other]


def test_a_schedule_that_does_not_land_gives_no_verdict_and_is_kept(store: FailureStore) -> None:
    lost = saved().model_copy(update={"schedule": decode("ls1-interrupt@LLMText.9+1")})
    store.save(lost)
    assert told(store) == [
        f"no verdict: {lost.name} the schedule did not land: interrupt 1 step after LLMText no. 9 "
        "never came; the run has no such frame or is over before"
    ]
    assert store.load() == [lost]


def test_a_bot_that_is_gone_gives_no_verdict_and_is_kept(store: FailureStore) -> None:
    gone = saved().model_copy(
        update={"scenario": two_tools("sequential").replace(bot="no_such:bot")}
    )
    store.save(gone)
    store.save(repaired(saved()))
    assert [line.partition(" ")[0] for line in told(store)] == ["no", "FIXED"]
    assert store.load() == [gone]


def test_a_script_that_does_not_fit_any_more_gives_no_verdict() -> None:
    script = two_tools().script[:1]
    short = repaired(saved()).model_copy(
        update={
            "scenario": two_tools().replace(script=script),
            "schedule": decode("ls1-undisturbed"),
        }
    )
    replayed = replay_failure(short)
    assert isinstance(replayed.verdict, NoVerdict)
    assert replayed.message.startswith("the model was asked 2 times, the script has 1 t")


def test_a_shrunk_failure_is_fixed_although_nothing_is_said_after_its_calls() -> None:
    failing = saved()
    one = run(failing.scenario, schedule=failing.schedule, target="naive")
    small = shrink(one, one.violations[0])
    assert len(small.run.scenario.script) == 1
    kept = SavedFailure.of(small.run, small.violation)
    assert isinstance(replay_failure(kept).verdict, Broken)
    assert replay_failure(repaired(kept)).is_fixed


def test_a_broken_law_of_a_tests_own_gives_no_verdict_and_is_kept(store: FailureStore) -> None:
    store.save(saved().model_copy(update={"law": "test", "place": "test_bot.py::test_order"}))
    (kept,) = store.load()
    assert told(store) == [
        f"no verdict: {kept.name} only test_bot.py::test_order knows its own law: run that test, "
        "and it replays this first"
    ]
    assert store.load() == [kept]


def test_only_the_failures_of_a_place_are_replayed(store: FailureStore) -> None:
    store.save(saved())
    elsewhere = saved(
        scenario=two_tools("sequential").replace(name="elsewhere", tools={"f": Tool(), "g": Tool()})
    )
    store.save(elsewhere)
    assert told(store, PLACE) == [f"FAILED LS101-g-d974d2 {LS101}"]
    assert told(store, "a.sim.yaml::elsewhere") == [f"FAILED {elsewhere.name} {LS101}"]
    assert told(store, "b.sim.yaml::two_tools") == []

"""A law of one's own is known wherever ours are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from llm_sim.errors import UsageError
from llm_sim.exploration import (
    SILENCE,
    Orders,
    SweepReport,
    completed,
    draw_conversations,
    search_drawn,
    search_orders,
    shrink,
    sweep,
)
from llm_sim.invariants import LAWS
from llm_sim.kept import (
    Baseline,
    FailureStore,
    SavedFailure,
    promote,
    replay_failure,
    replay_saved,
)
from llm_sim.reports import render_finding
from llm_sim.scenario import Place, Scenario, at_step, interrupt, say, turn
from llm_sim.schedule import decode
from llm_sim.simulation import Broken, NoVerdict, Run, Setup, run
from llm_sim.strategies import PROFILES
from tests.support.laws import UNINTERRUPTED

WITH_OWN = (*LAWS, UNINTERRUPTED)
HELLO = Scenario(name="hello", script=[turn(say("Hello."))], open_ended=True)
FEW = settings(PROFILES["llm-sim-ci"], max_examples=30)


def swept(workers: int = 1) -> SweepReport:
    """Return a sweep in which nothing but the law of one's own is broken."""
    return sweep(HELLO, laws=WITH_OWN, workers=workers)


def broken() -> Run:
    """Return a run that breaks it."""
    return run(HELLO, laws=WITH_OWN, schedule=decode("ls1-interrupt@LLMText+1"))


def with_own(saved: SavedFailure) -> Setup:
    """Return what a saved failure was found with."""
    return Setup.of(saved.scenario, target=saved.target, laws=WITH_OWN)


def test_its_name_and_its_sentence_stand_in_what_is_told() -> None:
    (finding,) = swept().findings
    lines = render_finding(finding).splitlines()
    assert lines[0] == f"XX001 an interruption came ({finding.hits} of {finding.of} points)"
    assert "  law       XX001 no-interruptions: The user is never interrupted." in lines


def test_asyncios_own_loop_is_asked_about_it() -> None:
    (finding,) = swept().findings
    assert finding.stock is not None
    assert (finding.stock.fails_too, finding.stock.laws) == (True, ("XX001",))
    assert "asyncio's own loop fails at the same step too" in render_finding(finding)


@pytest.mark.slow
def test_workers_judge_by_it() -> None:
    assert swept(workers=2).outcomes == swept().outcomes


def test_what_breaks_it_is_shrunk() -> None:
    one = broken()
    small = shrink(one, one.violations[0])
    assert (small.violation.law, small.run.token) == ("XX001", "ls1-interrupt@start+0")
    assert small.run.scenario.script == ()


def test_a_campaign_finds_it() -> None:
    drawn = draw_conversations(Setup.of(SILENCE, laws=WITH_OWN), inject=["interrupt"])
    findings = completed(search_drawn(drawn, settings=FEW)).findings
    assert [finding.laws for finding in findings] == [("XX001",)]


def test_other_orders_are_judged_by_it() -> None:
    setup = Setup.of(HELLO, laws=WITH_OWN)
    schedule = decode("ls1-interrupt@LLMText+1")
    report = completed(search_orders(setup, Orders(runs=5), schedule))
    assert report.laws == ("XX001",)


def test_a_replay_that_knows_it_says_whether_it_is_repaired() -> None:
    saved = SavedFailure.of(broken(), broken().violations[0])
    replayed = replay_failure(saved, with_own)
    assert (type(replayed.verdict), replayed.is_same) == (Broken, True)
    assert replayed.message == "XX001 an interruption came"
    calm = saved.model_copy(update={"schedule": decode("ls1-undisturbed")})
    assert replay_failure(calm, with_own).is_fixed


def test_a_replay_that_does_not_know_it_gives_no_verdict_and_keeps_it(tmp_path: Path) -> None:
    store = FailureStore(tmp_path)
    saved = SavedFailure.of(broken(), broken().violations[0])
    store.save(saved)
    (replayed,) = replay_saved(store)
    assert isinstance(replayed.verdict, NoVerdict)
    assert replayed.message == (
        "XX001 is not among the laws that are judged here: replay it where it is"
    )
    assert store.load() == [saved]


def test_a_campaign_that_does_not_judge_it_keeps_what_broke_it(tmp_path: Path) -> None:
    store = FailureStore(tmp_path)
    place = Place(test="test_a.py::test_it")

    def fuzzed(setup: Setup) -> tuple[int, int]:
        drawn = draw_conversations(setup, inject=["interrupt"])
        found = completed(search_drawn(drawn, settings=FEW, store=store)).findings
        return len(found), len(store.load())

    assert fuzzed(Setup.of(SILENCE, laws=WITH_OWN, place=place)) == (1, 1)
    assert fuzzed(Setup.of(SILENCE, place=place)) == (0, 1)


def test_it_is_promoted_where_it_is_known() -> None:
    saved = SavedFailure.of(broken(), broken().violations[0])
    promoted = promote(saved, "calm", setup=with_own)
    assert promoted.run.laws == ("XX001",)
    assert promoted.scenario.about == "The user is never interrupted."
    with pytest.raises(UsageError, match="XX001, a law of your own that is not known here"):
        promote(saved, "calm")


def test_a_baseline_can_know_it(tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    (finding,) = swept().findings
    updated = Baseline(file, update=True)
    updated.filtered(finding)
    assert updated.finish() == ["added     hello reference XX001"]
    assert Baseline(file).filtered(finding).known


def test_a_scenario_whose_own_injection_breaks_it_fails_undisturbed() -> None:
    own = HELLO.replace(inject=[at_step(3, interrupt())])
    assert run(own, laws=WITH_OWN).laws == ("XX001",)
    assert run(own).laws == ()

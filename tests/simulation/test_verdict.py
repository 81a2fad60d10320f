"""The one place that decides whether a run failed."""

from __future__ import annotations

import pickle

import pytest

from llm_sim.errors import SimulationError
from llm_sim.invariants import Violation
from llm_sim.reports import ExitCode, exit_code
from llm_sim.scenario import Scenario, say, turn
from llm_sim.schedule import Schedule, decode
from llm_sim.simulation import (
    Broken,
    Clean,
    Finding,
    NoVerdict,
    Setup,
    Summary,
    Unmet,
    UnmetExpectation,
    Verdict,
    run,
    worst,
)
from tests.support.scenarios import two_tools

LATE = Violation("LS204", "late")
LOST = Violation("LS101", "lost")
MISSED = UnmetExpectation(("expect", 0, "frames"), "End did not come")
REASON = SimulationError("the model was asked too often")

CLEAN = Clean()
BROKEN = Broken((LATE, LOST))
UNMET = Unmet((MISSED,))
NO_VERDICT = NoVerdict(REASON)

ENDS = {"frames": ["End"]}
NEVER_SAID = [turn(say("Hello.")), turn(say("Never said."))]


def talk(**changes: object) -> Scenario:
    """A conversation of one sentence."""
    given: dict[str, object] = {"name": "talk", "script": [turn(say("Hello."))]}
    return Scenario(**{**given, **changes})  # type: ignore[arg-type]


def test_a_run_that_keeps_every_law_and_goes_as_expected_is_clean() -> None:
    assert run(talk(expect=[{"frames": ["LLMText"]}])).verdict == Clean()


def test_a_broken_law_is_told_before_anything_else() -> None:
    failing = two_tools("sequential").replace(expect=[ENDS])
    schedule = decode("ls1-interrupt@start+1")
    one = run(failing, target="naive", schedule=schedule)
    assert isinstance(one.verdict, Broken)
    assert one.verdict.laws == one.laws == ("LS101", "LS103", "LS106", "LS107", "LS111")
    assert (one.unmet, one.complaint) == ((), None)  # nothing is expected where something lands


def test_what_was_expected_is_told_beside_a_broken_law() -> None:
    own = [{"step": 1, "do": "interrupt"}]
    failing = two_tools("sequential").replace(expect=[ENDS], inject=own)
    one = run(failing, target="naive")
    assert isinstance(one.verdict, Broken)
    assert [each.path for each in one.verdict.unmet] == [("expect", 0, "frames")]
    assert one.unmet == one.verdict.unmet


def test_an_expectation_that_is_not_met_is_told_before_a_script_that_does_not_fit() -> None:
    one = run(talk(script=NEVER_SAID, expect=[ENDS]))
    assert isinstance(one.verdict, Unmet)
    assert one.verdict.expectations == one.unmet
    assert one.verdict.reason is one.complaint
    assert "1 left over" in str(one.complaint)


def test_a_run_whose_script_does_not_fit_has_no_verdict() -> None:
    one = run(talk(script=NEVER_SAID))
    assert isinstance(one.verdict, NoVerdict)
    assert (one.violations, one.unmet, one.complaint) == ((), (), one.verdict.reason)


def test_a_run_whose_schedule_does_not_land_has_no_verdict() -> None:
    one = run(talk(), schedule=decode("ls1-interrupt@LLMText.9+1"))
    assert isinstance(one.verdict, NoVerdict)
    assert not one.landed


def test_a_law_of_level_warn_is_no_failure() -> None:
    one = run(two_tools(), target="naive", schedule=decode("ls1-interrupt@start+1"))
    assert all(each.level == "warn" for each in one.warnings)
    assert all(each.level == "error" for each in one.violations)


def test_the_codes_of_the_broken_laws_are_sorted_and_each_comes_once() -> None:
    assert Broken((LATE, LOST, LATE)).laws == ("LS101", "LS204")


def test_the_verdict_can_be_replaced_and_the_trace_tells_it() -> None:
    one = run(talk())
    before = one.trace.header
    assert one.judged(Unmet((MISSED,))).trace.header.unmet == ("End did not come",)
    assert one.judged(NoVerdict(REASON)).trace.header.no_verdict == str(REASON)
    assert one.trace.header == before


@pytest.mark.parametrize(
    ("verdicts", "gravest"),
    [
        ([], CLEAN),
        ([CLEAN, NO_VERDICT], NO_VERDICT),
        ([NO_VERDICT, UNMET, CLEAN], UNMET),
        ([UNMET, BROKEN, NO_VERDICT], BROKEN),
    ],
)
def test_the_verdict_on_several_runs_is_the_gravest(
    verdicts: list[Verdict], gravest: Verdict
) -> None:
    assert worst(*verdicts) == gravest


def test_of_several_of_the_gravest_kind_the_first_one_counts() -> None:
    assert worst(CLEAN, Broken((LOST,)), Broken((LATE,))) == Broken((LOST,))


@pytest.mark.parametrize("verdict", [CLEAN, BROKEN, UNMET, NO_VERDICT])
def test_a_verdict_has_a_word_and_can_be_pickled(verdict: Verdict) -> None:
    again = pickle.loads(pickle.dumps(verdict))
    assert (type(again), again.word) == (type(verdict), verdict.word)
    assert verdict.word in ("clean", "broken", "unmet", "no verdict")


def summary(*verdicts: Verdict, known: bool = False, stopped: bool = False) -> Summary:
    """Return what a search with these verdicts came to."""
    setup = Setup.of(talk())
    findings = [
        Finding(setup, Schedule(), verdict, known=known)
        for verdict in verdicts
        if not isinstance(verdict, Clean)
    ]
    return Summary(setup, findings, stopped)


@pytest.mark.parametrize(
    ("summaries", "code"),
    [
        ([], ExitCode.CLEAN),
        ([summary(CLEAN)], ExitCode.CLEAN),
        ([summary(BROKEN)], ExitCode.VIOLATION),
        ([summary(UNMET)], ExitCode.VIOLATION),
        ([summary(NO_VERDICT)], ExitCode.NO_VERDICT),
        ([summary(NO_VERDICT), summary(UNMET)], ExitCode.VIOLATION),
        ([summary(CLEAN), summary(NO_VERDICT, BROKEN)], ExitCode.VIOLATION),
        ([summary(BROKEN, known=True)], ExitCode.CLEAN),
        ([summary(BROKEN, known=True), summary(NO_VERDICT)], ExitCode.NO_VERDICT),
        ([summary(stopped=True)], ExitCode.NO_VERDICT),
        ([summary(BROKEN, stopped=True)], ExitCode.VIOLATION),
    ],
)
def test_each_verdict_has_its_exit_code(summaries: list[Summary], code: ExitCode) -> None:
    assert exit_code(summaries) is code


def test_a_search_that_was_never_begun_is_no_clean_one() -> None:
    assert exit_code([summary(CLEAN)], stopped=True) is ExitCode.NO_VERDICT
    assert exit_code([summary(BROKEN)], stopped=True) is ExitCode.VIOLATION


def test_the_numbers_of_the_exit_codes_are_these() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "CLEAN": 0,
        "VIOLATION": 1,
        "USAGE": 2,
        "NO_VERDICT": 3,
        "INTERNAL": 4,
    }

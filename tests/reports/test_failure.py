"""One failed run in words."""

from __future__ import annotations

from llm_sim.report import Failure, render_failure

from llm_sim.invariants import Violation
from llm_sim.trace import DOWN
from tests.support.told import Told

REPLAY = "llm-sim replay a.sim.yaml::told --schedule ls1-undisturbed --target reference"


def told() -> Told:
    """A call that is announced and never settled."""
    told = Told()
    told.event("stimulus", data={"do": "say", "text": "Hello."})
    return told.started("c1", ways=(DOWN,)).rest()


def test_a_failure_says_what_broke_where_and_how_to_see_it_again() -> None:
    violation = Violation("LS101", "c1 `f` is never settled: last heard of as started", "c1", 1)
    failure = Failure("FAILED a.sim.yaml::told", "undisturbed", REPLAY)
    assert render_failure(told().trace, [violation], failure).splitlines() == [
        "FAILED a.sim.yaml::told   LS101 settled-once",
        "  law       Every started call settles exactly once: one final result, or one cancel.",
        "  where     c1 `f` is never settled: last heard of as started",
        "  schedule  undisturbed",
        "  timeline  reference 0.1.0, parallel mode",
        "  virtual time                                                 assistant",
        '          0 ms  * say "Hello."',
        ">>>       0 ms  v FunctionCallsStarted c1                          o",
        "  replay    llm-sim replay a.sim.yaml::told --schedule ls1-undisturbed --target reference",
    ]


def test_a_failure_lists_what_else_broke_how_much_fails_and_the_notes() -> None:
    violations = [
        Violation("LS101", "first"),
        Violation("LS103", "second"),
        Violation("LS106", "3"),
    ]
    failure = Failure(
        "FAILED told",
        "interrupt 1 step after LLMText",
        REPLAY,
        extent="3 of 9 points fail",
        notes=[("known", "pipecat-ai/pipecat#5779")],
    )
    lines = render_failure(told().trace, violations, failure).splitlines()
    assert lines[2:6] == [
        "  where     first",
        "  also      LS103 second",
        "  also      LS106 3",
        "  schedule  interrupt 1 step after LLMText   (3 of 9 points fail)",
    ]
    assert lines[-2:] == ["  known     pipecat-ai/pipecat#5779", f"  replay    {REPLAY}"]


def test_a_failure_without_a_headline_begins_with_its_law() -> None:
    failure = Failure("", "undisturbed", REPLAY)
    text = render_failure(told().trace, [Violation("LS101", "first")], failure)
    assert text.splitlines()[0] == "LS101 settled-once"


def test_a_failure_without_an_event_marks_no_row() -> None:
    failure = Failure("FAILED told", "undisturbed", REPLAY)
    assert ">>>" not in render_failure(told().trace, [Violation("LS101", "first")], failure)

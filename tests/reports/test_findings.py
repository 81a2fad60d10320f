"""One finding in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llm_sim.invariants import Violation
from llm_sim.reports import Telling, headline, render_finding
from llm_sim.scenario import Place, Scenario, Tool, call, turn
from llm_sim.schedule import Schedule, decode
from llm_sim.simulation import Broken, Finding, Run, Setup, Window
from llm_sim.trace import DOWN
from tests.support.told import Told

UNSETTLED = Violation("LS101", "c1 `f` is never settled: last heard of as started", "c1", 1)


def told() -> Told:
    """A call that is announced and never settled."""
    told = Told()
    told.event("stimulus", data={"do": "say", "text": "Hello."})
    return told.started("c1", ways=(DOWN,)).rest()


def finding(
    violations: Sequence[Violation] = (UNSETTLED,), token: str = "ls1-undisturbed", **more: Any
) -> Finding:
    """Return a finding of a run of that call."""
    script = [turn(call("f", as_="c1"))]
    setup = Setup.of(
        Scenario(name="told", script=script, tools={"f": Tool()}), place=Place("a.sim.yaml", "told")
    )
    schedule = decode(token)
    verdict = Broken(tuple(violations))
    return Finding(setup, schedule, verdict, Run(setup, schedule, told().trace, verdict), **more)


def test_a_finding_says_what_broke_where_and_how_to_see_it_again() -> None:
    assert render_finding(finding()).splitlines() == [
        "LS101 f is never settled: last heard of as started",
        "  in        a.sim.yaml::told on reference 0.1.0",
        "  law       LS101 settled-once: Every started call settles exactly once: one final "
        "result, or one cancel.",
        "  where     c1 `f` is never settled: last heard of as started",
        "  schedule  undisturbed",
        "  timeline  reference 0.1.0, parallel mode",
        "  virtual time                                                 assistant",
        '          0 ms  * say "Hello."',
        ">>>       0 ms  v FunctionCallsStarted c1                          o",
        "  replay    llm-sim replay a.sim.yaml::told --schedule ls1-undisturbed --target reference",
    ]


def test_a_finding_lists_what_else_broke_how_much_fails_and_how_it_is_kept() -> None:
    violations = [
        Violation("LS101", "first"),
        Violation("LS103", "second"),
        Violation("LS106", "3"),
    ]
    token = "ls1-interrupt@LLMText+1"
    window = Window(4, 6, ("LS101", "LS103", "LS106"), token)
    how = Telling(keep="llm-sim promote LS101")
    one = finding(violations, token, windows=(window,), hits=3, of=9, unit="point")
    lines = render_finding(one, how).splitlines()
    assert lines[0] == "LS101 first (3 of 9 points)"
    assert lines[3:7] == [
        "  where     first",
        "  also      LS103 second",
        "  also      LS106 3",
        "  schedule  interrupt 1 step after LLMText   (points 4-6)",
    ]
    assert lines[-2:] == [
        "  keep      llm-sim promote LS101",
        f"  replay    llm-sim replay a.sim.yaml::told --schedule {token} --target reference",
    ]


def test_a_finding_whose_reader_has_been_told_where_it_is_does_not_say_it_again() -> None:
    lines = render_finding(finding(), Telling(placed=True)).splitlines()
    assert lines[0].startswith("LS101 ")
    assert lines[1].startswith("  law ")


def test_a_finding_without_an_event_marks_no_row() -> None:
    assert ">>>" in render_finding(finding())
    assert ">>>" not in render_finding(finding([Violation("LS101", "first")]))


def test_the_first_line_names_the_tool_and_not_the_call() -> None:
    assert headline(finding()) == "LS101 f is never settled: last heard of as started"


def test_the_first_line_of_many_runs_says_how_often() -> None:
    undisturbed = Window(0, 0, ("LS101",), "ls1-undisturbed")
    headlines = [
        headline(finding(hits=10, of=20, unit="point")),
        headline(finding(windows=(undisturbed,), hits=20, of=20, unit="point")),
        headline(finding(hits=2, of=200, unit="order")),
        headline(finding(of=1_200, unit="example", example=1_034)),
        headline(finding(of=1_200, unit="example")),
    ]
    assert [line.partition("as started")[2] for line in headlines] == [
        " (10 of 20 points)",
        " (undisturbed)",
        " (2 of 200 orders)",
        " (example 1,034)",
        " (found before)",
    ]


def test_a_run_in_another_order_says_that_it_may_not_be_reachable() -> None:
    one = finding(token="ls1-undisturbed/order@8:1")
    assert "  order     not asyncio's order" in render_finding(one)
    assert one.schedule != Schedule()

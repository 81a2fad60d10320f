"""What looks like a public issue is said to be known, and nothing else is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from llm_sim.invariants import LAWS, Violation
from llm_sim.reports import KnownIssue, known_issue, known_issues, render_finding
from llm_sim.reports._known import NEEDS
from llm_sim.scenario import (
    Scenario,
    Tool,
    after,
    call,
    interrupt,
    say,
    turn,
    user_starts,
    user_stops,
)
from llm_sim.schedule import KINDS, Schedule, decode
from llm_sim.simulation import Broken, Finding, Run, Setup, run
from llm_sim.targets import TARGETS, Bot
from llm_sim.trace import Trace
from tests.support.pipecat import needs_pipecat
from tests.support.scenarios import spoken_tool, two_tools
from tests.support.told import Told


def links(run: Run, **header: Any) -> dict[str, str]:
    """Return the number of the issue that each broken law looks like, where there is one."""
    trace = headed(run.trace, **header)
    found = {each.law: known_issue(each, trace) for each in run.violations}
    return {law: issue.link.partition("#")[2] for law, issue in found.items() if issue}


def headed(trace: Trace, **header: Any) -> Trace:
    """Return a trace with another header."""
    return Trace(replace(trace.header, **header), trace.frames, trace.events)


def found(violations: Sequence[Violation], trace: Trace) -> Finding:
    """Return what a trace breaks."""
    setup = Setup.of(one_tool(Tool()))
    verdict = Broken(tuple(violations))
    return Finding(setup, Schedule(), verdict, Run(setup, Schedule(), trace, verdict))


def one_tool(tool: Tool, *more: Any) -> Scenario:
    """One call of a stub tool, and what happens besides."""
    script = [turn(call("f", as_="f1")), turn(say("Done."))]
    return Scenario(name="one", script=script, tools={"f": tool}, inject=list(more))


async def _ignores(params: Any) -> None:
    for _ in range(50):
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            continue
    await params.result_callback("done")


def _survivor_first() -> Scenario:
    keep = Tool(latency="100ms", cancel_on_interruption=False)
    return two_tools("sequential").replace(tools={"f": keep, "g": Tool(latency="10ms")})


IGNORES = Bot(lambda llm: llm.register_function("f", _ignores))
SLOW = Tool(latency="50ms")
SPEAKING = (after("20ms", user_starts()), after("200ms", user_stops()))
OPEN = {
    "5779": (spoken_tool(), "ls1-interrupt@FunctionCallInProgress+1", {"LS102", "LS103"}),
    "4997": (_survivor_first(), "ls1-interrupt@start+1", {"LS106"}),
    "3342": (one_tool(Tool(does="stay_silent")), "ls1-undisturbed", {"LS101"}),
    "5790": (one_tool(SLOW), "ls1-end@FunctionCallInProgress+3", {"LS101"}),
    "5852": (two_tools("sequential"), "ls1-undisturbed", {"LS204"}),
    "5823": (one_tool(SLOW, *SPEAKING), "ls1-undisturbed", {"LS204"}),
    "4298": (one_tool(Tool(result=[])), "ls1-undisturbed", {"LS204", "LS206"}),
}
"""The issues that are open on the pinned release: where each shows, and which laws it breaks."""


def broken_by(number: str) -> Run:
    """Return a run of the pinned Pipecat that an open issue breaks."""
    scenario, token, _ = OPEN[number]
    return run(scenario, schedule=decode(token), target="pipecat")


@needs_pipecat
@pytest.mark.parametrize("number", OPEN)
def test_an_open_issue_is_known(number: str) -> None:
    found = links(broken_by(number))
    assert {law for law, known in found.items() if known == number} == OPEN[number][2]


@needs_pipecat
@pytest.mark.parametrize("number", OPEN)
def test_the_same_violation_of_another_target_is_not_known(number: str) -> None:
    assert links(broken_by(number), target="reference 1.14.0") == {}


@needs_pipecat
def test_a_handler_that_ignores_its_cancellation_is_known() -> None:
    scenario = one_tool(Tool()).replace(tools={}, bot="tests:ignores")
    token = "ls1-interrupt@FunctionCallInProgress+3"
    one = run(scenario, bot=IGNORES, schedule=decode(token), target="pipecat")
    assert links(one) == {"LS110": "2552", "LS207": "2552"}


@needs_pipecat
def test_a_release_from_before_an_issue_does_not_know_it() -> None:
    one = broken_by("5779")
    assert links(one, target="pipecat 0.0.98")["LS102"] == "5779"
    assert "LS102" not in links(one, target="pipecat 0.0.97")


@needs_pipecat
@pytest.mark.parametrize("number", ["4997", "5852"])
def test_an_issue_of_one_mode_is_not_known_in_the_other(number: str) -> None:
    one = broken_by(number)
    assert number in links(one).values()
    assert number not in links(one, mode="parallel").values()


@needs_pipecat
@pytest.mark.parametrize("number", ["4997", "5790"])
def test_an_issue_of_a_stimulus_is_not_known_without_it(number: str) -> None:
    one = broken_by(number)
    for event in one.trace.of("stimulus"):
        event.data["do"] = "say"
    assert number not in links(one).values()


@pytest.mark.parametrize(
    ("told", "known"),
    [
        (Told().started("c1").cancelled("c1").in_progress("c1"), "5779"),
        (Told().started("c1").in_progress("c1").cancelled("c1"), None),
    ],
)
def test_a_cancel_that_overtakes_is_known_whatever_it_comes_from(
    told: Told, known: str | None
) -> None:
    trace = headed(told.rest().trace, target="pipecat 1.14.0")
    issue = known_issue(Violation("LS102", "broken", "c1"), trace)
    assert (None if issue is None else issue.link.partition("#")[2]) == known


def closed(number: str) -> tuple[Told, Violation]:
    """Return a trace that shows an issue which is repaired, and what it breaks."""
    told = Told(mode="sequential" if number == "2043" else "parallel")
    told.stimulus("interrupt" if number in ("2043", "5291 dictionary") else "end")
    told.started("c1").in_progress("c1").handler("c1", "started")
    match number:
        case "4936":
            told.result("c1").result("c1")
        case "5291 raised":
            told.handler("c1", "raised")
        case "5291 dictionary":
            message = "RuntimeError: dictionary changed size during iteration"
            told.event("error", data={"source": "log", "message": message})
    law = {"2043": "LS107", "4948": "LS302", "5291 dictionary": "LS303"}.get(number, "LS101")
    call = "" if law == "LS303" else "c1"
    return told, Violation(law, "broken", call)


@pytest.mark.parametrize(
    ("number", "last", "later"),
    [
        ("5291 raised", "1.7.0", "5790"),
        ("5291 dictionary", "1.7.0", None),
        ("4936", "1.7.0", "5790"),
        ("4948", "1.4.0", "5790"),
        ("2043", "1.7.0", None),
    ],
)
def test_an_issue_is_known_up_to_the_last_release_that_has_it(
    number: str, last: str, later: str | None
) -> None:
    told, violation = closed(number)

    def known(target: str) -> str | None:
        issue = known_issue(violation, headed(told.trace, target=target))
        return None if issue is None else issue.link.partition("#")[2]

    assert known(f"pipecat {last}") == known(f"pipecat {last}.post1") == number.partition(" ")[0]
    assert known("pipecat 1.8.0") == known("pipecat 1.14.0.dev3") == later
    assert known(f"naive {last}") is None


@pytest.mark.parametrize(
    ("needs", "told"),
    [
        ("no_answer", Told().handler("c1", "started").answered("c1").handler("c1", "returned")),
        ("no_answer", Told().handler("c1", "started").handler("c1", "returned", cancels=1)),
        ("raised", Told().handler("c1", "started").handler("c1", "returned")),
        ("raised", Told().handler("c2", "started").handler("c2", "raised")),
        ("two_results", Told().started("c1").result("c1")),
        ("falsy_result", Told().handler("c1", "started").answered("c1", [0])),
        ("ignores_cancellation", Told().handler("c1", "started").handler("c1", "returned")),
        ("ignores_cancellation", Told().handler("c1", "cancelled", cancels=1)),
        ("starts_afterwards", Told().handler("c1", "started").stimulus("interrupt")),
        ("starts_afterwards", Told().handler("c1", "started")),
        ("cancel_overtakes", Told().in_progress("c1").cancelled("c1")),
        ("cancel_overtakes", Told().cancelled("c2").in_progress("c1")),
        ("asked", Told().started("c1")),
        ("not_asked", Told().asked()),
    ],
)
def test_what_an_issue_needs_is_not_seen_where_it_is_not(needs: str, told: Told) -> None:
    assert not NEEDS[needs](Violation("LS101", "broken", "c1", 0), told.trace)


def test_an_issue_of_one_exception_is_not_known_where_another_was_raised() -> None:
    told, violation = closed("5291 dictionary")
    trace = headed(told.trace, target="pipecat 1.7.0")
    assert known_issue(violation, trace)
    for event in trace.of("error"):
        event.data["message"] = "RuntimeError: no running event loop"
    assert known_issue(violation, trace) is None


def test_a_failure_says_what_is_known_once() -> None:
    told = Told().stimulus("end").started("c1", "c2").rest()
    trace = headed(told.trace, target="pipecat 1.14.0")
    violations = [Violation("LS101", "1", "c1"), Violation("LS101", "2", "c2")]
    text = render_finding(found(violations, trace))
    assert re.findall("^  known .*$", text, re.M) == [
        "  known     pipecat-ai/pipecat#5790  a call in flight is never settled when the "
        "conversation ends (0.0.69 and later)"
    ]
    other = render_finding(found(violations, told.trace))
    assert "  known " not in other


def test_an_issue_that_is_repaired_says_its_last_release() -> None:
    issue = KnownIssue("a/b#1", "it breaks", "pipecat", ("LS101",), "0.0.69", "1.7.0")
    assert str(issue) == "a/b#1  it breaks (0.0.69 to 1.7.0)"


def test_the_reference_core_knows_no_issue() -> None:
    one = run(two_tools("sequential").replace(inject=[after("50ms", interrupt())]), target="naive")
    assert one.violations
    assert links(one) == {}


@pytest.mark.parametrize("issue", known_issues(), ids=lambda issue: issue.link)
def test_each_issue_is_about_what_there_is(issue: KnownIssue) -> None:
    assert re.fullmatch(r"[\w-]+/[\w-]+#\d+", issue.link)
    assert set(issue.laws) <= {law.code for law in LAWS}
    assert issue.laws
    assert issue.target in TARGETS
    assert set(issue.stimuli) <= set(KINDS)
    assert issue.mode in ("", "parallel", "sequential")
    assert issue.needs in ("", *NEEDS)
    assert all(re.fullmatch(r"\d+\.\d+\.\d+|", each) for each in (issue.since, issue.until))


def test_everything_that_can_be_needed_is_needed_by_an_issue() -> None:
    assert {issue.needs for issue in known_issues() if issue.needs} == set(NEEDS)

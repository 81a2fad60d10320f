"""What a scenario expects, held against its run."""

from pathlib import Path
from typing import Any

import pytest

from llm_sim.scenario import Place, Scenario, Tool, at, call, interrupt, say, turn
from llm_sim.schedule import decode
from llm_sim.simulation import Run, run
from llm_sim.trace import golden_text

SLOW = Scenario(
    name="slow",
    script=[turn(say("One moment."), call("slow", {"q": "x", "n": 1}, as_="c1"))],
    tools={"slow": Tool(result={"ok": True, "rows": [1]}, latency="5s")},
    latency={"playout": "300ms"},
    inject=[at("FunctionCallsStarted", interrupt())],
    open_ended=True,
)
DONE = SLOW.replace(inject=[], script=[*SLOW.script, turn(say("Done."))])


def ran(scenario: Scenario, *expect: Any, **how: Any) -> Run:
    return run(scenario.replace(expect=expect), **how)


def told(scenario: Scenario, *expect: Any) -> list[tuple[Any, str]]:
    return [(each.path, each.message) for each in ran(scenario, *expect).unmet]


@pytest.mark.parametrize(
    ("scenario", "expect"),
    [
        (SLOW, {"frames": ["FunctionCallsStarted", "Interruption", "FunctionCallCancel"]}),
        (SLOW, {"frames": [{"FunctionCallCancelFrame": {"tool_call_id": "c1"}}]}),
        (SLOW, {"frames": ["FunctionCallsStarted", "FunctionCallCancel"], "exactly": True}),
        (SLOW, {"frames": ["FunctionCallsStarted", "FunctionCallCancel"], "direction": "up"}),
        (DONE, {"frames": [{"FunctionCallResult": {"result": {"ok": True}}}]}),
        (SLOW, {"absent": {"frame": "LLMText", "after": "Interruption"}}),
        (SLOW, {"absent": {"frame": "FunctionCallResult"}}),
        (SLOW, {"call": {"c1": "cancelled"}}),
        (SLOW, {"call": {"c1": {"phases": ["started", "in_progress", "cancelled"]}}}),
        (SLOW, {"call": {"c1": {"result": None}}}),
        (DONE, {"call": {"c1": {"result": {"rows": [1]}, "arguments": {"q": "x"}}}}),
        (DONE, {"call": {"c1": "result"}}),
        (DONE, {"context": {"roles": ["assistant", "tool", "assistant"]}}),
        (DONE, {"context": {"last": {"role": "assistant", "content": "Done."}}}),
        (DONE, {"context": {"messages": [{"role": "user"}, {"content": "Done."}]}}),
        (DONE, {"within": {"duration": "5s", "frames": ["LLMText", "FunctionCallResult"]}}),
    ],
)
@pytest.mark.parametrize("target", ["reference", "pipecat"])
def test_what_happens_as_expected_is_met(scenario: Scenario, expect: Any, target: str) -> None:
    assert ran(scenario, expect, target=target).unmet == ()


@pytest.mark.parametrize(
    ("scenario", "expect", "path", "message"),
    [
        (
            SLOW,
            {"frames": ["Interruption", "FunctionCallsStarted"]},
            ("frames",),
            "FunctionCallsStarted did not come after Interruption at 0 ms: it came before, "
            "FunctionCallsStarted c1 at 0 ms",
        ),
        (
            DONE,
            {"frames": ["LLMText"], "exactly": True},
            ("frames",),
            "1 more than the 1 expected: first LLMText at 5000 ms",
        ),
        (
            DONE,
            {"absent": {"frame": "FunctionCallResult", "after": "FunctionCallsStarted"}},
            ("absent",),
            "FunctionCallResult must not come: FunctionCallResult c1 at 5000 ms, after "
            "FunctionCallsStarted c1 at 0 ms",
        ),
        (
            DONE,
            {"absent": {"frame": "LLMText", "after": "Interruption"}},
            ("absent",),
            "nothing to look at: Interruption did not come: no such frame passed; there were "
            "LLMMessagesAppend, LLMContext, LLMFullResponseStart, LLMText, FunctionCallsStarted, "
            "LLMFullResponseEnd, FunctionCallInProgress, FunctionCallResult",
        ),
        (
            DONE,
            {"call": {"c1": "cancelled"}},
            ("call", "c1"),
            "c1 should end as cancelled, not result: it was started, in_progress, result",
        ),
        (
            DONE.replace(script=[turn(say("Hm.")), *DONE.script]),
            {"call": {"c1": "result"}},
            ("call", "c1"),
            "c1 should end as result, not never: the model did not get to it",
        ),
        (
            SLOW,
            {"call": {"c1": {"phases": ["started", "cancelled"]}}},
            ("call", "c1"),
            "c1 should be started, cancelled; it was started, in_progress, cancelled",
        ),
        (
            DONE,
            {"call": {"c1": {"result": {"rows": [2]}}}},
            ("call", "c1"),
            "c1: result.rows[0] is 1, not 2",
        ),
        (
            DONE,
            {"call": {"c1": {"arguments": {"q": "y"}}}},
            ("call", "c1"),
            "c1: arguments.q is 'x', not 'y'",
        ),
        (
            DONE,
            {"call": {"c1": {"context": "missing"}}},
            ("call", "c1"),
            "c1: context is 'settled', not 'missing'",
        ),
        (
            DONE,
            {"context": {"roles": ["user", "assistant"]}},
            ("context", "roles"),
            "the roles should end in user, assistant; they are user, assistant, assistant, tool, "
            "assistant",
        ),
        (
            DONE,
            {"context": {"last": {"content": "No."}}},
            ("context", "last"),
            "the last message.content is 'Done.', not 'No.'",
        ),
        (
            DONE,
            {"context": {"messages": [{"content": "Done."}, {"role": "user"}]}},
            ("context", "messages", 1),
            "no message {role: 'user'} is in the context behind messages[0]: it has user, "
            "assistant, assistant, tool, assistant",
        ),
        (
            DONE,
            {"context": {"messages": [{"role": "user"}, {"role": "tool", "content": False}]}},
            ("context", "messages", 1),
            "no message {role: 'tool', content: false} is in the context behind messages[0]: the "
            'nearest is number 4 of 5: content is \'{"ok": true, "rows": [1]}\', not false',
        ),
        (
            DONE,
            {"context": {"last": {"contnt": "Done."}}},
            ("context", "last"),
            "the last message has no contnt, but role, content",
        ),
        (
            DONE,
            {"call": {"c1": {"result": {"ok": None}}}},
            ("call", "c1"),
            "c1: result.ok is true, not null",
        ),
        (
            DONE,
            {"within": {"duration": "1s", "frames": ["LLMText", "FunctionCallResult"]}},
            ("within",),
            "5s from LLMText at 0 ms to FunctionCallResult c1 at 5000 ms, which is more than 1s",
        ),
    ],
)
def test_what_happens_otherwise_is_told(
    scenario: Scenario, expect: Any, path: Any, message: str
) -> None:
    assert told(scenario, expect) == [(("expect", 0, *path), message)]


def test_a_call_of_which_the_context_never_hears_is_told() -> None:
    """Pipecat's context keeps the call as running, pipecat-ai/pipecat#5779."""
    expect = {"call": {"c1": {"context": "cancelled"}}}
    assert ran(SLOW, expect).unmet == ()
    assert [each.message for each in ran(SLOW, expect, target="pipecat").unmet] == [
        "c1: context is 'in_progress', not 'cancelled'"
    ]


def test_an_expectation_that_is_not_met_names_the_event_to_look_at() -> None:
    one = ran(DONE, {"call": {"c1": "result"}}, {"call": {"c1": "cancelled"}})
    (unmet,) = one.unmet
    assert unmet.path == ("expect", 1, "call", "c1")
    assert unmet.event is not None
    event = one.trace.events[unmet.event]
    assert (event.kind, one.trace.type_of(event)) == ("push", "FunctionCallResult")


def test_nothing_is_expected_of_a_run_in_which_something_else_lands() -> None:
    never = {"call": {"c1": "never"}}
    disturbed = decode("ls1-interrupt@FunctionCallsStarted+1")
    assert len(ran(DONE, never).unmet) == 1
    assert ran(DONE, never, schedule=disturbed).unmet == ()
    assert ran(DONE, never, schedule=decode("ls1-undisturbed/order")).unmet == ()


def test_a_golden_trace_is_looked_for_beside_the_scenario(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "a.sim.yaml"), "slow")
    file = tmp_path / "golden" / "a.trace"
    missing = ran(SLOW, {"trace": "golden/a.trace"}, place=place)
    assert [each.message for each in missing.unmet] == [
        f"{file}: there is no such file: write it with --update (of pytest, --llm-sim-update)"
    ]
    file.parent.mkdir()
    file.write_text(golden_text(missing.trace))
    assert ran(SLOW, {"trace": "golden/a.trace"}, place=place).unmet == ()


def test_a_golden_trace_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.trace").write_bytes(b"\xff")
    one = ran(SLOW, {"trace": "a.trace"}, place=Place(str(tmp_path / "a.sim.yaml"), "slow"))
    (unmet,) = one.unmet
    assert unmet.message == f"{tmp_path / 'a.trace'}: it is no golden trace: not UTF-8 text"

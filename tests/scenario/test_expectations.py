"""What a scenario says of its outcome and of itself: expectations and marks."""

from typing import Any

import pytest

from llm_sim.errors import ScenarioError
from llm_sim.scenario import (
    Absent,
    CallExpected,
    ContextExpected,
    Expectation,
    F,
    Mark,
    Scenario,
    Within,
    call,
    turn,
)

SCRIPT = [turn(call("slow", as_="c1"), call("fast"))]


def scenario(**more: Any) -> Scenario:
    return Scenario(script=SCRIPT, bot="a:b", **more)


def refused(expect: Any) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        scenario(expect=[expect])
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("built", "plain"),
    [
        (
            Expectation(frames=[F.LLMTextFrame, F.FunctionCallResult(tool_call_id="c1")]),
            {"frames": ["LLMText", {"FunctionCallResult": {"tool_call_id": "c1"}}]},
        ),
        (
            Expectation(frames=["LLMTextFrame"], direction="up", exactly=True),
            {"frames": ["LLMText"], "direction": "up", "exactly": True},
        ),
        (
            Expectation(absent=Absent(frame=F.LLMText, after=F.Interruption, direction="up")),
            {"absent": {"frame": "LLMText", "after": "Interruption", "direction": "up"}},
        ),
        (Expectation(call={"c1": "cancelled"}), {"call": {"c1": "cancelled"}}),
        (
            Expectation(call={"c1": CallExpected(result=None, phases=("started",))}),
            {"call": {"c1": {"phases": ["started"], "result": None}}},
        ),
        (
            Expectation(context=ContextExpected(roles=("user",), last={"role": "user"})),
            {"context": {"roles": ["user"], "last": {"role": "user"}}},
        ),
        (
            Expectation(within=Within(duration="1.5s", frames=["LLMText", F.End])),
            {"within": {"duration": "1.5s", "frames": ["LLMText", "End"]}},
        ),
        (Expectation(trace="golden/a.trace"), {"trace": "golden/a.trace"}),
    ],
)
def test_an_expectation_has_a_plain_form_that_reads_back(
    built: Expectation, plain: dict[str, Any]
) -> None:
    assert built.to_plain() == plain
    assert Expectation.from_plain(plain) == built
    assert scenario(expect=[plain]).expect == (built,)


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        (
            {},
            "expect[0]: an expectation must say what: add frames, absent, call, context, within "
            "or trace",
        ),
        (
            {"call": {"c1": "result"}, "trace": "x"},
            "expect[0]: call and trace are given: make expectations of their own of them",
        ),
        ({"frame": []}, "expect[0]: unknown key 'frame' (did you mean 'frames'?)"),
        ({"frames": []}, "expect[0].frames must have at least a frame"),
        ({"frames": "LLMText"}, "expect[0].frames must be a list, not 'LLMText'"),
        (
            {"frames": [5]},
            "expect[0].frames[0] must be a frame's name, or "
            "{FunctionCallResult: {tool_call_id: c1}}, not 5",
        ),
        (
            {"frames": ["no frame"]},
            "expect[0].frames[0] must be the name of a frame, such as FunctionCallsStarted, "
            "not 'no frame'",
        ),
        (
            {"frames": [{"LLMText": "hi"}]},
            "expect[0].frames[0].LLMText must be a mapping, not 'hi'",
        ),
        (
            {"frames": ["LLMText"], "direction": "sideways"},
            "expect[0].direction must be down or up, not 'sideways'",
        ),
        (
            {"call": {"c1": "result"}, "exactly": True},
            "expect[0]: exactly goes with frames: remove it",
        ),
        ({"call": {}}, "expect[0].call must have at least one call, such as c1: cancelled"),
        (
            {"call": {"fast_2": "result"}},
            "expect[0].call: unknown call 'fast_2' (did you mean 'fast_1'?): the script has "
            "c1, fast_1",
        ),
        (
            {"call": {"c1": "canceled"}},
            "expect[0].call.c1.ends must be never or started or in_progress or update or result "
            "or cancelled, not 'canceled' (did you mean 'cancelled'?)",
        ),
        ({"call": {"c1": {}}}, "expect[0].call.c1 must say something, such as cancelled"),
        (
            {"call": {"c1": {"ends": None}}},
            "expect[0].call.c1 must say something, such as cancelled",
        ),
        (
            {"call": {"c1": {"arguments": {}}}},
            "expect[0].call.c1.arguments must say something, such as {city: Rome}",
        ),
        (
            {"call": {"c1": ["cancelled"]}},
            "expect[0].call.c1 must be a word such as cancelled, or a mapping, not a list",
        ),
        ({"context": {}}, "expect[0].context must have roles, messages or last"),
        (
            {"context": {"roles": []}},
            "expect[0].context.roles must say something, such as [assistant]",
        ),
        (
            {"context": {"messages": []}},
            "expect[0].context.messages must say something, such as [{role: tool}]",
        ),
        (
            {"context": {"roles": ["tool"], "last": {}}},
            "expect[0].context.last must say something, such as {role: assistant}",
        ),
        (
            {"within": {"duration": "1s", "frames": ["LLMText"]}},
            "expect[0].within.frames must have at least 2 frames",
        ),
        (
            {"within": {"frames": ["LLMText", "End"]}},
            "expect[0].within: missing key 'duration': add `duration: 2s`",
        ),
        ({"trace": ""}, "expect[0].trace must be the path of a file"),
    ],
)
def test_a_wrong_expectation_is_refused(expect: Any, message: str) -> None:
    assert message in refused(expect)


@pytest.mark.parametrize(
    "call",
    [{"result": None}, {"result": {}}, {"phases": []}],
)
def test_what_says_little_of_a_call_and_may_fail_is_taken(call: Any) -> None:
    assert scenario(expect=[{"call": {"c1": call}}]).expect[0].to_plain() == {"call": {"c1": call}}


def test_a_call_without_an_id_is_known_by_its_number() -> None:
    assert scenario(expect=[{"call": {"fast_1": "result"}}]).expect[0].call == {
        "fast_1": CallExpected(ends="result")
    }


@pytest.mark.parametrize(
    ("expect", "place"),
    [
        ({"frames": ["LLMText", {"A": {"tool_call_id": "c9"}}]}, "frames[1].A.tool_call_id"),
        ({"frames": [F.A(tool_call_id="c9")]}, "frames[0].A"),
        ({"absent": {"frame": {"A": {"tool_call_id": "c9"}}}}, "absent.frame.A.tool_call_id"),
        (
            {"within": {"duration": 0, "frames": ["B", {"A": {"tool_call_id": "c9"}}]}},
            "within.frames[1].A.tool_call_id",
        ),
        ({"context": {"last": {"tool_call_id": "c9"}}}, "context.last.tool_call_id"),
        (
            {"context": {"messages": [{"tool_call_id": "c9"}]}},
            "context.messages[0].tool_call_id",
        ),
        (Expectation(absent=Absent(frame=F.A(tool_call_id="c9"))), "absent.frame.A.tool_call_id"),
    ],
)
def test_a_frame_or_a_message_of_an_unknown_call_is_refused(expect: Any, place: str) -> None:
    assert refused(expect) == [f"expect[0].{place}: unknown call 'c9': the script has c1, fast_1"]


@pytest.mark.parametrize(
    "expect",
    [
        {"frames": ["LLMText", {"A": {"tool_call_id": "c1"}}, F.A(tool_call_id="fast_1")]},
        {"frames": [{"A": {"result": {"tool_call_id": "c9"}}}]},
        {"call": {"c1": {"result": {"tool_call_id": "c9"}}}},
    ],
)
def test_what_speaks_of_a_known_call_is_taken(expect: Any) -> None:
    assert len(scenario(expect=[expect]).expect) == 1


@pytest.mark.parametrize(
    ("mark", "plain"),
    [
        (Mark(name="slow"), "slow"),
        (Mark(name="skip"), "skip"),
        (Mark(name="xfail", reason="not yet"), {"xfail": "not yet"}),
    ],
)
def test_a_mark_has_a_plain_form_that_reads_back(mark: Mark, plain: Any) -> None:
    assert mark.to_plain() == plain
    assert scenario(marks=[plain]).marks == (mark,)


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        (
            5,
            "marks[0] must be a word such as slow, or {skip: reason} or {xfail: reason}, not 5",
        ),
        (
            "two words",
            "marks[0] must be a word such as slow, or {skip: reason} or {xfail: reason}, "
            "not 'two words'",
        ),
        (
            {"slow": "why"},
            "marks[0]: 'slow' has no reason: a mark is a word such as slow, or {skip: reason} or "
            "{xfail: reason}",
        ),
        ({"skip": ""}, "marks[0].skip must say why"),
        ({"skip": 5}, "marks[0] must be text, not 5: put it in quotes"),
    ],
)
def test_a_wrong_mark_is_refused(mark: Any, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario(marks=[mark])
    assert str(caught.value).splitlines() == [message]

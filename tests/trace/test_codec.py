"""A trace as JSON Lines, and back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_sim.errors import UsageError
from llm_sim.trace import DOWN, UP, Event, FrameRecord, Header, Trace, dumps, loads

TEXT = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
FACTS = st.dictionaries(TEXT, JSON, max_size=3)
FRAMES = st.lists(
    st.builds(
        FrameRecord,
        number=st.just(0),
        type=TEXT,
        lane=st.sampled_from(["system", "data", "control"]),
        calls=st.lists(TEXT, max_size=2).map(tuple),
        fields=FACTS,
    ),
    max_size=4,
)
EVENTS = st.builds(
    Event,
    seq=st.just(0),
    step=st.integers(0, 10**6),
    time_ns=st.integers(0, 10**12),
    kind=st.sampled_from(["push", "process", "handler", "state"]),
    where=TEXT,
    direction=st.sampled_from(["", UP, DOWN]),
    frame=st.none(),
    call=TEXT,
    cause=st.none() | st.integers(0, 99),
    data=FACTS,
)
HEADERS = st.builds(Header, TEXT, TEXT, mode=TEXT, schedule=TEXT, file=TEXT, test=TEXT)


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """Draw a trace in which each frame is told by the first event about it."""
    frames = [replace(frame, number=number) for number, frame in enumerate(draw(FRAMES))]
    about: list[int | None] = [*range(len(frames))]
    again = st.sampled_from(about) | st.none() if about else st.none()
    about += draw(st.lists(again, max_size=4))
    events = [replace(draw(EVENTS), seq=seq, frame=frame) for seq, frame in enumerate(about)]
    return Trace(draw(HEADERS), frames, events)


def told() -> Trace:
    """One frame that is handed on and processed, and a run that comes to rest."""
    return Trace(
        Header("reference 0.1.0", "told", "sequential", "ls1-undisturbed", "a.sim.yaml"),
        [FrameRecord(0, "FunctionCallCancel", "control", ("c1",), {"function_name": "f"})],
        [
            Event(0, 3, 1_000_000, "push", "assistant", DOWN, 0, cause=None, data={"by": "llm"}),
            Event(1, 4, 1_000_000, "process", "assistant", DOWN, 0, cause=0),
            Event(2, 9, 2_000_000, "handler", "f", call="c1", data={"phase": "cancelled"}),
            Event(3, 10, 2_000_000, "rest", data={"how": "idle", "waiting": []}),
        ],
    )


LINES = [
    '{"line":"trace","format":2,"target":"reference 0.1.0","scenario":"told","mode":"sequential",'
    '"schedule":"ls1-undisturbed","file":"a.sim.yaml"}',
    '{"line":"frame","number":0,"type":"FunctionCallCancel","lane":"control","calls":["c1"],'
    '"fields":{"function_name":"f"}}',
    '{"line":"event","seq":0,"step":3,"time_ns":1000000,"kind":"push","where":"assistant",'
    '"direction":"down","frame":0,"data":{"by":"llm"}}',
    '{"line":"event","seq":1,"step":4,"time_ns":1000000,"kind":"process","where":"assistant",'
    '"direction":"down","frame":0,"cause":0}',
    '{"line":"event","seq":2,"step":9,"time_ns":2000000,"kind":"handler","where":"f",'
    '"call":"c1","data":{"phase":"cancelled"}}',
    '{"line":"event","seq":3,"step":10,"time_ns":2000000,"kind":"rest",'
    '"data":{"how":"idle","waiting":[]}}',
]
HEADER, FRAME, EVENT = LINES[0], LINES[1], LINES[2]


@given(traces())
def test_a_trace_reads_back_as_it_was_written(trace: Trace) -> None:
    assert loads(dumps(trace)) == trace


@given(traces())
def test_each_line_is_one_json_object(trace: Trace) -> None:
    lines = dumps(trace).removesuffix("\n").split("\n")
    assert [type(json.loads(line)) for line in lines] == [dict] * len(lines)


def test_the_bytes_of_a_trace_are_these() -> None:
    assert dumps(told()) == "\n".join(LINES) + "\n"


def test_these_bytes_are_read_as_the_trace() -> None:
    assert loads("\n".join(LINES) + "\n") == told()


def test_text_stays_readable() -> None:
    trace = Trace(Header("reference", "täglich"))
    assert '"scenario":"täglich"' in dumps(trace)


@pytest.mark.parametrize("text", ["a\u2028b", "a\x85b", "a\x0bb", "a\r\nb"])
def test_a_character_that_ends_a_line_elsewhere_ends_none_here(text: str) -> None:
    trace = Trace(Header("reference", "told"), events=[Event(0, 0, 0, "error", where=text)])
    assert loads(dumps(trace)) == trace


def test_half_a_surrogate_pair_is_escaped_so_that_a_file_can_hold_it() -> None:
    trace = Trace(Header("reference", "told"), events=[Event(0, 0, 0, "error", where="\ud800")])
    assert loads(dumps(trace).encode().decode()) == trace


def test_a_file_with_the_line_ends_of_windows_is_read() -> None:
    assert loads("\r\n".join(LINES) + "\r\n") == told()


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "line 1: an empty file is not a trace"),
        ([FRAME], "line 1: a trace begins with its header"),
        (
            [HEADER.replace('"format":2', '"format":3')],
            "line 1: the trace is of format 3; this llm_sim reads 1 to 2: run the scenario again, "
            "or read it with the llm_sim that wrote it",
        ),
        (
            [HEADER, "{"],
            "line 2: not a line of a trace: it is cut short or no JSON: "
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        ([HEADER, "[]"], "line 2: not a line of a trace: it must be a JSON object, not []"),
        ([HEADER, "7"], "line 2: not a line of a trace: it must be a JSON object, not 7"),
        (
            [HEADER, "{}"],
            "line 2: not a line of a trace: it has no 'line', which says of what kind it is",
        ),
        ([HEADER, "[" * 100_000], "line 2: not a line of a trace: it is nested too deep"),
        ([HEADER, '{"line":"note"}'], "line 2: 'note' is no kind of line: trace, frame or event"),
        ([HEADER, FRAME, HEADER], "line 3: another trace begins here; read one at a time"),
        ([HEADER, EVENT], "line 2: event 0 is about frame 0, not yet told"),
        ([HEADER, FRAME, FRAME], "line 3: frame 0 stands where frame 1 is due"),
        ([HEADER, FRAME, EVENT, EVENT], "line 4: event 0 stands where event 1 is due"),
        (
            [HEADER, FRAME.replace('"lane"', '"lain"')],
            "line 2: not a line of a trace: unknown key 'lain' (did you mean 'lane'?)",
        ),
        (
            [HEADER, FRAME, EVENT.replace('"step":3,', "")],
            "line 3: not a line of a trace: it has no 'step'",
        ),
        (
            [HEADER, FRAME, EVENT.replace('"step":3,', '"step":"three",')],
            "line 3: not a line of a trace: 'step' cannot be \"three\"",
        ),
        (
            [HEADER, FRAME.replace('["c1"]', "[7]")],
            "line 2: not a line of a trace: 'calls' cannot be [7]",
        ),
        (
            [HEADER.replace('"scenario":"told",', "")],
            "line 1: not a line of a trace: it has no 'scenario'",
        ),
    ],
)
def test_what_is_no_trace_is_refused_with_its_line(lines: list[str], problem: str) -> None:
    with pytest.raises(UsageError) as refused:
        loads("\n".join(lines) + "\n")
    assert str(refused.value).startswith(problem)

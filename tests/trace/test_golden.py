"""Golden traces: what a line tells, and where a run parts from them."""

from typing import Any

from llm_sim.trace import (
    Event,
    FrameRecord,
    Header,
    Trace,
    golden_difference,
    golden_lines,
    golden_text,
    is_golden,
)

ONE = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER = "7c9e6679742540de944be07fc1f90ae7"


def trace(text: str = "Hello.", *, scenario: str = "a", target: str = "reference 0.1") -> Trace:
    """Return a short conversation whose pipeline took 7 ms to start."""
    made = Trace(Header(target, scenario))
    made.frames = [
        FrameRecord(0, "Start", "system"),
        FrameRecord(1, "LLMText", "data", fields={"text": text}),
        FrameRecord(
            2,
            "FunctionCallInProgress",
            "control",
            ("c1",),
            {"tool_call_id": "c1", "function_name": "f", "arguments": {"b": 1, "a": ONE}},
        ),
        FrameRecord(
            3,
            "FunctionCallResult",
            "data",
            ("c1",),
            {"tool_call_id": "c1", "function_name": "f", "result": [OTHER, ONE]},
        ),
        FrameRecord(4, "LLMContext", "data"),
    ]
    happened: list[tuple[int, str, str, str, int | None, str, dict[str, Any]]] = [
        (0, "process", "llm", "down", 0, "", {}),
        (7_000_000, "stimulus", "", "", None, "", {"do": "say", "text": "Hi."}),
        (7_000_000, "inference", "llm", "", None, "", {"turn": 0, "messages": []}),
        (7_000_000, "process", "llm", "down", 4, "", {}),
        (7_000_000, "push", "playout", "down", 1, "", {}),
        (8_500_000, "process", "playout", "down", 1, "", {}),
        (8_500_000, "handler", "f", "", None, "c1", {"phase": "started"}),
        (8_500_000, "process", "source", "up", 2, "", {}),
        (9_000_000, "answer", "f", "", None, "c1", {"result": [OTHER, ONE]}),
        (9_000_000, "process", "playout", "down", 3, "", {}),
        (9_000_000, "error", "", "", None, "", {"source": "loop", "message": "broken"}),
        (9_000_000, "stimulus", "", "", None, "", {"do": "end"}),
        (9_000_000, "inference", "llm", "", None, "", {"turn": None, "messages": []}),
        (10_000_000, "rest", "", "", None, "", {"how": "idle"}),
        (10_000_000, "state", "", "", None, "", {}),
    ]
    for seq, (time_ns, kind, where, direction, frame, call, data) in enumerate(happened):
        made.events.append(
            Event(seq, seq, time_ns, kind, where, direction, frame, call, None, data)
        )
    return made


def test_a_golden_trace_tells_the_conversation_in_short_lines() -> None:
    assert (
        golden_text(trace())
        == """\
# Written by `llm-sim run --update` or `pytest --llm-sim-update`.

[a on reference]
      0 ms  * say "Hi."
      0 ms    model asked, turn 1
    1.5 ms  v playout    LLMText "Hello."
    1.5 ms    handler c1 started
    1.5 ms  ^ source     FunctionCallInProgress c1 f {"a": "<id 1>", "b": 1}
      2 ms    answer c1 ["<id 2>", "<id 1>"]
      2 ms  v playout    FunctionCallResult c1 f ["<id 2>", "<id 1>"]
      2 ms  ! loop "broken"
      2 ms  * end
      2 ms    model asked, no turn left
      3 ms    at rest: idle
"""
    )


def test_a_line_that_is_cut_still_tells_of_a_change_behind_the_cut() -> None:
    one, other = (
        next(line for line, _ in golden_lines(trace("x" * 100 + end)) if "LLMText" in line)
        for end in "ab"
    )
    assert one == f'    1.5 ms  v playout    LLMText "{"x" * 58}… 124 characters, 83da9d37'
    assert other != one


def test_a_run_like_its_golden_trace_parts_nowhere() -> None:
    assert golden_difference(trace(), golden_text(trace())) is None


def test_comments_and_line_ends_of_a_golden_trace_do_not_count() -> None:
    text = golden_text(trace()).replace("\n", "  \r\n") + "# The end.\n\n"
    assert golden_difference(trace(), text) is None


def test_a_run_that_parts_from_its_golden_trace_is_told_with_the_lines_around() -> None:
    miss = golden_difference(trace("Bye."), golden_text(trace()))
    assert miss is not None
    assert miss.event == 5
    assert miss.message.splitlines() == [
        "line 3 of the conversation differs (- golden, + this run)",
        '          0 ms  * say "Hi."',
        "          0 ms    model asked, turn 1",
        '  -     1.5 ms  v playout    LLMText "Hello."',
        '  +     1.5 ms  v playout    LLMText "Bye."',
        "        1.5 ms    handler c1 started",
        '        1.5 ms  ^ source     FunctionCallInProgress c1 f {"a": "<id 1>", "b": 1}',
        '          2 ms    answer c1 ["<id 2>", "<id 1>"]',
    ]


def test_a_run_that_is_longer_or_shorter_is_told() -> None:
    text = golden_text(trace())
    longer = golden_difference(trace(), text.rpartition("      3 ms")[0])
    shorter = golden_difference(trace(), f"{text}      4 ms  * end\n")
    assert longer is not None
    assert shorter is not None
    assert longer.message.splitlines()[-2:] == [
        "  - (nothing more)",
        "  +       3 ms    at rest: idle",
    ]
    assert shorter.message.splitlines()[-2:] == [
        "  -       4 ms  * end",
        "  + (nothing more)",
    ]
    assert (longer.event, shorter.event) == (13, 13)


def test_a_file_has_a_section_for_each_scenario_on_each_target() -> None:
    first = golden_text(trace())
    both = golden_text(trace("Bye.", target="pipecat 1.14.0"), first)
    all_ = golden_text(trace(scenario="b[f=5s]"), both)
    assert [line for line in all_.splitlines() if line.startswith("[")] == [
        "[a on pipecat]",
        "[a on reference]",
        "[b[f=5s] on reference]",
    ]
    assert golden_difference(trace(), all_) is None
    assert golden_difference(trace("Bye.", target="pipecat 1.3.0"), all_) is None
    missing = golden_difference(trace(scenario="c"), first)
    assert missing is not None
    assert missing.message == (
        "it tells of a on reference, not of c on reference: "
        "write it with --update (of pytest, --llm-sim-update)"
    )


def test_a_golden_trace_that_is_written_twice_is_the_same() -> None:
    once = golden_text(trace())
    assert golden_text(trace(), once) == once


def test_a_golden_trace_is_known_by_how_it_begins() -> None:
    text = golden_text(trace())
    given = (text, text.replace("\n", "\r\n"), "", "\n", "version: 1\n", text[1:], f"x\n{text}")
    assert [is_golden(each) for each in given] == [True, True, True, True, False, False, False]

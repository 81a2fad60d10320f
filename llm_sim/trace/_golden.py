"""Golden traces: a run as short lines of text that a repository keeps.

A line tells of one thing that matters to people: a frame that a processor takes up, a handler, an
answer, a request to the model, a stimulus, an error, the end. It has no step and no number, time
begins when the conversation opens, and generated ids are numbered in the order of first sight; so
that a line changes only when the conversation does. Frames travel otherwise on another target, so a
file has a section for each scenario on each target.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

from llm_sim.trace._events import DOWN, Event, FrameRecord
from llm_sim.trace._order import Miss
from llm_sim.trace._phases import CALL_FRAMES, phase_of
from llm_sim.trace._trace import Trace, conversation

TOLD: Final = CALL_FRAMES | {
    "Cancel",
    "End",
    "Error",
    "Interruption",
    "LLMFullResponseEnd",
    "LLMFullResponseStart",
    "LLMText",
    "StartInterruption",
}
"""The frames that matter to people."""

_ID: Final = re.compile(
    r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[0-9a-f]{32}\b", re.IGNORECASE
)
_HEAD: Final = "# Written by `llm-sim run --update` or `pytest --llm-sim-update`.\n"
UPDATE: Final = "write it with --update (of pytest, --llm-sim-update)"
"""What to do about a golden trace that is not there."""

_LONGEST: Final = 80
_CONTEXT: Final = 3
_NS_OF_A_MS: Final = 1_000_000


def golden_lines(trace: Trace) -> list[tuple[str, int]]:
    """Return the conversation from its opening to rest, a line of text each with its event."""
    ids: dict[str, str] = {}
    lines: list[tuple[str, int]] = []
    events = conversation(trace)
    for event in events:
        if what := _what(trace, event):
            when = _ms(event.time_ns - events[0].time_ns)
            told = _ID.sub(lambda m: ids.setdefault(m[0], f"<id {len(ids) + 1}>"), what)
            lines.append((f"{when:>7} ms  {_cut(told)}", event.seq))
    return lines


def is_golden(text: str) -> bool:
    """Return whether a text begins as a golden file does; an empty one may become one."""
    return not text.strip() or text.startswith(_HEAD.rstrip())


def golden_text(trace: Trace, before: str = "") -> str:
    """Return the text of a golden file.

    Args:
        trace: What its section is to tell.
        before: The text that the file had; other sections stay.
    """
    return _text({**_sections(before), _title(trace): [line for line, _ in golden_lines(trace)]})


def golden_merged(text: str, newer: str) -> str:
    """Return the text of a golden file that has the sections of two; the newer ones stay."""
    return _text({**_sections(text), **_sections(newer)})


def golden_difference(trace: Trace, text: str) -> Miss | None:
    """Return where a run parts from what a golden file tells, or None.

    Args:
        trace: The run.
        text: The file's text.
    """
    title, sections = _title(trace), _sections(text)
    if title not in sections:
        known = ", ".join(sections) or "nothing"
        return Miss(f"it tells of {known}, not of {title}: {UPDATE}")
    wanted, lines = sections[title], golden_lines(trace)
    for number, (one, other) in enumerate(zip_longest(wanted, lines)):
        line, seq = other or ("", lines[-1][1] if lines else None)
        if one != line:
            return Miss(_parting(wanted, [each for each, _ in lines], number), seq)
    return None


def _parting(wanted: list[str], lines: list[str], number: int) -> str:
    told = [f"line {number + 1} of the conversation differs (- golden, + this run)"]
    told += [f"    {line}" for line in wanted[max(0, number - _CONTEXT) : number]]
    told += [f"  - {line}" for line in wanted[number : number + 1] or ["(nothing more)"]]
    told += [f"  + {line}" for line in lines[number : number + 1] or ["(nothing more)"]]
    told += [f"    {line}" for line in lines[number + 1 : number + 1 + _CONTEXT]]
    return "\n".join(told)


def _text(sections: dict[str, list[str]]) -> str:
    told = ["\n".join((f"[{name}]", *sections[name], "")) for name in sorted(sections)]
    return "\n".join((_HEAD, *told))


def _title(trace: Trace) -> str:
    return f"{trace.header.scenario} on {trace.header.target_name}"


def _sections(text: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in map(str.rstrip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            lines = sections.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            lines.append(line)
    return sections


def _what(trace: Trace, event: Event) -> str:
    match event.kind:
        case "process":
            frame = trace.frame_of(event)
            if frame is None or frame.type not in TOLD:
                return ""
            way = "v" if event.direction == DOWN else "^"
            payload = " ".join(_payloads(frame))
            return f"{way} {event.where:10} {frame.type} {payload}".rstrip()
        case "stimulus":
            text = event.data.get("text")
            return f"* {event.data['do']}" + (f" {_json(text)}" if text else "")
        case "handler":
            return f"  handler {event.call} {event.data['phase']}"
        case "answer":
            return f"  answer {event.call} {_json(event.data['result'])}"
        case "inference":
            turn = event.data["turn"]
            return f"  model asked, {'no turn left' if turn is None else f'turn {turn + 1}'}"
        case "error":
            return f"! {event.data['source']} {_json(event.data['message'])}"
        case "rest":
            return f"  at rest: {event.data['how']}"
    return ""


def _payloads(frame: FrameRecord) -> Iterator[str]:
    fields = frame.fields
    for call in fields.get("function_calls", ()):
        yield f"{call['tool_call_id']} {call['function_name']} {_json(call['arguments'])}"
    if "tool_call_id" in fields:
        yield f"{fields['tool_call_id']} {fields.get('function_name', '')}".rstrip()
    if frame.is_update:
        yield "update"
    phase = phase_of(frame)
    for key in (phase.shows if phase else "", "text", "error", "reason"):
        if key and fields.get(key) is not None:
            yield _json(fields[key])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(", ", ": "))


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    # The checksum tells of a change in what is not shown.
    rest = zlib.crc32(text[_LONGEST:].encode())
    return f"{text[:_LONGEST]}… {len(text)} characters, {rest:08x}"


def _ms(time_ns: int) -> str:
    whole, rest = divmod(time_ns, _NS_OF_A_MS)
    return f"{whole}.{rest:06}".rstrip("0") if rest else str(whole)

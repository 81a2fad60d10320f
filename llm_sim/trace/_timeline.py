"""The run as rows of text: what went through which processor, when.

One row is one frame at one virtual time; a mark under each processor that took it up then. The
row of the event that broke a law is marked ``>>>``; where that event has no row, because it is a
push or of a kind that is not shown, the row where it is first seen, or else the one before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from llm_sim.trace._events import DOWN, Event, FrameRecord
from llm_sim.trace._golden import TOLD
from llm_sim.trace._order import stations
from llm_sim.trace._trace import Trace

_SHOWN: Final = TOLD | {"LLMContext"}
_MARK: Final = "o"
_MOST_ROWS: Final = 48
_TEXT: Final = 28
_WIDTH: Final = 46


@dataclass(slots=True)
class _Row:
    time_ns: int
    what: str
    at: list[str] = field(default_factory=list)
    frame: int | None = None
    marked: bool = False


def timeline(trace: Trace, breaking: int | None = None) -> list[str]:
    """Return the conversation as lines of text, the first a header.

    Args:
        trace: The record.
        breaking: The ``seq`` of the event to mark, or None.
    """
    told = _told(trace, breaking)
    rows = _rows(told, _to_mark(trace, told, breaking))
    columns = stations(trace)
    lines = [_header(columns)]
    shown, before, after = _excerpt(rows)
    if before:
        lines.append(f"{'':14}… {before} earlier rows")
    lines.extend(_line(row, columns) for row in shown)
    if after:
        lines.append(f"{'':14}… {after} later rows")
    return lines


def _told(trace: Trace, breaking: int | None) -> list[tuple[Event, str]]:
    """Return the shown events, each in words: from the opening to rest.

    What follows rest is the harness taking the pipeline down; it is shown where a law broke in it.
    """
    told: list[tuple[Event, str]] = []
    opened = False
    for event in trace.events:
        opened = opened or event.kind == "stimulus"
        if event.kind == "rest" and (breaking is None or breaking < event.seq):
            break
        what = _what(trace, event) if opened else None
        if what is not None:
            told.append((event, _printable(what)))
        if event.kind == "rest" and breaking == event.seq:
            break
    return told


def _to_mark(trace: Trace, told: list[tuple[Event, str]], breaking: int | None) -> int | None:
    if breaking is None or not told:
        return None
    frame = trace.events[breaking].frame
    before = told[0][0].seq
    for event, _ in told:
        if event.seq < breaking:
            before = event.seq
        elif event.seq == breaking or (frame is not None and event.frame == frame):
            return event.seq
    return before


def _rows(told: list[tuple[Event, str]], marked: int | None) -> list[_Row]:
    rows: list[_Row] = []
    for event, what in told:
        frame = event.frame if event.kind == "process" else None
        same = rows and (rows[-1].frame, rows[-1].time_ns) == (frame, event.time_ns)
        if frame is None or not same or event.where in rows[-1].at:
            rows.append(_Row(event.time_ns, what, frame=frame))
        rows[-1].at.append(event.where)
        rows[-1].marked = rows[-1].marked or event.seq == marked
    return rows


def _what(trace: Trace, event: Event) -> str | None:
    match event.kind:
        case "process":
            frame = trace.frame_of(event)
            if frame is None or frame.type not in _SHOWN:
                return None
            return f"{'v' if event.direction == DOWN else '^'} {_frame_in_words(frame)}"
        case "stimulus":
            text = event.data.get("text")
            return f"* {event.data['do']}" + (f" {_short(text)}" if text else "")
        case "handler":
            return f"  handler {event.call} {event.data['phase']}"
        case "http":
            return f"  http {_exchange_in_words(event)}"
        case "inference":
            turn = event.data["turn"]
            return "  model asked: " + (
                "no turn left" if turn is None else f"turn {turn + 1} of the script"
            )
        case "error":
            return f"! {_short(event.data['message'])}"
        case "rest":
            how = event.data["how"]
            return "  at rest" if how == "idle" else f"  stopped at the bound of {how}"
        case "probe":
            return "* probe: does the service still work?"
        case "close":
            return "  the pipeline is closed"
        case _:
            return None


def _exchange_in_words(event: Event) -> str:
    data = event.data
    if data["phase"] == "asked":
        return f"{data.get('method', 'asked')} {event.where}{data.get('target', '')}"
    return f"{event.where} {data.get('status', data['phase'])}"


def _frame_in_words(frame: FrameRecord) -> str:
    more = ",".join(frame.calls)
    if not more and frame.fields.get("text"):
        more = _short(str(frame.fields["text"]))
    if frame.type == "Error":
        more = _short(str(frame.fields.get("error", "")))
    return f"{frame.type} {more}".rstrip()


def _short(text: str) -> str:
    cut = text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"
    return f'"{cut}"'


def _printable(text: str) -> str:
    """Return a text without what would break its line or speak to the terminal."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _excerpt(rows: list[_Row]) -> tuple[list[_Row], int, int]:
    if len(rows) <= _MOST_ROWS:
        return rows, 0, 0
    middle = next((index for index, row in enumerate(rows) if row.marked), len(rows) - 1)
    first = max(0, min(middle - 2 * _MOST_ROWS // 3, len(rows) - _MOST_ROWS))
    return rows[first : first + _MOST_ROWS], first, len(rows) - first - _MOST_ROWS


def _header(columns: list[str]) -> str:
    return f"{'virtual time':>14}  {'':{_WIDTH}} " + "  ".join(columns)


def _line(row: _Row, columns: list[str]) -> str:
    prefix = ">>>" if row.marked else ""
    absent = "" if row.frame is None else "."
    marks = "  ".join(f"{_MARK if s in row.at else absent:^{len(s)}}" for s in columns)
    what = row.what if len(row.what) <= _WIDTH else row.what[: _WIDTH - 1] + "…"
    return f"{prefix:>3} {row.time_ns / 1e6:>7.6g} ms  {what:{_WIDTH}} {marks}".rstrip()

"""JSON Lines: one header, then a line a frame at first sight and a line an event.

Keys stand in a fixed order and empty ones are left out, so that equal traces are equal bytes and a
difference between two files is a difference between two runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, asdict, fields
from typing import Any, Final

from llm_sim.errors import UsageError
from llm_sim.trace._events import Event, FrameRecord, Header
from llm_sim.trace._trace import Trace

FORMAT: Final = 1


def _default(spec: Any) -> Any:
    return spec.default if spec.default_factory is MISSING else spec.default_factory()


_DEFAULTS: Final = {
    cls: {spec.name: _default(spec) for spec in fields(cls)} for cls in (Event, FrameRecord)
}


def _line(kind: str, record: Event | FrameRecord) -> str:
    defaults = _DEFAULTS[type(record)]
    body: dict[str, Any] = {"line": kind}
    for name, default in defaults.items():
        value = getattr(record, name)
        if value != default or default is MISSING:
            body[name] = value
    return _json(body)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _lines(trace: Trace) -> Iterator[str]:
    yield _json({"line": "trace", "format": FORMAT, **asdict(trace.header)})
    told = 0
    for event in trace.events:
        while event.frame is not None and told <= event.frame:
            yield _line("frame", trace.frames[told])
            told += 1
        yield _line("event", event)


def dumps(trace: Trace) -> str:
    """Return the trace as JSON Lines text that ends with a newline."""
    return "\n".join(_lines(trace)) + "\n"


def loads(text: str) -> Trace:
    """Read what :func:`dumps` wrote.

    Raises:
        UsageError: The text is not a trace of this format; it names the line.
    """
    trace: Trace | None = None
    for number, line in enumerate(text.splitlines(), 1):
        try:
            body = json.loads(line)
            kind = body.pop("line")
            if kind == "trace":
                if body.pop("format") != FORMAT:
                    raise UsageError(f"line {number}: the trace is not of format {FORMAT}")
                trace = Trace(Header(**body))
            elif trace is None:
                raise UsageError(f"line {number}: a trace begins with its header")
            elif kind == "frame":
                trace.frames.append(FrameRecord(**{**body, "calls": tuple(body.get("calls", ()))}))
            else:
                trace.events.append(Event(**body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"line {number}: not a line of a trace: {error}") from error
    if trace is None:
        raise UsageError("line 1: an empty file is not a trace")
    return trace

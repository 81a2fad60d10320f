"""JSON Lines: one header, then a line a frame at first sight and a line an event.

Keys stand in a fixed order and empty ones are left out, so that equal traces are equal bytes and a
difference between two files is a difference between two runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any, Final, TypeVar, get_origin, get_type_hints

from llm_sim.errors import UsageError, did_you_mean
from llm_sim.scenario import Place
from llm_sim.trace._events import Event, FrameRecord, Header
from llm_sim.trace._trace import Trace

FORMAT: Final = 2
"""The version of the format: since 2, the header tells all that the verdict depends on."""

_OLDEST: Final = 1


def _default(spec: Any) -> Any:
    return spec.default if spec.default_factory is MISSING else spec.default_factory()


def _kind(hint: Any) -> Any:
    """Return what a value of a field is an instance of."""
    origin = get_origin(hint)
    return origin if origin in (dict, tuple) else hint


_RECORDS: Final = (Header, Event, FrameRecord)
_DEFAULTS: Final = {cls: {s.name: _default(s) for s in fields(cls)} for cls in _RECORDS}
_KINDS: Final[Mapping[type, Mapping[str, Any]]] = {
    cls: {name: _kind(hint) for name, hint in get_type_hints(cls).items()} for cls in _RECORDS
}
_Record = TypeVar("_Record", Header, Event, FrameRecord)

_NO_LINE: Final = "not a line of a trace"
_LONGEST: Final = 40


def _line(kind: str, record: Event | FrameRecord) -> str:
    defaults = _DEFAULTS[type(record)]
    body: dict[str, Any] = {"line": kind}
    for name, default in defaults.items():
        value = getattr(record, name)
        if value != default or default is MISSING:
            body[name] = value
    return _json(body)


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which no file can hold
        return json.dumps(value, separators=(",", ":"))
    return text


def _lines(trace: Trace) -> Iterator[str]:
    defaults = _DEFAULTS[Header]
    header = {
        name: value
        for name, value in asdict(trace.header).items()
        if value or value != defaults[name]
    }
    yield _json({"line": "trace", "format": FORMAT, **header})
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
        UsageError: The text is not one trace of this format; it names the line.
    """
    trace: Trace | None = None
    # Not splitlines(): a frame's text may hold characters that end a line for it.
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        try:
            trace = _read(trace, line)
        except UsageError as error:
            raise UsageError(f"line {number}: {error}") from None
        except RecursionError:
            raise UsageError(f"line {number}: {_NO_LINE}: it is nested too deep") from None
    if trace is None:  # pragma: no cover - the first line is a header or was refused
        raise UsageError("line 1: an empty file is not a trace")
    return trace


def _read(trace: Trace | None, line: str) -> Trace:
    if trace is None and not line.strip():
        raise UsageError("an empty file is not a trace")
    body = _object(line)
    kind = body.pop("line", None)
    if trace is None:
        if kind != "trace":
            raise UsageError("a trace begins with its header")
        return Trace(_record(Header, _as_of_today(body, body.pop("format", None))))
    match kind:
        case "frame":
            frame = _record(FrameRecord, body)
            _check_next("frame", frame.number, len(trace.frames))
            trace.frames.append(frame)
        case "event":
            event = _record(Event, body)
            _check_next("event", event.seq, len(trace.events))
            if event.frame is not None and not 0 <= event.frame < len(trace.frames):
                raise UsageError(f"event {event.seq} is about frame {event.frame}, not yet told")
            trace.events.append(event)
        case "trace":
            raise UsageError("another trace begins here; read one at a time")
        case None:
            raise UsageError(f"{_NO_LINE}: it has no 'line', which says of what kind it is")
        case _:
            raise UsageError(f"{kind!r} is no kind of line: trace, frame or event")
    return trace


def _as_of_today(header: dict[str, Any], version: object) -> dict[str, Any]:
    """Return what a header of any version that we wrote says in today's words.

    Raises:
        UsageError: It is of another version.
    """
    if version == _OLDEST:
        place = Place.told(str(header.pop("place", "")))
        return {**header, "file": place.file, "test": place.test}
    if version != FORMAT:
        raise UsageError(
            f"the trace is of format {_shown(version)}; this llm_sim reads {_OLDEST} to {FORMAT}: "
            "run the scenario again, or read it with the llm_sim that wrote it"
        )
    return header


def _object(line: str) -> dict[str, Any]:
    try:
        body = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{_NO_LINE}: it is cut short or no JSON: {error}") from None
    if not isinstance(body, dict):
        raise UsageError(f"{_NO_LINE}: it must be a JSON object, not {_shown(body)}")
    return body


def _record(cls: type[_Record], body: Mapping[str, Any]) -> _Record:
    """Return what a line tells; what it leaves out has its default."""
    kinds: Mapping[str, Any] = _KINDS[cls]
    given = dict(body)
    for name, value in body.items():
        if name not in kinds:
            hint = did_you_mean(name, [*kinds])
            raise UsageError(f"{_NO_LINE}: unknown key {name!r}{hint}")
        fits = isinstance(value, kinds[name])
        if kinds[name] is tuple and isinstance(value, list):
            given[name] = tuple(value)
            fits = all(isinstance(each, str) for each in value)
        if not fits:
            raise UsageError(f"{_NO_LINE}: {name!r} cannot be {_shown(value)}")
    for name, default in _DEFAULTS[cls].items():
        if default is MISSING and name not in given:
            raise UsageError(f"{_NO_LINE}: it has no {name!r}")
    return cls(**given)


def _shown(value: Any) -> str:
    text = _json(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _check_next(what: str, number: int, expected: int) -> None:
    if number != expected:
        raise UsageError(f"{what} {number} stands where {what} {expected} is due")

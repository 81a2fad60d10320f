"""``llm-sim show`` and ``llm-sim diff``: what a trace file tells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from llm_sim.cli._console import out
from llm_sim.cli._exits import ExitCode
from llm_sim.errors import UsageError
from llm_sim.exploration import SUFFIX
from llm_sim.invariants import judge
from llm_sim.report import Failure, render_failure, timeline
from llm_sim.schedule import decode
from llm_sim.testing import pasted
from llm_sim.trace import Event, Header, Trace, calls, first_difference, loads

_CONTEXT: Final = 3
_SCENARIO_FILES: Final = (".yaml", ".yml")


def show_command(file: Path, whole: bool) -> ExitCode:
    """Print a trace and judge it again.

    Args:
        file: The trace.
        whole: Whether every event is told, instead of the timeline.
    """
    trace = _load(file)
    # What a trace that is cut short does not tell is no broken law.
    found = judge(trace) if trace.is_whole else []
    violations = [one for one in found if one.level == "error"]
    header = trace.header
    out(f"{header.scenario or file} on {header.target}, {header.mode} mode")
    out("\n".join(_facts(trace)))
    for one in found:
        if one.level == "warn":
            out(f"  warn      {one.law} {one.message}")
    if whole:
        out("\n".join(_line(trace, event) for event in trace.events))
    if violations:
        words = decode(header.schedule).in_words()
        failure = Failure(f"FAILED {header.place or file}", words, _again(header))
        out(render_failure(trace, violations, failure, whole=not whole))
        return ExitCode.VIOLATION
    if not whole:
        out("\n".join(timeline(trace)))
    if not trace.is_whole:
        out("  verdict   none: the trace ends before the run did")
        out(f"  replay    {_again(header)}")
        return ExitCode.NO_VERDICT
    out("  verdict   every law holds")
    return ExitCode.CLEAN


def diff_command(left: Path, right: Path) -> ExitCode:
    """Print where two traces part, with the events around it."""
    one, other = _load(left), _load(right)
    for spec in fields(Header):
        before, after = getattr(one.header, spec.name), getattr(other.header, spec.name)
        if before != after:
            out(f"{spec.name:9} {before or 'none'}  |  {after or 'none'}")
    difference = first_difference(one, other)
    if difference is None:
        out(f"the {len(one.events)} events are the same")
        return ExitCode.CLEAN
    out(difference.in_words())
    for file, trace in ((left, one), (right, other)):
        out(f"\n{file}")
        out("\n".join(_around(trace, difference.seq)))
    return ExitCode.VIOLATION


def _load(file: Path) -> Trace:
    """Read a trace file.

    Raises:
        UsageError: It is not there, or is none; the message has the file and the line.
    """
    if file.name.endswith(SUFFIX):
        raise UsageError(
            f"{file}: is a saved failure, not a trace; see it again with "
            f"{pasted('llm-sim', 'replay', str(file))}"
        )
    if file.suffix in _SCENARIO_FILES:
        name = file.name.partition(".")[0]
        made = pasted("llm-sim", "run", str(file), "--trace", f"{name}.jsonl")
        raise UsageError(f"{file}: is no trace; a scenario makes one with {made}")
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"{file}: there is no such file") from None
    except IsADirectoryError:
        raise UsageError(f"{file}: this is a directory: name a file in it") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: not a trace: it is not UTF-8 text") from None
    try:
        return loads(text)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from None


def _again(header: Header) -> str:
    """Return the line that shows the run again: of a scenario file, or of a test."""
    file, _, name = header.place.partition("::")
    if not file.endswith(_SCENARIO_FILES):
        return pasted("pytest", header.place) if name else "the trace does not say where it is from"
    how = ("--schedule", header.schedule, "--target", header.target_name)
    return pasted("llm-sim", "replay", header.place, *how)


def _facts(trace: Trace) -> Iterator[str]:
    header = trace.header
    yield f"  place     {header.place or 'unknown'}"
    yield f"  schedule  {decode(header.schedule).in_words()}   {header.schedule}"
    for life in calls(trace.until_rest()).values():
        name = f"{life.id} `{life.name}`" if life.name else life.id
        handler = " ".join(event.data["phase"] for event in life.handler) or "never ran"
        yield f"  call      {name}: {' '.join(life.phases) or 'nothing'}; its handler {handler}"


def _around(trace: Trace, seq: int) -> Iterator[str]:
    for event in trace.events[max(0, seq - _CONTEXT) : seq + _CONTEXT + 1]:
        yield f"{'>>>' if event.seq == seq else '':3}{_line(trace, event)}"
    if seq >= len(trace.events):
        yield f">>> the trace ends after {len(trace.events)} events"


def _line(trace: Trace, event: Event) -> str:
    """Return one event as a line: its number, step and time, and what happened."""
    what = " ".join(part for part in _parts(trace, event) if part)
    return f"{event.seq:5} step {event.step:<5} {event.time_ns / 1e6:>9.6g} ms  {what}"


def _parts(trace: Trace, event: Event) -> Iterator[str]:
    yield f"{event.kind:9}"
    data = dict(event.data)
    by = data.pop("by", "")
    yield f"{by} -> {event.where}" if by else event.where
    yield event.direction
    frame = trace.frame_of(event)
    if frame is not None:
        yield f"{frame.type}#{frame.number}"
        yield ",".join(frame.calls)
    yield event.call
    if data:
        yield _json(data)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

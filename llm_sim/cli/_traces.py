"""``llm-sim show`` and ``llm-sim diff``: what a trace file tells."""

from __future__ import annotations

import json as _json_format
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Final

import typer

from llm_sim.cli import _completion as complete
from llm_sim.cli._app import command
from llm_sim.cli._console import out
from llm_sim.cli._options import JSON
from llm_sim.cli._output import Output
from llm_sim.errors import UsageError
from llm_sim.exploration import RunReport
from llm_sim.kept import SUFFIX
from llm_sim.reports import ExitCode, Telling, pasted, render_finding
from llm_sim.simulation import Finding, Run, recorded_run
from llm_sim.trace import Event, Header, Trace, calls, first_difference, loads, timeline

_CONTEXT: Final = 3
_SCENARIO_FILES: Final = (".yaml", ".yml")


@command("Run a conversation", "llm-sim show reserve.jsonl", rank=3)
def show(
    traces: Annotated[
        list[Path],
        typer.Argument(
            metavar="TRACE",
            help="Files that --trace has written.",
            autocompletion=complete.traces,
        ),
    ],
    every: Annotated[
        bool, typer.Option("--all", help="Show every event, instead of the timeline.")
    ] = False,
    json: JSON = None,
) -> ExitCode:
    """Show a trace, and judge it again: the verdict is that of its run.

    Exit code: 0 clean, 1 a law is broken or an expectation not met, 2 no such trace, 3 no verdict.
    """
    with Output("show", json) as output:
        for file in traces:
            run = recorded_run(_load(file))
            header = run.trace.header
            if len(traces) > 1:
                out(f"\n{file}")
            out(f"{header.scenario or file} on {header.target}, {header.mode} mode")
            out("\n".join(_facts(run)))
            if every:
                out("\n".join(_line(run.trace, event) for event in run.trace.events))
            finding = Finding.of_run(run)
            whole = run.trace.is_whole
            if not every and (finding is None or not whole):
                out("\n".join(timeline(run.trace)))
            if finding is None:
                out("  verdict   every law holds")
            else:
                out(render_finding(finding, _how(run, whole=whole and not every)))
            output.note(RunReport(run.setup, [finding] if finding else [], run=run))
    return output.code


@command(
    "Run a conversation",
    "llm-sim run scenarios/reserve.sim.yaml --trace other.jsonl",
    "llm-sim diff reserve.jsonl other.jsonl",
    rank=4,
)
def diff(
    left: Annotated[
        Path, typer.Argument(metavar="A", help="A trace.", autocompletion=complete.traces)
    ],
    right: Annotated[
        Path, typer.Argument(metavar="B", help="Another one.", autocompletion=complete.traces)
    ],
) -> ExitCode:
    """Show where two traces part, and what is around it.

    Exit code: 0 the events are the same, 1 they differ, 2 no such trace.
    """
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


def _how(run: Run, *, whole: bool) -> Telling:
    """Return how a finding is shown below what its trace says of itself."""
    unknown = "" if run.trace.header.place else "the trace does not say where it is from"
    return Telling(whole=whole, placed=True, replay=unknown)


def _facts(run: Run) -> Iterator[str]:
    header = run.trace.header
    yield f"  place     {header.place or 'unknown'}"
    yield f"  schedule  {run.schedule.in_words()}   {header.schedule}"
    made_by = [("Python", header.python), ("llm_sim", header.llm_sim)]
    if versions := ", ".join(f"{name} {version}" for name, version in made_by if version):
        yield f"  made by   {versions}"
    for life in calls(run.trace.until_rest()).values():
        name = f"{life.id} `{life.name}`" if life.name else life.id
        handler = " ".join(event.data["phase"] for event in life.handler) or "never ran"
        yield f"  call      {name}: {' '.join(life.phases) or 'nothing'}; its handler {handler}"
    yield from (f"  warn      {each.law} {each.message}" for each in run.warnings)


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
        yield _json_format.dumps(data, ensure_ascii=False)

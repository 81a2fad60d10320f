"""Which interleavings were met: stimuli by what each call was doing when they landed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from llm_sim.simulation import Run
from llm_sim.trace import ASSISTANT, DOWN, SERVICE, Event, FrameRecord, Trace, phase_of

PHASES: Final = (
    "before",
    "announced",
    "running",
    "answered",
    "settled",
    "delivered",
)
"""What a call does when a stimulus lands, in the order of its life.

``before``: not announced yet, or never. ``announced``: the service has pushed FunctionCallsStarted,
and the call waits for its handler to start. ``running``: the handler has started.
``answered``: the handler has called its result callback or is over, and the service has not pushed
the result. ``settled``: the service has pushed the result or the cancel. ``delivered``: the
assistant aggregator has begun to process it.
"""

NO_CALL: Final = "no_call"
"""Stands for the phase where a conversation has no calls."""

_COLUMNS: Final = (*PHASES, NO_CALL)
_RANK: Final = {phase: rank for rank, phase in enumerate(PHASES)}
_KINDS: Final = frozenset(("stimulus", "push", "process", "handler", "answer", "register"))
_WHOSE: Final = {True: "cancellable", False: "kept", None: "no handler"}
_EMPTY: Final = "·"


class Cell(NamedTuple):
    """One combination of what landed and what a call was doing.

    Parameters:
        mode: ``"parallel"`` or ``"sequential"``.
        cancels: The call's ``cancel_on_interruption``; None without a handler, or without a call.
        stimulus: What landed: ``interrupt``, ``end``, ``cancel``, or what else a scenario injects.
        phase: One of `PHASES`, or `NO_CALL`.
    """

    mode: str
    cancels: bool | None
    stimulus: str
    phase: str


def cells(run: Run) -> tuple[Cell, ...]:
    """Return the cells of a run: for each stimulus behind the opening, one for each call.

    The calls are those of the script, also where a stimulus keeps the model from making them, and
    what else the service was seen to announce.
    """
    return tuple(_cells(run))


def _cells(run: Run) -> Iterator[Cell]:
    watch = _Watch(run.trace, {call.id: call.name for call in run.scenario.calls})
    snapshots: list[tuple[str, dict[str, str]]] = []
    for event in run.trace.events:
        if event.kind == "rest":
            break
        if event.kind == "stimulus":
            snapshots.append((event.data["do"], dict(watch.phases)))
        elif event.kind in _KINDS:
            watch.see(event)
    mode = run.scenario.mode
    # The first stimulus opens the conversation.
    for stimulus, phases in snapshots[1:]:
        for call in watch.phases:
            yield Cell(mode, watch.cancels(call), stimulus, phases.get(call, "before"))
        if not watch.phases:
            yield Cell(mode, None, stimulus, NO_CALL)


class _Watch:
    """Follows the calls through a trace."""

    def __init__(self, trace: Trace, names: dict[str, str]) -> None:
        self.phases = dict.fromkeys(names, "before")
        self._names = names
        self._registered: dict[str, bool | None] = {}
        self._cancels: dict[str, bool | None] = {}
        self._frames = {frame.number: frame for frame in trace.frames}

    def cancels(self, call: str) -> bool | None:
        """Return what the registration says, for an announced call the one of that time."""
        if call in self._cancels:
            return self._cancels[call]
        own = self._registered.get(self._names.get(call, ""))
        return self._registered.get("") if own is None else own

    def see(self, event: Event) -> None:
        """Move the calls on that an event is about."""
        if event.kind == "register":
            self._registered[event.where] = event.data["cancel_on_interruption"]
        elif event.kind == "handler":
            self._reach(event.call, "running" if event.data["phase"] == "started" else "answered")
        elif event.kind == "answer":
            self._reach(event.call, "answered")
        elif event.frame in self._frames and event.direction == DOWN:
            self._see_frame(event, self._frames[event.frame])

    def _see_frame(self, event: Event, frame: FrameRecord) -> None:
        pushed = event.kind == "push" and event.data["by"] == SERVICE
        delivered = event.kind == "process" and event.where == ASSISTANT
        phase = phase_of(frame)
        if phase is None:
            return
        for call in frame.calls:
            if pushed and phase.name == "started":
                self._announce(call, frame)
            if pushed and phase.name == "update":
                if self.phases.get(call) == "answered":
                    self.phases[call] = "running"
            elif pushed:
                self._reach(call, "settled" if phase.ends else "announced")
            elif delivered and phase.ends:
                self._reach(call, "delivered")

    def _announce(self, call: str, frame: FrameRecord) -> None:
        for listed in frame.fields["function_calls"]:
            self._names.setdefault(listed["tool_call_id"], listed["function_name"])
        self._cancels.setdefault(call, self.cancels(call))

    def _reach(self, call: str, phase: str) -> None:
        if _RANK[phase] > _RANK[self.phases.get(call, "before")]:
            self.phases[call] = phase


class Coverage:
    """How often each stimulus met a call in each phase.

    Example::

        coverage = Coverage()
        for schedule in schedules:
            coverage.add(run(scenario, schedule=schedule))
        print(coverage.render())
    """

    def __init__(self) -> None:
        self._counts: Counter[Cell] = Counter()

    def add(self, run: Run) -> None:
        """Count what a run met."""
        self.count(cells(run))

    def count(self, met: Iterable[Cell]) -> None:
        """Count cells, each as often as it is given."""
        self._counts.update(met)

    def merge(self, other: Coverage) -> None:
        """Add the counts of another one."""
        self._counts.update(other._counts)

    def render(self) -> str:
        """Return the counts as a table: who meets whom in a row, the phases in columns.

        There is a row for each stimulus that landed with each sort of call that was there, so what
        was never met can be seen.
        """
        stimuli = sorted({cell.stimulus for cell in self._counts})
        sorts = sorted({(cell.mode, cell.cancels) for cell in self._counts}, key=_order)
        rows = [
            (
                [mode, _WHOSE[cancels], stimulus],
                [self._counts[Cell(mode, cancels, stimulus, phase)] for phase in _COLUMNS],
            )
            for mode, cancels in sorts
            for stimulus in stimuli
        ]
        return _table(["mode", "call", "stimulus"], rows)

    def in_short(self) -> str:
        """Return the counts as a small table, whatever the mode and the call's registration."""
        met = Counter[tuple[str, str]]()
        for cell, count in self._counts.items():
            met[cell.stimulus, cell.phase] += count
        stimuli = sorted({cell.stimulus for cell in self._counts})
        rows = [([each], [met[each, phase] for phase in _COLUMNS]) for each in stimuli]
        return _table(["stimulus"], rows)

    def to_plain(self) -> list[dict[str, Any]]:
        """Return the counts as JSON values, one object for each cell that was met."""
        return [
            {
                "mode": cell.mode,
                "cancel_on_interruption": cell.cancels,
                "stimulus": cell.stimulus,
                "phase": cell.phase,
                "count": self._counts[cell],
            }
            for cell in sorted(self._counts, key=_order_of_cell)
        ]


def _order(sort: tuple[str, bool | None]) -> tuple[str, int]:
    mode, cancels = sort
    return mode, tuple(_WHOSE).index(cancels)


def _order_of_cell(cell: Cell) -> tuple[tuple[str, int], str, int]:
    return _order((cell.mode, cell.cancels)), cell.stimulus, _COLUMNS.index(cell.phase)


def _table(words: list[str], rows: list[tuple[list[str], list[int]]]) -> str:
    """Set rows in columns: those of words flush left, and those of numbers by phase."""
    if not rows:
        return "no stimulus landed"
    told = [[*words, *(column.replace("_", " ") for column in _COLUMNS)]]
    told += [[*left, *(str(count) if count else _EMPTY for count in right)] for left, right in rows]
    widths = [max(map(len, column)) for column in zip(*told, strict=True)]
    lines = []
    for row in told:
        sized = list(zip(row, widths, strict=True))
        parts = [text.ljust(width) for text, width in sized[: len(words)]]
        parts += [text.rjust(width) for text, width in sized[len(words) :]]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)

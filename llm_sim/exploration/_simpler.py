"""What a failing run could do without, and what simpler means.

A piece is a place in the plain form of a scenario: a key to leave at its default, an entry of a
list to drop, or a text to shorten. ``("landings", n)`` is a stimulus of the schedule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final

from llm_sim.errors import ScenarioError
from llm_sim.scenario import (
    Call,
    Say,
    Scenario,
    by_tool,
    departures_of,
    durations_of,
    unknown_calls,
)
from llm_sim.schedule import THEN, Landing
from llm_sim.simulation import Run
from llm_sim.targets import Bot

Piece = tuple[str | int, ...]

SHORT: Final = "Hm."
"""The text that anything said is shortened to."""

SIMPLE: Final = ("10ms", "100ms", "1s")
"""The durations that a reader takes in at a glance, the simplest one first."""

_WORLD: Final = ("executor", "llm", "playout")
_LATE: Final = {"tools": 1, "script": 2}


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario and where stimuli land in it.

    Parameters:
        scenario: What happens.
        landings: The landings of the schedule.
    """

    scenario: Scenario
    landings: tuple[Landing, ...]


def cost(run: Run) -> tuple[Any, ...]:
    """Return how far a run is from simple; of two, the one that compares less is simpler.

    It is made up of, in this order: the stimuli; the calls; the turns and their steps; everything
    that is not at its default; the steps at which the stimuli joined; the durations that are not
    simple; and how far the landings are counted from their frames.
    """
    scenario, landings = run.scenario, run.schedule.landings
    joined = [event.step - run.opened for event in run.trace.of("stimulus")]
    return (
        len(landings) + len(scenario.inject),
        len(scenario.calls),
        len(scenario.script) + sum(len(turn.steps) for turn in scenario.script),
        len(_departures(scenario)),
        joined[1:],
        sum(rank(text) for _, text in durations_of(scenario)),
        sum(landing.offset for landing in landings),
    )


def stimuli(run: Run, call: str) -> list[Piece]:
    """Return every stimulus."""
    of_schedule: list[Piece] = [("landings", n) for n in range(len(run.schedule.landings))]
    return of_schedule + [("inject", n) for n in range(len(run.scenario.inject))]


def turns(run: Run, call: str) -> list[Piece]:
    """Return every turn but the one that makes the call."""
    return [
        ("script", i)
        for i, turn in enumerate(run.scenario.script)
        if all(each.id != call for each in turn.calls)
    ]


def breaks(run: Run, call: str) -> list[Piece]:
    """Return every break between two turns; without it they are one."""
    return [("script", i, "break") for i in range(1, len(run.scenario.script))]


def calls(run: Run, call: str) -> list[Piece]:
    """Return every other call."""
    return [
        ("script", i, j)
        for i, turn in enumerate(run.scenario.script)
        for j, step in enumerate(turn.steps)
        if isinstance(step, Call) and step.id != call
    ]


def words(run: Run, call: str) -> list[Piece]:
    """Return every step that is no call."""
    return [
        ("script", i, j)
        for i, turn in enumerate(run.scenario.script)
        for j, step in enumerate(turn.steps)
        if not isinstance(step, Call)
    ]


def departures(run: Run, call: str) -> list[Piece]:
    """Return everything that is not at its default and can be.

    A stub can go where the bot has a handler of its own. A tool that hangs keeps its timeout:
    without one it fails in another way.
    """
    scenario = run.scenario
    hanging = {name for name, tool in scenario.tools.items() if tool.does == "hang"}
    return [
        piece
        for piece in _departures(scenario)
        if not (piece[0] == "tools" and len(piece) == 2 and not _bot_has(run, str(piece[1])))
        and not (piece[-1] == "timeout" and piece[1] in hanging)
    ]


LEVELS: Final[tuple[Callable[[Run, str], list[Piece]], ...]] = (
    stimuli,
    turns,
    breaks,
    calls,
    words,
    departures,
)
"""The pieces of a run, those that weigh most first; each function gets the call to keep."""


def rank(duration: str) -> int:
    """Return how far a duration is from simple."""
    return SIMPLE.index(duration) if duration in SIMPLE else len(SIMPLE)


def without(run: Run, pieces: Sequence[Piece]) -> Iterator[Case]:
    """Yield what is left of a run's scenario and landings without some pieces.

    A turn that becomes empty is tried both removed and kept: once it is removed, the turns after it
    answer earlier requests. What is said of a tool that nobody calls goes with its calls, and the
    release of a tool with its hold.
    """
    plain = deepcopy(run.scenario.to_plain())
    for piece in reversed(pieces):
        if piece[0] != "landings":
            _leave_away(plain, piece)
    touched = {piece[1] for piece in pieces if piece[0] == "script"}
    script = plain["script"]
    filled = [turn for i, turn in enumerate(script) if turn or i not in touched]
    landings = _landings_without(
        run.schedule.landings, {piece[1] for piece in pieces if piece[0] == "landings"}
    )
    for turns_left in [filled, script] if len(filled) < len(script) else [script]:
        yield from _built(run, _without_unused({**plain, "script": turns_left}), landings)


def with_duration(run: Run, piece: Piece, duration: str) -> Iterator[Case]:
    """Yield the run's scenario with another duration in one place, if there can be such."""
    plain = deepcopy(run.scenario.to_plain())
    _holder(plain, piece)[piece[-1]] = duration
    yield from _built(run, plain, run.schedule.landings)


def _departures(scenario: Scenario) -> list[Piece]:
    # What concerns the whole goes most often, and saves the runs that its parts would take.
    found = sorted(departures_of(scenario), key=lambda piece: _LATE.get(str(piece[0]), 0))
    found += [
        ("script", i, j, "say")
        for i, turn in enumerate(scenario.script)
        for j, step in enumerate(turn.steps)
        if isinstance(step, Say) and step.text != SHORT
    ]
    return found + [
        ("inject", n, "do", "say")
        for n, injection in enumerate(scenario.inject)
        if injection.do.kind == "say" and injection.do.text != SHORT
    ]


def _bot_has(run: Run, name: str) -> bool:
    """Return whether the bot has registered a handler for a tool, beside the scenario's stub."""
    begun = [
        event.where
        for event in run.trace.of("register")
        if event.step <= run.opened and event.where in ("", name)
    ]
    return len(begun) > run.scenario.tools[name].registered


def _leave_away(plain: dict[str, Any], piece: Piece) -> None:
    holder, key = _holder(plain, piece), piece[-1]
    if key == "say":
        holder[key] = SHORT
    elif key == "break":
        before, script = int(piece[1]) - 1, plain["script"]
        script[before], script[before + 1] = script[before] + script[before + 1], []
    elif piece[0] == "script" and len(piece) == 2:  # emptied: the turns after it keep their places
        holder[key] = []
    else:
        del holder[key]


def _holder(plain: Any, piece: Piece) -> Any:
    for key in piece[:-1]:
        plain = plain[key]
    return plain


def _landings_without(landings: Sequence[Landing], dropped: set[Any]) -> tuple[Landing, ...]:
    """Return the landings that stay; one counted from a dropped one is counted from its anchor."""
    kept: list[Landing] = []
    gone: Landing | None = None
    for n, landing in enumerate(landings):
        if landing.anchor == THEN and gone is not None:
            landing = replace(gone, kind=landing.kind, offset=gone.offset + landing.offset)
        gone = landing if n in dropped else None
        if gone is None:
            kept.append(landing)
    return tuple(kept)


def _without_unused(plain: dict[str, Any]) -> dict[str, Any]:
    used = {step["call"] for turn in plain["script"] for step in turn if "call" in step}
    for injection in plain.get("inject", ()):
        if isinstance(injection["do"], dict) and "release" not in injection["do"]:
            used.update(injection["do"].values())
    left = dict(plain)
    for key in by_tool():
        left[key] = {k: v for k, v in plain.get(key, {}).items() if k in used or k in _WORLD}
    left["inject"] = [each for each in plain.get("inject", ()) if _opens_a_gate(each, left["hold"])]
    return left


def _opens_a_gate(injection: dict[str, Any], hold: Mapping[str, int]) -> bool:
    """Return False for the release of a tool that is no longer held."""
    do = injection["do"]
    return not isinstance(do, dict) or "release" not in do or do["release"] in hold


def _built(run: Run, plain: dict[str, Any], landings: tuple[Landing, ...]) -> list[Case]:
    """Return the case of a scenario, or none where no file could hold the scenario."""
    try:
        scenario = Scenario.from_plain(plain)
    except ScenarioError:
        return []
    if run.setup.bot == Bot() and unknown_calls(scenario):
        return []
    return [Case(scenario, landings)]

"""Which frames passed, and whether they did so as somebody expected.

Each question returns None where the frames are as expected, and otherwise the nearest miss: what
it is, and at which event to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from llm_sim.errors import did_you_mean
from llm_sim.scenario import FramePattern, format_duration
from llm_sim.trace._events import Event, FrameRecord
from llm_sim.trace._trace import Trace, conversation

_WHERE_IT_HAS_ANY: Final = frozenset(("properties",))
"""Fields that are told of some frames of a type, and not of others."""

_NEAR: Final = 0.85
"""How near a name is that another one is a slip of the pen for: not Cancel for Result."""


@dataclass(frozen=True, slots=True)
class Passed:
    """One frame on its way.

    Parameters:
        event: Where it was seen.
        frame: What it is.
    """

    event: Event
    frame: FrameRecord

    def differences(self, wanted: FramePattern) -> list[str]:
        """Return what keeps it from being the wanted one."""
        return wanted.differences(self.frame.type, self.payload)

    @property
    def payload(self) -> dict[str, Any]:
        """What a pattern can ask of it."""
        return {**self.frame.fields, "calls": list(self.frame.calls)}

    def __str__(self) -> str:
        calls = f" {','.join(self.frame.calls)}" if self.frame.calls else ""
        return f"{self.frame.type}{calls} at {_moment(self.event.time_ns)}"


@dataclass(frozen=True, slots=True)
class Miss:
    """What was expected and did not happen.

    Parameters:
        message: What is wrong, with the nearest miss.
        event: The ``seq`` of the event to look at, or None.
    """

    message: str
    event: int | None = None


Seen = Sequence[Passed]


def passed(trace: Trace, direction: str, station: str = "") -> list[Passed]:
    """Return the frames of the conversation in one direction, each once, in order.

    Args:
        trace: The trace.
        direction: ``"down"`` or ``"up"``.
        station: A processor's label: the frames in the order in which it began to process them.
            Empty: in the order in which each was first handed on, by whomever.
    """
    kind = "process" if station else "push"
    told: dict[int, Passed] = {}
    for event in conversation(trace):
        here = event.kind == kind and event.direction == direction
        if here and event.frame is not None and station in ("", event.where):
            told.setdefault(event.frame, Passed(event, trace.frames[event.frame]))
    return list(told.values())


def stations(trace: Trace) -> list[str]:
    """Return the labels of the processors that processed a frame, in the order of first sight."""
    return list(dict.fromkeys(event.where for event in trace.of("process")))


def in_order(seen: Seen, wanted: Sequence[FramePattern]) -> Miss | None:
    """Ask whether the wanted frames came in this order, with any others between them."""
    found = _found_in_order(seen, wanted)
    if len(found) == len(wanted):
        return None
    return _missing(seen, wanted[len(found)], found[-1] if found else -1)


def exactly(seen: Seen, wanted: Sequence[FramePattern]) -> Miss | None:
    """Ask whether these frames came, in this order, and no others."""
    for number, (one, pattern) in enumerate(zip(seen, wanted, strict=False), 1):
        if why := one.differences(pattern):
            at = one.event.seq
            return Miss(f"frame {number} should be {pattern!r}: {one}: {'; '.join(why)}", at)
    if len(seen) > len(wanted):
        extra = seen[len(wanted)]
        more = f"{len(seen) - len(wanted)} more"
        return Miss(f"{more} than the {len(wanted)} expected: first {extra}", extra.event.seq)
    if len(seen) < len(wanted):
        pattern = wanted[len(seen)]
        there = sum(1 for one in seen if not one.differences(pattern))
        if there:
            return Miss(_too_few(pattern, there, wanted), seen[-1].event.seq)
        return _missing(seen, pattern, len(seen) - 1)
    return None


def any_order(seen: Seen, wanted: Sequence[FramePattern]) -> Miss | None:
    """Ask whether each wanted frame came, each another one, in whatever order."""
    taken: dict[int, int] = {}

    def take(index: int, tried: set[int]) -> bool:
        for place, one in enumerate(seen):
            if place in tried or one.differences(wanted[index]):
                continue
            tried.add(place)
            if place not in taken or take(taken[place], tried):
                taken[place] = index
                return True
        return False

    for index, pattern in enumerate(wanted):
        if not take(index, set()):
            there = [one for one in seen if not one.differences(pattern)]
            if there:
                return Miss(_too_few(pattern, len(there), wanted), there[-1].event.seq)
            return _missing(seen, pattern, -1)
    return None


def never(
    seen: Seen,
    unwanted: FramePattern,
    after: FramePattern | None = None,
    until: FramePattern | None = None,
) -> Miss | None:
    """Ask whether a frame stayed away.

    Args:
        seen: The frames.
        unwanted: What must not come.
        after: Counted behind each of these; one must have come, or nothing would have been asked.
        until: Counted up to the next of these.
    """
    if (untold := never_told(seen, unwanted)) is not None:
        return untold
    if after is not None and not any(not one.differences(after) for one in seen):
        miss = _missing(seen, after, -1)
        return Miss(f"nothing to look at: {miss.message}", miss.event)
    closed = after is not None
    since: Passed | None = None
    for one in seen:
        stops = until is not None and not one.differences(until)
        if not closed and not stops and not one.differences(unwanted):
            behind = "" if since is None else f", after {since}"
            return Miss(f"{unwanted!r} must not come: {one}{behind}", one.event.seq)
        if after is not None and not one.differences(after):
            closed, since = False, one
        elif stops:
            closed = True
    return None


def never_told(seen: Seen, pattern: FramePattern) -> Miss | None:
    """Ask whether a pattern wants what no frame of its type is told with, a slip of the pen.

    Where none of the type came, nobody knows.
    """
    same = [one for one in seen if one.frame.type == pattern.type]
    told = dict.fromkeys(name for one in same for name in one.payload)
    untold = [name for name in pattern.fields if name not in told.keys() | _WHERE_IT_HAS_ANY]
    if not same or not untold:
        return None
    hint = did_you_mean(untold[0], list(told)) or f", but {', '.join(told)}"
    told_of = f"a trace tells of no {untold[0]} of {pattern.type}{hint}"
    return Miss(f"nothing to look at: {told_of}", same[0].event.seq)


def within(seen: Seen, duration_ns: int, wanted: Sequence[FramePattern]) -> Miss | None:
    """Ask whether the wanted frames came in order, the last so soon after the first.

    Args:
        seen: The frames.
        duration_ns: Virtual nanoseconds.
        wanted: At least two; the first of each that comes in this order counts.
    """
    found = _found_in_order(seen, wanted)
    if len(found) < len(wanted):
        return in_order(seen, wanted)
    first, last = seen[found[0]], seen[found[-1]]
    took = last.event.time_ns - first.event.time_ns
    if took <= duration_ns:
        return None
    span = f"{format_duration(took)} from {first} to {last}"
    return Miss(f"{span}, which is more than {format_duration(duration_ns)}", last.event.seq)


def _found_in_order(seen: Seen, wanted: Sequence[FramePattern]) -> list[int]:
    found: list[int] = []
    for place, one in enumerate(seen):
        if len(found) < len(wanted) and not one.differences(wanted[len(found)]):
            found.append(place)
    return found


def _too_few(pattern: FramePattern, came: int, wanted: Sequence[FramePattern]) -> str:
    often = "once" if came == 1 else f"{came} times"
    expected = sum(1 for each in wanted if each == pattern)
    return f"{pattern!r} came {often}, and {expected} were expected"


def _missing(seen: Seen, pattern: FramePattern, behind: int) -> Miss:
    """Tell of a frame that did not come, with the nearest thing that did.

    Args:
        seen: The frames.
        pattern: What was wanted.
        behind: The index behind which it was wanted; -1 for anywhere.
    """
    where = f" after {seen[behind]}" if behind >= 0 else ""
    message = f"{pattern!r} did not come{where}"
    for near, place in _nearest(seen, pattern, behind):
        return Miss(f"{message}: {near}", seen[place].event.seq)
    types = list(dict.fromkeys(one.frame.type for one in seen))
    if pattern.type not in types:
        hint = (
            did_you_mean(pattern.type, types, _NEAR) or f"; there were {', '.join(types) or 'none'}"
        )
        message += f": no such frame passed{hint}"
    return Miss(message, seen[behind].event.seq if behind >= 0 else None)


def _nearest(seen: Seen, pattern: FramePattern, behind: int) -> Iterator[tuple[str, int]]:
    """Yield the near misses, the nearest first: almost the frame, or the frame too early."""
    almost = [
        (len(why), place, why)
        for place, one in enumerate(seen)
        if place > behind and one.frame.type == pattern.type and (why := one.differences(pattern))
    ]
    early = [place for place in range(behind + 1) if not seen[place].differences(pattern)]
    if early:
        yield f"it came before, {seen[early[-1]]}", early[-1]
    if almost:
        _, place, why = min(almost)
        yield f"nearest {seen[place]}: {'; '.join(why)}", place


def _moment(time_ns: int) -> str:
    return f"{time_ns / 1e6:g} ms"

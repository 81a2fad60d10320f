"""The frames of a run, and what a test expects of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from llm_sim.errors import ExpectationError, UsageError, did_you_mean
from llm_sim.scenario import FramePattern, parse_duration
from llm_sim.simulation._names import misspelt_frame
from llm_sim.trace import (
    FrameRecord,
    Miss,
    Passed,
    Trace,
    any_order,
    exactly,
    in_order,
    never,
    never_told,
    passed,
    stations,
    timeline,
    within,
)

_Pattern = FramePattern | str | type


class FrameLog(Sequence[FrameRecord]):
    """The frames that went one way in a conversation, each once, in order.

    An expectation that is not met raises :class:`~llm_sim.ExpectationError`, an
    ``AssertionError`` that tells the nearest miss and shows the run. Where a pattern is wanted,
    ``F.LLMText``, the frame's name and its class will do.

    Args:
        trace: The record of the run.
        direction: ``"down"`` or ``"up"``.
        seen: The frames.
        which: The narrowing of the frames, for messages.
    """

    def __init__(
        self, trace: Trace, direction: str, seen: Sequence[Passed], which: str = ""
    ) -> None:
        self._trace = trace
        self._direction = direction
        self._seen = seen
        self._which = which

    @overload
    def __getitem__(self, index: int) -> FrameRecord: ...
    @overload
    def __getitem__(self, index: slice) -> list[FrameRecord]: ...
    def __getitem__(self, index: int | slice) -> FrameRecord | list[FrameRecord]:
        """Return a frame, or several."""
        if isinstance(index, slice):
            return [one.frame for one in self._seen[index]]
        return self._seen[index].frame

    def __len__(self) -> int:
        return len(self._seen)

    def __iter__(self) -> Iterator[FrameRecord]:
        return (one.frame for one in self._seen)

    def __repr__(self) -> str:
        return f"<{len(self)} frames {self._direction}{self._which}: {', '.join(self.types)}>"

    @property
    def types(self) -> list[str]:
        """The frames' class names, without their suffix."""
        return [frame.type for frame in self]

    def of(self, *patterns: _Pattern) -> FrameLog:
        """Return the frames that one of these patterns means.

        Raises:
            ExpectationError: There are frames of a pattern's type, and none is told with a field
                that the pattern has.
        """
        __tracebackhide__ = True
        wanted = _patterns(patterns)
        for each in wanted:
            self._expect(f"of {each!r}", never_told(self._seen, each))
        kept = [one for one in self._seen if any(not one.differences(each) for each in wanted)]
        return FrameLog(self._trace, self._direction, kept, f"{self._which} of {_told(wanted)}")

    def at(self, station: str) -> FrameLog:
        """Return the frames in the order in which a processor began to process them.

        Args:
            station: Its label: ``llm``, ``playout``, ``assistant``, ``sink``, or the class of one
                of the bot's own processors with its place, as a timeline shows it.

        Raises:
            UsageError: No processor of this label processed a frame.
        """
        known = stations(self._trace)
        if station not in known:
            raise UsageError(
                f"there is no processor {station!r}{did_you_mean(station, known)}; "
                f"the run has {', '.join(known)}"
            )
        kept = {one.frame.number for one in self._seen}
        there = passed(self._trace, self._direction, station)
        seen = [one for one in there if one.frame.number in kept]
        return FrameLog(self._trace, self._direction, seen, f"{self._which} at {station}")

    def in_order(self, *patterns: _Pattern) -> None:
        """Expect these frames in this order, with any others between them."""
        __tracebackhide__ = True
        wanted = _patterns(patterns)
        self._expect(f"in order {_told(wanted)}", in_order(self._seen, wanted))

    def exactly(self, *patterns: _Pattern) -> None:
        """Expect these frames in this order, and no others; narrow with :meth:`of` before."""
        __tracebackhide__ = True
        wanted = [_pattern(each) for each in patterns]
        told = _told(wanted) if wanted else "no frame"
        self._expect(f"exactly {told}", exactly(self._seen, wanted))

    def any_order(self, *patterns: _Pattern) -> None:
        """Expect these frames, each another one, in whatever order and among any others."""
        __tracebackhide__ = True
        wanted = _patterns(patterns)
        self._expect(f"in any order {_told(wanted)}", any_order(self._seen, wanted))

    def never(
        self, pattern: _Pattern, *, after: _Pattern | None = None, until: _Pattern | None = None
    ) -> None:
        """Expect that a frame does not come.

        Args:
            pattern: The frame.
            after: Counted behind each of these. One must have come: an expectation that had
                nothing to look at is not met.
            until: Counted up to the next of these.
        """
        __tracebackhide__ = True
        begin = None if after is None else _pattern(after)
        stop = None if until is None else _pattern(until)
        unwanted = _pattern(pattern)
        told = f"never {unwanted!r}"
        told += "" if begin is None else f" after {begin!r}"
        told += "" if stop is None else f" until {stop!r}"
        # A class is there, whatever its name.
        named = [each for each in (pattern, until) if not isinstance(each, type)]
        slip = misspelt_frame(self._trace, *[_pattern(each) for each in named if each is not None])
        self._expect(told, slip or never(self._seen, unwanted, begin, stop))

    def within(self, duration: str | int, *patterns: _Pattern) -> None:
        """Expect these frames in this order, the last no later after the first than this.

        Args:
            duration: Virtual time, such as ``"300ms"``.
            *patterns: At least two.
        """
        __tracebackhide__ = True
        wanted = _patterns(patterns)
        if len(wanted) < 2:
            raise UsageError("within needs two frames at least: from which one to which one?")
        miss = within(self._seen, parse_duration(duration), wanted)
        self._expect(f"within {duration} {_told(wanted)}", miss)

    def _expect(self, expected: str, miss: Miss | None) -> None:
        __tracebackhide__ = True
        if miss is not None:
            which = f"{self._direction}{self._which}"
            shown = timeline(self._trace, miss.event)
            raise ExpectationError(f"{which}: {expected}", miss.message, tuple(shown))


class FrameLogs(dict[str, FrameLog]):
    """The frames of a conversation by their direction."""

    def __missing__(self, way: object) -> FrameLog:
        """Refuse a direction that is none."""
        hint = did_you_mean(str(way), list(self))
        raise UsageError(
            f"there is no direction {way!r}{hint}; write run.frames[Down] or run.frames[Up]"
        )


def _patterns(patterns: Sequence[_Pattern]) -> list[FramePattern]:
    if not patterns:
        raise UsageError("name at least one frame, such as F.FunctionCallResult")
    return [_pattern(each) for each in patterns]


def _pattern(pattern: _Pattern) -> FramePattern:
    if isinstance(pattern, FramePattern):
        return pattern
    if isinstance(pattern, str):
        return FramePattern.named(pattern)
    if isinstance(pattern, type):
        return FramePattern.named(pattern.__name__)
    raise UsageError(f"{pattern!r} is no frame: write F.FunctionCallResult(...) or a frame's name")


def _told(patterns: Sequence[FramePattern]) -> str:
    return ", ".join(repr(each) for each in patterns)

"""Frames that were expected beside frames that came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from itertools import groupby, takewhile, zip_longest
from typing import Any, Final

from llm_sim.errors import did_you_mean
from llm_sim.recorder import describe, plain
from llm_sim.scenario import FramePattern

_NEAR: Final = 0.85
_WIDTH: Final = 48
_NOTHING: Final = "-"
_FOLDED: Final = 3
"""Of a stretch that is as expected, so many rows are shown at each end."""


@dataclass(frozen=True, slots=True)
class ExpectedFrame:
    """One frame that is expected.

    Parameters:
        item: A class; a frame, which says what the payload is; a pattern, which says a part of
            it; or anything with an ``==``.
        is_frame: Whether it is a frame.
    """

    item: Any
    is_frame: bool

    @property
    def name(self) -> str:
        """The name of the class that is expected."""
        if isinstance(self.item, FramePattern):
            return f"{self.item.type}Frame"
        return str(getattr(self.item, "__name__", type(self.item).__name__))

    def __str__(self) -> str:
        if isinstance(self.item, type):
            return self.name
        return in_words(self.item) if self.is_frame else _cut(repr(self.item))

    def is_met_by(self, frame: Any) -> bool:
        """Return whether a frame is what is expected; its id and its times do not count."""
        if isinstance(self.item, type):
            return isinstance(frame, self.item)
        if self.is_frame or isinstance(self.item, FramePattern):
            return self._has_type_of(frame) and not self.unlike(frame)
        return bool(self.item == frame)

    def unlike(self, frame: Any) -> str:
        """Return where a frame of the expected class differs, in words, or an empty string."""
        if not self._has_type_of(frame):
            return ""
        if isinstance(self.item, FramePattern):
            return "; ".join(self.item.differences(self.item.type, _told(frame)))
        pairs = zip(_payload(self.item), _payload(frame), strict=True)
        return "; ".join(
            f"{name} is {_short(got)}, not {_short(wanted)}"
            for (name, wanted), (_, got) in pairs
            if wanted != got
        )

    def _has_type_of(self, frame: Any) -> bool:
        if isinstance(self.item, FramePattern):
            return describe(frame, 0).type == self.item.type
        return self.is_frame and type(frame) is type(self.item)


@dataclass(frozen=True, slots=True)
class _Row:
    """An expectation, a frame, or both side by side."""

    expectation: ExpectedFrame | None
    frame: Any
    met: bool = False

    @property
    def texts(self) -> tuple[str, str]:
        expected = _NOTHING if self.expectation is None else str(self.expectation)
        return expected, _NOTHING if self.frame is None else in_words(self.frame)


def side_by_side(
    expected: Sequence[ExpectedFrame], received: Sequence[Any], other: Sequence[Any], way: str
) -> list[str]:
    """Return the lines of a comparison, the first difference marked ``>>>``; none: no difference.

    Args:
        expected: What was expected.
        received: The frames that came.
        other: The frames that came the other way.
        way: The other way, in a word.
    """
    rows = list(_rows(expected, received))
    marked = next((row for row in rows if not row.met), None)
    if marked is None:
        return []
    texts = [("expected", "received"), *(row.texts for row in rows)]
    left, right = (max(map(len, column)) for column in zip(*texts, strict=True))
    came = enumerate((row for row in rows if row.frame is not None), 1)
    strays = [(number, row.frame) for number, row in came if not row.met]
    lines = [f"    {'expected':{left}}  received"]
    for met, stretch in groupby(rows, key=lambda row: row.met):
        for row in _ends(list(stretch)) if met else stretch:
            if row is None:
                lines.append("    …")
                continue
            wanted, got = row.texts
            note = "" if met else _note(row, strays, received, other, way)
            mark = ">>>" if row is marked else ""
            lines.append(f"{mark:3} {wanted:{left}}  {got:{right}}  {note}".rstrip())
    return lines


def in_words(frame: Any) -> str:
    """Return a frame's class and what of its payload is not the default."""
    return _cut(f"{type(frame).__name__}({', '.join(_said(frame))})").removesuffix("()")


def _rows(expected: Sequence[ExpectedFrame], received: Sequence[Any]) -> Iterator[_Row]:
    """Yield both lists so that as many expectations as possible stand beside what meets them.

    What is between stands beside what came in its place. Ends that are as expected are cut off
    first: what is left takes a table of all pairs.
    """
    head = _alike(expected, received)
    tail = _alike(expected[head:][::-1], received[head:][::-1])
    left, right = len(expected) - tail, len(received) - tail
    yield from _met(expected[:head], received[:head])
    yield from _aligned(expected[head:left], received[head:right])
    yield from _met(expected[left:], received[right:])


def _alike(expected: Sequence[ExpectedFrame], received: Sequence[Any]) -> int:
    """Return how many frames from the first are as expected."""
    pairs = zip(expected, received, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0].is_met_by(pair[1]), pairs))


def _met(expected: Sequence[ExpectedFrame], received: Sequence[Any]) -> Iterator[_Row]:
    return (_Row(one, frame, met=True) for one, frame in zip(expected, received, strict=True))


def _aligned(expected: Sequence[ExpectedFrame], received: Sequence[Any]) -> Iterator[_Row]:
    longest = _longest(expected, received)
    left = right = 0
    missing: list[ExpectedFrame] = []
    extra: list[Any] = []
    while left < len(expected) or right < len(received):
        here = longest[left][right]
        # As early as possible: what is extra at the end is told there.
        if here > longest[left + 1][right + 1] and expected[left].is_met_by(received[right]):
            yield from (_Row(*pair) for pair in zip_longest(missing, extra))
            missing, extra = [], []
            yield _Row(expected[left], received[right], met=True)
            left, right = left + 1, right + 1
        elif left < len(expected) and longest[left + 1][right] == here:
            missing.append(expected[left])
            left += 1
        else:
            extra.append(received[right])
            right += 1
    yield from (_Row(*pair) for pair in zip_longest(missing, extra))


def _longest(expected: Sequence[ExpectedFrame], received: Sequence[Any]) -> list[list[int]]:
    """Return, for each two tails, how many can stand beside each other."""
    table = [[0] * (len(received) + 2) for _ in range(len(expected) + 2)]
    for left in reversed(range(len(expected))):
        for right in reversed(range(len(received))):
            met = expected[left].is_met_by(received[right])
            table[left][right] = max(
                table[left + 1][right],
                table[left][right + 1],
                table[left + 1][right + 1] + met,
            )
    return table


def _ends(stretch: list[_Row]) -> list[_Row | None]:
    if len(stretch) <= 2 * _FOLDED + 1:
        return [*stretch]
    return [*stretch[:_FOLDED], None, *stretch[-_FOLDED:]]


def _note(
    row: _Row,
    strays: Sequence[tuple[int, Any]],
    received: Sequence[Any],
    other: Sequence[Any],
    way: str,
) -> str:
    if row.expectation is None:
        return "extra"
    unlike = row.expectation.unlike(row.frame)
    if unlike:
        return unlike
    what = "missing" if row.frame is None else "another"
    for number, frame in strays:
        if row.expectation.is_met_by(frame):
            return f"{what}: it came as number {number}"
    if any(row.expectation.is_met_by(frame) for frame in other):
        return f"{what}: it came {way}"
    names = {type(frame).__name__: None for frame in (*received, *other)}
    names.pop(row.expectation.name, None)
    return f"{what}{did_you_mean(row.expectation.name, list(names), _NEAR)}"


def _payload(frame: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a frame has besides what every frame has: its id, its name, its times."""
    root = next(cls for cls in type(frame).__mro__ if cls.__name__ == "Frame")
    common = {spec.name for spec in fields(root)}
    names = (spec.name for spec in fields(frame) if spec.name not in common)
    return ((name, getattr(frame, name)) for name in names)


def _told(frame: Any) -> dict[str, Any]:
    """Return what a pattern may ask for: the payload as JSON values, and what a trace knows."""
    record = describe(frame, 0)
    payload = {name: plain(value) for name, value in _payload(frame)}
    return {**payload, **record.fields, "calls": list(record.calls)}


def _said(frame: Any) -> Iterator[str]:
    usual = {
        spec.name: spec.default if spec.default_factory is MISSING else spec.default_factory()
        for spec in fields(frame)
        if spec.init
    }
    for name, value in _payload(frame):
        if name in usual and value != usual[name]:
            yield f"{name}={_short(value)}"


def _short(value: Any) -> str:
    return repr(plain(value))


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"

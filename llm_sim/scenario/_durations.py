"""Durations: text with a unit for people, integer nanoseconds for the clock."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema

from llm_sim.errors import Problem, ScenarioError
from llm_sim.scenario._fields import Given, Writes
from llm_sim.scenario._mistakes import show

_UNITS_NS = {"m": 60_000_000_000, "s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_DURATION = re.compile(r"([0-9]{1,30})(?:\.([0-9]{1,30}))?([A-Za-zµ]+)")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_MOST_DIGITS_OF_A_FRACTION = 30


def parse_duration(text: str | int) -> int:
    """Read a duration.

    Args:
        text: A number with a unit out of ``m``, ``s``, ``ms``, ``us`` and ``ns``, such as ``5s``
            or ``1.5s``; or the number 0, the only one that needs no unit.

    Returns:
        Nanoseconds.

    Raises:
        ScenarioError: It has no unit, is negative, finer than a nanosecond, or no duration.
    """
    try:
        return _parse(text)
    except ValueError as error:
        raise ScenarioError(Problem(f"duration {error}")) from None


def format_duration(duration_ns: int) -> str:
    """Return the shortest exact text that :func:`parse_duration` reads back.

    The unit is one that the duration fills, so that 300 ms do not become ``0.3s``.

    Args:
        duration_ns: Nanoseconds, 0 or more.

    Raises:
        ScenarioError: It is no whole number, or negative.
    """
    if isinstance(duration_ns, bool) or not isinstance(duration_ns, int) or duration_ns < 0:
        wrong = f"duration_ns must be a whole number, 0 or more, not {show(duration_ns)}"
        raise ScenarioError(Problem(wrong))
    if duration_ns == 0:
        return "0s"
    forms = (
        _decimal(duration_ns, unit_ns) + unit
        for unit, unit_ns in _UNITS_NS.items()
        if duration_ns >= unit_ns and _decimal(duration_ns, unit_ns)
    )
    return min(forms, key=len)


def _parse(value: Any) -> int:
    """Return nanoseconds, or refuse with the end of a sentence that begins with a name."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value == 0:
            return 0
        raise ValueError(f"must have a unit: write 300ms or 5s, not {show(value)}")
    if not isinstance(value, str):
        raise ValueError(f"must be a duration such as 300ms or 5s, not {show(value)}")
    if _NUMBER.fullmatch(value):
        raise ValueError(f"must have a unit: write 300ms or 5s, not {show(value)}")
    if value.startswith("-"):
        raise ValueError(f"must not be negative: write 300ms or 5s, not {show(value)}")
    match = _DURATION.fullmatch(value)
    if match is None:
        raise ValueError(f"must be a duration such as 300ms or 5s, not {show(value)}")
    whole, fraction, unit = match[1], match[2] or "", match[3]
    if unit not in _UNITS_NS:
        raise ValueError(f"must have a unit out of m, s, ms, us and ns, not {show(value)}")
    scale: int = 10 ** len(fraction)
    whole_ns, rest = divmod(int(whole + fraction) * _UNITS_NS[unit], scale)
    if rest:
        raise ValueError(f"must be whole nanoseconds, not {show(value)}")
    return whole_ns


def _decimal(duration_ns: int, unit_ns: int) -> str:
    """Return the duration in a unit, or an empty text where no decimal number is exact."""
    whole, rest = divmod(duration_ns, unit_ns)
    digits = ""
    while rest and len(digits) < _MOST_DIGITS_OF_A_FRACTION:
        digit, rest = divmod(rest * 10, unit_ns)
        digits += str(digit)
    if rest:
        return ""
    return f"{whole}.{digits}" if digits else str(whole)


DURATION: Final = Writes(format_duration)
"""Durations are written with a unit."""

Nanoseconds = Annotated[
    int,
    BeforeValidator(_parse),
    DURATION,
    WithJsonSchema(
        {
            "description": "A number with a unit, such as 300ms or 5s; or 0.",
            "anyOf": [
                {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(m|s|ms|us|ns)$"},
                {"const": 0},
            ],
        }
    ),
]
"""Integer nanoseconds, which a file gives as text with a unit."""

Duration = Given[Nanoseconds, str | int]
"""A field that is given as text with a unit and holds integer nanoseconds."""

OptionalDuration = Given[Nanoseconds | None, str | int | None]
"""The same, where there may be none."""

"""Less of the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

_T = TypeVar("_T")


def reduced(items: Sequence[_T], fails: Callable[[Sequence[_T]], bool]) -> Sequence[_T]:
    """Return items of which none can be left out alone, by delta debugging.

    Args:
        items: What fails.
        fails: Tells whether a part of it still does.
    """
    # Mostly it takes one, and then this finds it, whatever holds the others in place.
    alone = next(([item] for item in items if fails([item])), None)
    items = items if alone is None else alone
    size = len(items)
    while size:
        shorter = _without_parts(items, size, fails)
        # Single items are tried until none of them can go; what went may have held another one.
        if size > 1 or len(shorter) == len(items):
            size //= 2
        items = shorter
    return items


def _without_parts(
    items: Sequence[_T], size: int, fails: Callable[[Sequence[_T]], bool]
) -> Sequence[_T]:
    start = 0
    while start < len(items):
        rest = [*items[:start], *items[start + size :]]
        if fails(rest):
            items = rest
        else:
            start += size
    return items

"""The base order, which everything that is written down deviates from.

A lane goes on until it is no longer ready; then the one with the oldest entry does. Most bugs of
order need one or two switches more than that, so a list of what is different is short. From first
in, first out, which switches at every step, the same order would take a dozen deviations.
"""

from __future__ import annotations

from collections.abc import Sequence


def base_place(ready: Sequence[int], running: int | None) -> int:
    """Return the place of the lane whose turn it is.

    Args:
        ready: The lanes that are ready, those with the older entry first.
        running: The lane that took the last step, or None.
    """
    return ready.index(running) if running in ready else 0

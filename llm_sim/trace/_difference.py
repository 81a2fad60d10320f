"""Where two runs part."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from llm_sim.trace._events import Event
from llm_sim.trace._trace import Trace


@dataclass(frozen=True, slots=True)
class Difference:
    """The first event in which two traces differ.

    Parameters:
        seq: Its number in both traces.
        left: The event of the first trace, or None where that one has ended.
        right: The event of the second trace, or None where that one has ended.
    """

    seq: int
    left: Event | None
    right: Event | None


def first_difference(left: Trace, right: Trace) -> Difference | None:
    """Return where the traces part, or None when their events and frames are equal."""
    for seq, (one, other) in enumerate(zip_longest(left.events, right.events)):
        if (
            one is None
            or other is None
            or one != other
            or left.frame_of(one) != right.frame_of(other)
        ):
            return Difference(seq, one, other)
    return None

"""LS501 and LS502: what the harness itself must keep.

They compare two runs, so no single trace shows them broken; :mod:`llm_sim.simulation` runs twice
and reports under these codes.
"""

from __future__ import annotations

from typing import Final

from llm_sim.invariants._facts import Facts
from llm_sim.invariants._law import Law, Violation


def _in_one_trace(facts: Facts) -> tuple[Violation, ...]:
    """Find nothing: a single trace cannot show it."""
    return ()


LAWS: Final = (
    Law(
        "LS501",
        "same-bytes",
        "The same bot, scenario and schedule give the same trace, byte for byte, in any process "
        "and under any hash seed.",
        "A failure that does not come back cannot be repaired.",
        "the promise of deterministic simulation",
        _in_one_trace,
    ),
    Law(
        "LS502",
        "recording-does-not-disturb",
        "The number and the order of steps with and without taps are equal.",
        "A bug that shows only when nobody looks is the kind that we are here for.",
        "the promise of deterministic simulation",
        _in_one_trace,
    ),
)

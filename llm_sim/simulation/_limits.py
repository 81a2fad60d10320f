"""The bounds of a run."""

from __future__ import annotations

from dataclasses import dataclass

from llm_sim.scripted import SECOND_NS


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a run that does not come to rest is stopped (LS304 reports it).

    Parameters:
        max_steps: Steps of the loop, from the opening of the conversation.
        max_time_ns: Virtual nanoseconds, from the opening of the conversation.
    """

    max_steps: int = 100_000
    max_time_ns: int = 300 * SECOND_NS

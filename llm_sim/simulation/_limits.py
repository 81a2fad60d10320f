"""The bounds of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from llm_sim.scenario import Scenario, Wait, format_duration
from llm_sim.scripted import SECOND_NS

_USUAL_NS: Final = 300 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a run that does not come to rest is stopped (LS304 reports it).

    Parameters:
        max_steps: Steps of the loop, from the opening of the conversation.
        max_time_ns: Virtual nanoseconds, from the opening of the conversation.
    """

    max_steps: int = 100_000
    max_time_ns: int = _USUAL_NS

    @classmethod
    def of(cls, scenario: Scenario) -> Limits:
        """Return the usual bounds, or wider ones for a scenario that says that it takes longer.

        Args:
            scenario: What happens, with its latencies, timeouts, waits and moments.
        """
        steps = [step for each in scenario.script for step in each.steps]
        said = [
            *scenario.latency.values(),
            *(max(tool.latency, tool.timeout or 0) for tool in scenario.tools.values()),
            *(step.duration for step in steps if isinstance(step, Wait)),
            *(injection.after or 0 for injection in scenario.inject),
        ]
        # Each may come one behind the other, and as much again may be waited for.
        return cls(max_time_ns=max(_USUAL_NS, 2 * max(said, default=0) * (1 + len(steps))))

    def in_words(self, how: str) -> str:
        """Return the bound that was reached, e.g. ``300s of virtual time``.

        Args:
            how: ``time`` or ``steps``.
        """
        if how == "steps":
            return f"{self.max_steps:,} steps"
        return f"{format_duration(self.max_time_ns)} of virtual time"

"""What a search came to, for people."""

from __future__ import annotations

from llm_sim.exploration import SILENCE, Campaign
from llm_sim.reports import not_kept_lines
from llm_sim.simulation import Setup


def test_failures_that_are_not_kept_are_counted() -> None:
    campaign = Campaign(
        Setup.of(SILENCE), not_kept={"a: Is a directory": 1, "b: No space left on device": 2}
    )
    assert not_kept_lines(campaign) == [
        "1 failure is not kept: a: Is a directory",
        "2 failures are not kept: b: No space left on device",
    ]

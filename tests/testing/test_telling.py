"""A campaign's failures, for people."""

from __future__ import annotations

from llm_sim.exploration import Campaign
from llm_sim.testing import tell_not_kept


def test_failures_that_are_not_kept_are_counted() -> None:
    campaign = Campaign(not_kept={"a: Is a directory": 1, "b: No space left on device": 2})
    assert tell_not_kept(campaign) == [
        "1 failure is not kept: a: Is a directory",
        "2 failures are not kept: b: No space left on device",
    ]

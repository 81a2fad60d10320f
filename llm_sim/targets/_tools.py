"""The scenario's stub tools on a live service."""

from __future__ import annotations

from typing import Any

from llm_sim.scenario import Scenario
from llm_sim.scripted import SECOND_NS, stub


def register_stubs(scenario: Scenario, llm: Any) -> None:
    """Register a stub for each tool of the scenario; it takes the place of the bot's handler.

    Args:
        scenario: Where the tools are described.
        llm: The live service of any target.
    """
    for name, tool in scenario.tools.items():
        if tool.registered:
            timeout = {} if tool.timeout is None else {"timeout_secs": tool.timeout / SECOND_NS}
            llm.register_function(
                name, stub(tool), cancel_on_interruption=tool.cancel_on_interruption, **timeout
            )

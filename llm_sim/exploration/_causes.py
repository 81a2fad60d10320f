"""What in a conversation may have caused a failure: what is out of the ordinary in it.

A campaign asks it of every failing run: a run that breaks the same law in the same way, and has
everything that a known failure needed, teaches nothing new. One that lacks something does.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from llm_sim.scenario import Call, Scenario
from llm_sim.simulation import Run

Causes = frozenset[str]
"""What is out of the ordinary, in words: ``"interrupt"``, ``"f: swallow"``, ``"sequential"``."""

_ONCE: Final = 1


def causes(run: Run) -> Causes:
    """Return what is out of the ordinary in a run: stimuli, behaviours, the mode, the playout."""
    scenario = run.scenario
    landed = Counter(str(event.data["do"]) for event in run.trace.of("stimulus"))
    landed["say"] -= _ONCE  # the opening
    found = {
        f"{kind} no. {number}" for kind, count in landed.items() for number in range(1, count + 1)
    }
    for call in scenario.calls:
        found.update(_of_call(call, scenario))
    if len(scenario.calls) > _ONCE:
        found.add("several calls")
    if scenario.mode == "sequential":
        found.add("sequential")
    if scenario.latency.get("playout"):
        found.add("playout")
    return frozenset(found)


def _of_call(call: Call, scenario: Scenario) -> set[str]:
    tool = scenario.tools.get(call.name)
    if tool is None:
        return set()
    found = {f"does {tool.does}"} - {"does answer"}
    if not tool.registered:
        found.add("unregistered")
    if tool.raises is not None:
        found.add("raises")
    if tool.timeout is not None:
        found.add("timeout")
    if not tool.cancel_on_interruption:
        found.add("survives interruptions")
    if not tool.result:
        found.add("falsy result")
    if tool.latency > _SLOW_NS:
        found.add("slow")
    return found


_SLOW_NS: Final = 1_000_000_000

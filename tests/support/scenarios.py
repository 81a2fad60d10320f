"""Scenarios with good defaults."""

from __future__ import annotations

from pathlib import Path

from llm_sim.scenario import Scenario, Tool, call, load_scenarios, say, turn

ROOT = Path(__file__).parents[2]
BARGE_IN = ROOT / "scenarios" / "barge_in.sim.yaml"


def spoken_tool() -> Scenario:
    """One tool behind a spoken sentence that takes 300 ms to play."""
    return Scenario(
        name="spoken_tool",
        script=[
            turn(say("Let me check."), call("lookup", {"id": "A1"}, as_="c1")),
            turn(say("Hm.")),
        ],
        tools={"lookup": Tool(latency="100ms")},
        latency={"playout": "300ms"},
    )


def two_tools(mode: str = "parallel") -> Scenario:
    """Two tools in one turn, nothing spoken before them."""
    return Scenario(
        name="two_tools",
        mode="sequential" if mode == "sequential" else "parallel",
        script=[turn(call("f", as_="f1"), call("g", as_="g1")), turn(say("Done."))],
        tools={"f": Tool(latency="100ms"), "g": Tool(latency="50ms")},
    )


def barge_in(name: str) -> Scenario:
    """A scenario of ``scenarios/barge_in.sim.yaml``."""
    return load_scenarios(f"{BARGE_IN}::{name}")[0]

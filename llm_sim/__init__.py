"""Deterministic simulation testing for LLM function calling.

The public names are resolved when they are first used, so that importing the package, and with it
the pytest plugin, costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from llm_sim.errors import ExpectationError, InvariantViolation, LlmSimError
    from llm_sim.exploration import SmokeReport, SweepReport, replay, smoke, sweep
    from llm_sim.invariants import LAWS, Violation
    from llm_sim.loop import SimLoop
    from llm_sim.network import Network
    from llm_sim.scenario import (
        F,
        FramePattern,
        Scenario,
        Tool,
        after,
        at,
        at_step,
        call,
        cancel,
        end,
        fail,
        hold,
        interrupt,
        load_scenarios,
        say,
        turn,
        user_says,
        user_starts,
        user_stops,
        wait,
    )
    from llm_sim.schedule import Schedule
    from llm_sim.simulation import Finding, Run, Setup, Summary, run
    from llm_sim.targets import Bot
    from llm_sim.testing import fuzz, run_test
    from llm_sim.trace import DOWN as Down  # noqa: N811 - as Pipecat writes directions
    from llm_sim.trace import UP as Up  # noqa: N811
    from llm_sim.trace import Trace

__version__: str
"""The version of the installed distribution."""

_HOMES: Final = {
    "Bot": "targets",
    "Down": "trace:DOWN",
    "ExpectationError": "errors",
    "F": "scenario",
    "Finding": "simulation",
    "FramePattern": "scenario",
    "InvariantViolation": "errors",
    "LAWS": "invariants",
    "LlmSimError": "errors",
    "Network": "network",
    "Run": "simulation",
    "Scenario": "scenario",
    "Schedule": "schedule",
    "Setup": "simulation",
    "SimLoop": "loop",
    "SmokeReport": "exploration",
    "Summary": "simulation",
    "SweepReport": "exploration",
    "Tool": "scenario",
    "Trace": "trace",
    "Up": "trace:UP",
    "Violation": "invariants",
    "after": "scenario",
    "at": "scenario",
    "at_step": "scenario",
    "call": "scenario",
    "cancel": "scenario",
    "end": "scenario",
    "fail": "scenario",
    "fuzz": "testing",
    "hold": "scenario",
    "interrupt": "scenario",
    "load_scenarios": "scenario",
    "replay": "exploration",
    "run": "simulation",
    "run_test": "testing",
    "say": "scenario",
    "smoke": "exploration",
    "sweep": "exploration",
    "turn": "scenario",
    "user_says": "scenario",
    "user_starts": "scenario",
    "user_stops": "scenario",
    "wait": "scenario",
}

__all__ = [
    "LAWS",
    "Bot",
    "Down",
    "ExpectationError",
    "F",
    "Finding",
    "FramePattern",
    "InvariantViolation",
    "LlmSimError",
    "Network",
    "Run",
    "Scenario",
    "Schedule",
    "Setup",
    "SimLoop",
    "SmokeReport",
    "Summary",
    "SweepReport",
    "Tool",
    "Trace",
    "Up",
    "Violation",
    "__version__",
    "after",
    "at",
    "at_step",
    "call",
    "cancel",
    "end",
    "fail",
    "fuzz",
    "hold",
    "interrupt",
    "load_scenarios",
    "replay",
    "run",
    "run_test",
    "say",
    "smoke",
    "sweep",
    "turn",
    "user_says",
    "user_starts",
    "user_stops",
    "wait",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return version(__name__)
    try:
        home, _, named = _HOMES[name].partition(":")
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(import_module(f"{__name__}.{home}"), named or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

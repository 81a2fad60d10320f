"""The scripted model and its stub tools; they know no service class."""

from llm_sim.scripted._functions import StubFunction, check_stub_functions, function_stub
from llm_sim.scripted._gates import Gates
from llm_sim.scripted._player import PROBE_TOOL, SECOND_NS, Player, Service
from llm_sim.scripted._tools import BEHAVIOURS, Params, delayed, stub

__all__ = [
    "BEHAVIOURS",
    "PROBE_TOOL",
    "SECOND_NS",
    "Gates",
    "Params",
    "Player",
    "Service",
    "StubFunction",
    "check_stub_functions",
    "delayed",
    "function_stub",
    "stub",
]

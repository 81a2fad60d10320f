"""The scripted model and its stub tools; they know no service class."""

from llm_sim.scripted._player import PROBE_TOOL, Player, Service
from llm_sim.scripted._tools import Params, delayed, stub

__all__ = ["PROBE_TOOL", "Params", "Player", "Service", "delayed", "stub"]

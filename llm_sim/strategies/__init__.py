"""Hypothesis strategies over what happens: scripts, tools, latencies, stimuli, schedules.

Every strategy draws plain data: what Hypothesis prints is what a scenario file says. An example
costs a short list of draws, one for each step of the script, four for each tool and three for each
stimulus, and shrinks towards fewer of them, plain behaviours and early points.
"""

from llm_sim.strategies._arguments import ToolSchema, arguments
from llm_sim.strategies._drawn_stimuli import stimuli
from llm_sim.strategies._drawn_tools import behaviours, latencies
from llm_sim.strategies._profiles import PROFILES, register_profiles
from llm_sim.strategies._scenarios import Case, cases, scenarios, variations
from llm_sim.strategies._schedules import landings, schedules
from llm_sim.strategies._scripts import scripts

__all__ = [
    "PROFILES",
    "Case",
    "ToolSchema",
    "arguments",
    "behaviours",
    "cases",
    "landings",
    "latencies",
    "register_profiles",
    "scenarios",
    "schedules",
    "scripts",
    "stimuli",
    "variations",
]

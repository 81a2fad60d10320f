"""What is under test, behind one port."""

from llm_sim.targets._bot import Bot
from llm_sim.targets._context import Views
from llm_sim.targets._loading import load_bot, reference_from
from llm_sim.targets._port import Plan, Session, Station, Stimulated, Target
from llm_sim.targets._registry import TARGET_NAMES, TARGETS, get_target, open_rig
from llm_sim.targets._rig import Rig, RigOptions
from llm_sim.targets._schemas import schema_of_function

__all__ = [
    "TARGETS",
    "TARGET_NAMES",
    "Bot",
    "Plan",
    "Rig",
    "RigOptions",
    "Session",
    "Station",
    "Stimulated",
    "Target",
    "Views",
    "get_target",
    "load_bot",
    "open_rig",
    "reference_from",
    "schema_of_function",
]

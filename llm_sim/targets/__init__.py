"""What is under test, behind one port."""

from llm_sim.targets._bot import Bot
from llm_sim.targets._loading import load_bot
from llm_sim.targets._port import Plan, Session, Station, Stimulated, Target, Views
from llm_sim.targets._registry import TARGETS, get_target
from llm_sim.targets._rig import Rig, RigOptions, open_rig
from llm_sim.targets._schemas import schema_of_function

__all__ = [
    "TARGETS",
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
    "schema_of_function",
]

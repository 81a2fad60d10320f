"""What is under test, behind one port."""

from llm_sim.targets._bot import Bot, load_bot
from llm_sim.targets._port import Plan, Session, Station, Target, Views
from llm_sim.targets._registry import TARGETS, get_target
from llm_sim.targets._rig import Rig, RigOptions, open_rig

__all__ = [
    "TARGETS",
    "Bot",
    "Plan",
    "Rig",
    "RigOptions",
    "Session",
    "Station",
    "Target",
    "Views",
    "get_target",
    "load_bot",
    "open_rig",
]

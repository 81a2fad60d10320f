"""What is under test, behind one port."""

from llm_sim.targets._bot import Bot, load_bot
from llm_sim.targets._port import Plan, Session, Station, Target, Views
from llm_sim.targets._registry import TARGETS, get_target

__all__ = [
    "TARGETS",
    "Bot",
    "Plan",
    "Session",
    "Station",
    "Target",
    "Views",
    "get_target",
    "load_bot",
]

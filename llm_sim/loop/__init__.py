"""The machine: an asyncio event loop in virtual time that touches nothing outside itself.

It runs any asyncio program, knows nothing of voice agents, and needs nothing but the standard
library. What it runs is a function of the program alone: the ready queue keeps asyncio's order, the
clock moves when nothing is ready, and tasks come out of sets in the same order in every process.
A picker can be given that chooses the task that goes on next, and peers that answer when the
program asks for a connection; without peers, it can reach nobody.
"""

from llm_sim.loop._callers import users_line, visible_caller
from llm_sim.loop._instruments import Instrument
from llm_sim.loop._numbered_tasks import SimTask, name_of
from llm_sim.loop._outside import blocking_sleep, outside_refused
from llm_sim.loop._peers import Peers
from llm_sim.loop._quiet import QuietSteps
from llm_sim.loop._refusals import CLIENT_REMEDY, REMEDIES
from llm_sim.loop._sim_loop import SimLoop
from llm_sim.loop._stock_loop import StockLoop
from llm_sim.loop._task_lanes import Picker

__all__ = [
    "CLIENT_REMEDY",
    "REMEDIES",
    "Instrument",
    "Peers",
    "Picker",
    "QuietSteps",
    "SimLoop",
    "SimTask",
    "StockLoop",
    "blocking_sleep",
    "name_of",
    "outside_refused",
    "users_line",
    "visible_caller",
]

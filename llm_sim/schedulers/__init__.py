"""Who goes on next, where several tasks could: one policy a file.

asyncio's ready queue is first in, first out, and the default exploration never changes that. These
policies do, for who asks for it: what they lead to may not be reachable on asyncio. They choose
between lanes, see `llm_sim.loop`, so that what asyncio documents still holds. Whatever a policy
chose can be had again as plain data, by way of `Recording` and `Replaying`.
"""

from llm_sim.schedulers._fifo import Fifo
from llm_sim.schedulers._pct import Pct
from llm_sim.schedulers._pos import Pos
from llm_sim.schedulers._preemption_bounded import PreemptionBounded
from llm_sim.schedulers._random_walk import RandomWalk
from llm_sim.schedulers._recording import Recording
from llm_sim.schedulers._replaying import Replaying
from llm_sim.schedulers._scheduler import Scheduler

__all__ = [
    "Fifo",
    "Pct",
    "Pos",
    "PreemptionBounded",
    "RandomWalk",
    "Recording",
    "Replaying",
    "Scheduler",
]

"""The record of a run: events, the container, its JSON Lines form and the first difference."""

from llm_sim.trace._codec import FORMAT, dumps, loads
from llm_sim.trace._difference import Difference, first_difference
from llm_sim.trace._events import DOWN, TOO_DEEP, UP, Event, FrameRecord, Header
from llm_sim.trace._queries import TERMINAL_KINDS, CallLife, calls
from llm_sim.trace._trace import Trace

__all__ = [
    "DOWN",
    "FORMAT",
    "TERMINAL_KINDS",
    "TOO_DEEP",
    "UP",
    "CallLife",
    "Difference",
    "Event",
    "FrameRecord",
    "Header",
    "Trace",
    "calls",
    "dumps",
    "first_difference",
    "loads",
]

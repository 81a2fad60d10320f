"""The record of a run: events, the container, its JSON Lines form and the first difference."""

from llm_sim.trace._codec import FORMAT, dumps, loads
from llm_sim.trace._difference import Difference, first_difference
from llm_sim.trace._events import (
    ASSISTANT,
    DOWN,
    PLAYOUT,
    SERVICE,
    SINK,
    SOURCE,
    TOO_DEEP,
    UP,
    USER,
    Event,
    FrameRecord,
    Header,
)
from llm_sim.trace._golden import (
    TOLD,
    UPDATE,
    golden_difference,
    golden_lines,
    golden_merged,
    golden_text,
    is_golden,
)
from llm_sim.trace._order import (
    Miss,
    Passed,
    any_order,
    exactly,
    in_order,
    never,
    never_told,
    passed,
    stations,
    within,
)
from llm_sim.trace._phases import CALL_FRAMES, phase_of
from llm_sim.trace._queries import CallLife, calls, calls_at_rest, effects
from llm_sim.trace._timeline import timeline
from llm_sim.trace._trace import Trace

__all__ = [
    "ASSISTANT",
    "CALL_FRAMES",
    "DOWN",
    "FORMAT",
    "PLAYOUT",
    "SERVICE",
    "SINK",
    "SOURCE",
    "TOLD",
    "TOO_DEEP",
    "UP",
    "UPDATE",
    "USER",
    "CallLife",
    "Difference",
    "Event",
    "FrameRecord",
    "Header",
    "Miss",
    "Passed",
    "Trace",
    "any_order",
    "calls",
    "calls_at_rest",
    "dumps",
    "effects",
    "exactly",
    "first_difference",
    "golden_difference",
    "golden_lines",
    "golden_merged",
    "golden_text",
    "in_order",
    "is_golden",
    "loads",
    "never",
    "never_told",
    "passed",
    "phase_of",
    "stations",
    "timeline",
    "within",
]

"""What must always hold: pure functions from a trace to violations."""

from llm_sim.invariants._handlers import OWED
from llm_sim.invariants._law import Law, Violation
from llm_sim.invariants._registry import LAWS, at_level, get_law, judge

__all__ = ["LAWS", "OWED", "Law", "Violation", "at_level", "get_law", "judge"]

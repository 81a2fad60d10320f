"""The embedded core, and a naive service on it."""

from llm_sim.targets.reference._target import naive, reference

__all__ = ["naive", "reference"]

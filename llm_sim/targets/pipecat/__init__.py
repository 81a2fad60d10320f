"""The pipecat-ai that the user has installed."""

from llm_sim.targets.pipecat._target import pipecat

__all__ = ["pipecat"]

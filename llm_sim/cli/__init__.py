"""The ``llm-sim`` command."""

from llm_sim.cli._main import main

__all__ = ["main"]

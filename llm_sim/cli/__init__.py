"""The ``llm-sim`` command."""

from llm_sim.cli._help import TOUR
from llm_sim.cli._main import app, main

__all__ = ["TOUR", "app", "main"]

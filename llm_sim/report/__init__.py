"""A trace and its violations, for people."""

from llm_sim.report._failure import Failure, render_failure
from llm_sim.report._timeline import timeline

__all__ = ["Failure", "render_failure", "timeline"]

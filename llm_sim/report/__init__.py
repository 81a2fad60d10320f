"""A trace and its violations, for people."""

from llm_sim.report._failure import Failure, render_failure
from llm_sim.report._known import KnownIssue, known_issue, known_issues
from llm_sim.report._timeline import timeline
from llm_sim.report._unmet import render_unmet

__all__ = [
    "Failure",
    "KnownIssue",
    "known_issue",
    "known_issues",
    "render_failure",
    "render_unmet",
    "timeline",
]

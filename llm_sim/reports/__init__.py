"""Findings and summaries for people and machines: text, JSON, exit codes, known issues."""

from llm_sim.reports._exits import ExitCode, error_code, exit_code
from llm_sim.reports._findings_text import KNOWN, Telling, headline, render_finding
from llm_sim.reports._json import report_document, report_schema
from llm_sim.reports._known import KnownIssue, known_issue, known_issues
from llm_sim.reports._lines import promote_line, replay_line
from llm_sim.reports._searches_text import (
    finding_lines,
    not_kept_lines,
    render_campaign,
    render_sweep,
    summary_lines,
    window_lines,
)
from llm_sim.reports._words import counted, labelled, pasted

__all__ = [
    "KNOWN",
    "ExitCode",
    "KnownIssue",
    "Telling",
    "counted",
    "error_code",
    "exit_code",
    "finding_lines",
    "headline",
    "known_issue",
    "known_issues",
    "labelled",
    "not_kept_lines",
    "pasted",
    "promote_line",
    "render_campaign",
    "render_finding",
    "render_sweep",
    "replay_line",
    "report_document",
    "report_schema",
    "summary_lines",
    "window_lines",
]

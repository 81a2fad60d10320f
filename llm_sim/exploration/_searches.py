"""Searches as generators: they yield Findings and return a Summary."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from llm_sim.simulation import Finding, Summary

_SummaryT = TypeVar("_SummaryT", bound=Summary)


def completed(search: Generator[Finding, None, _SummaryT]) -> _SummaryT:
    """Let a search run to its end, and return what it came to; its findings are in that, too."""
    while True:
        try:
            next(search)
        except StopIteration as end:
            summary: _SummaryT = end.value
            return summary

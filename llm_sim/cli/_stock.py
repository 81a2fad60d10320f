"""What asyncio's own loop says of a run, as a line of text."""

from __future__ import annotations

from llm_sim.exploration import StockCheck


def stock_line(check: StockCheck) -> str:
    """Return the verdict in a line."""
    return f"  stock asyncio   {check.verdict}"


def stock_note(check: StockCheck) -> tuple[str, str]:
    """Return the verdict as a note of a failure report."""
    return "stock", check.note

"""What asyncio's own loop says of a run, as a line of text."""

from __future__ import annotations

from llm_sim.exploration import StockCheck


def stock_line(check: StockCheck) -> str:
    """Return the verdict in a line."""
    return f"  stock asyncio   {check.verdict}"


def stock_note(check: StockCheck) -> tuple[str, str]:
    """Return the verdict as a note of a failure report."""
    place = "at the same step" if check.found.schedule.landings else "undisturbed"
    if check.fails_too:
        return "stock", f"asyncio's own loop fails {place} too"
    if check.complaint is None and not check.laws:
        return "stock", f"asyncio's own loop does NOT fail {place}"
    return "stock", f"asyncio's own loop: {check.verdict}"

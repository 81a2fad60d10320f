"""One run that did not go as its scenario expects, in words."""

from __future__ import annotations

from collections.abc import Sequence

from llm_sim.report._timeline import timeline
from llm_sim.trace import Trace

_INDENT = "  "


def render_unmet(
    trace: Trace,
    unmet: Sequence[tuple[str, int | None]],
    *,
    headline: str = "",
    replay: str = "",
) -> str:
    """Return the expectations that were not met, and the run with the first of them marked.

    Args:
        trace: The record of the run.
        unmet: What each says, with its place, and the ``seq`` of the event to look at or None.
        headline: What failed; empty where the reader has just been told.
        replay: The line to paste that shows the failure again; empty where there is none.
    """
    count = "an expectation" if len(unmet) == 1 else f"{len(unmet)} expectations"
    lines = [f"{headline}   {count} not met" if headline else f"{count} not met"]
    for message, _ in unmet:
        lines += [f"{_INDENT}{line}" for line in message.splitlines()]
    marked = next((event for _, event in unmet if event is not None), None)
    lines.append(f"{_INDENT}timeline  {trace.header.target}, {trace.header.mode} mode")
    lines += timeline(trace, marked)
    if replay:
        lines.append(f"{_INDENT}replay    {replay}")
    return "\n".join(lines)

"""Write the pages that are made from the code: ``python docs/generate.py``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from llm_sim.invariants import LAWS

HERE = Path(__file__).parent


def laws_page() -> str:
    """Return the page of the laws."""
    return "\n".join(_laws_lines())


def _laws_lines() -> Iterator[str]:
    yield "# The laws"
    yield ""
    yield "A law is a pure function from a trace to violations. This page is made from the code."
    yield ""
    yield (
        '"Call" means one tool call, known by its `tool_call_id`. '
        '"At rest" means: nothing is ready, no timer is left.'
    )
    for law in LAWS:
        yield ""
        yield f"## {law.code} {law.name}"
        yield ""
        yield law.sentence
        yield ""
        yield f"*Why:* {law.reason}"
        yield ""
        yield f"*Seen in:* {law.source}"
    yield ""


if __name__ == "__main__":
    (HERE / "laws.md").write_text(laws_page(), encoding="utf-8")

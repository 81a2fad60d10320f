"""A recorder whose clock is set by hand."""

from __future__ import annotations

from typing import Any

from llm_sim.recorder import Recorder
from llm_sim.trace import Header


class HandClock:
    """Steps and virtual time, as a test sets them."""

    def __init__(self) -> None:
        self.steps = 0
        self.time_ns = 0


def recorder() -> Recorder:
    """Return a recorder of a run that stands still."""
    return Recorder(Header("reference 0.1.0", "told"), HandClock())


def told(recorder: Recorder) -> list[tuple[Any, ...]]:
    """Return each event as ``(kind, where, call, data)``."""
    return [(e.kind, e.where, e.call, e.data) for e in recorder.trace.events]

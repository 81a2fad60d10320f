"""Which phase of a call a frame of a trace says."""

from __future__ import annotations

from typing import Final

from llm_sim.frames import CALL_PHASES, CallPhase
from llm_sim.trace._events import FrameRecord

CALL_FRAMES: Final = frozenset(phase.frame for phase in CALL_PHASES)
"""The types of the frames that move a call into a phase."""

_BY_FRAME: Final = {(phase.frame, phase.name == "update"): phase for phase in CALL_PHASES}


def phase_of(frame: FrameRecord | None) -> CallPhase | None:
    """Return the phase that a frame moves its calls into, or None."""
    return None if frame is None else _BY_FRAME.get((frame.type, frame.is_update))

"""Many runs."""

from llm_sim.exploration._replay import Replay, replay
from llm_sim.exploration._sweep import (
    Outcome,
    ProgressListener,
    SweepReport,
    Window,
    stimulus_kind,
    sweep,
)

__all__ = [
    "Outcome",
    "ProgressListener",
    "Replay",
    "SweepReport",
    "Window",
    "replay",
    "stimulus_kind",
    "sweep",
]

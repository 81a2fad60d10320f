"""Many runs."""

from llm_sim.exploration._replay import Replay, replay
from llm_sim.exploration._stopping import stop_requests
from llm_sim.exploration._sweep import (
    MOST_RUNS,
    Outcome,
    ProgressListener,
    SweepReport,
    Window,
    stimulus_kinds,
    sweep,
)

__all__ = [
    "MOST_RUNS",
    "Outcome",
    "ProgressListener",
    "Replay",
    "SweepReport",
    "Window",
    "replay",
    "stimulus_kinds",
    "stop_requests",
    "sweep",
]

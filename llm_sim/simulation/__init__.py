"""One run: build the world, run, settle, collect, judge."""

from llm_sim.simulation._checks import check_determinism, check_recording
from llm_sim.simulation._expectations import Unmet, golden_path
from llm_sim.simulation._frame_log import FrameLog
from llm_sim.simulation._limits import Limits
from llm_sim.simulation._run import ContextAtRest, Run, run
from llm_sim.simulation._steady import steady
from llm_sim.simulation._wall_clock import wall_clock_of

__all__ = [
    "ContextAtRest",
    "FrameLog",
    "Limits",
    "Run",
    "Unmet",
    "check_determinism",
    "check_recording",
    "golden_path",
    "run",
    "steady",
    "wall_clock_of",
]

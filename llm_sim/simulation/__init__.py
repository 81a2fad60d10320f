"""One run: a Setup is run, judged, and told as a Finding where it fails."""

from llm_sim.simulation._anchors import anchors_of, nearest_frame
from llm_sim.simulation._checks import check_determinism, check_recording
from llm_sim.simulation._expectations import UnmetExpectation, golden_path
from llm_sim.simulation._findings import (
    BrokenLaw,
    Finding,
    Search,
    Summary,
    Window,
    broken_laws,
)
from llm_sim.simulation._frame_log import FrameLog
from llm_sim.simulation._limits import Limits
from llm_sim.simulation._recorded import recorded_run
from llm_sim.simulation._run import ContextAtRest, Run, run, simulate
from llm_sim.simulation._setup import DEFAULTS, Defaults, Setup
from llm_sim.simulation._steady import steady
from llm_sim.simulation._stock import StockCheck, check_on_stock
from llm_sim.simulation._verdict import (
    Broken,
    Clean,
    NoVerdict,
    Unmet,
    Verdict,
    worst,
)
from llm_sim.simulation._wall_clock import wall_clock_of

__all__ = [
    "DEFAULTS",
    "Broken",
    "BrokenLaw",
    "Clean",
    "ContextAtRest",
    "Defaults",
    "Finding",
    "FrameLog",
    "Limits",
    "NoVerdict",
    "Run",
    "Search",
    "Setup",
    "StockCheck",
    "Summary",
    "Unmet",
    "UnmetExpectation",
    "Verdict",
    "Window",
    "anchors_of",
    "broken_laws",
    "check_determinism",
    "check_on_stock",
    "check_recording",
    "golden_path",
    "nearest_frame",
    "recorded_run",
    "run",
    "simulate",
    "steady",
    "wall_clock_of",
    "worst",
]

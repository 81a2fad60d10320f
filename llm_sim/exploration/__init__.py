"""Many runs."""

from llm_sim.exploration._again import Replayed, Verdict, replay_found, replay_saved
from llm_sim.exploration._baseline import Baseline, Broken, Known, broken
from llm_sim.exploration._files import write_text
from llm_sim.exploration._found import Found
from llm_sim.exploration._kinds import kind_of
from llm_sim.exploration._promote import Promoted, promote
from llm_sim.exploration._replay import Replay, replay
from llm_sim.exploration._shrink import MOST_RUNS_OF_A_SHRINK, Shrunk, shrink
from llm_sim.exploration._stock import StockCheck, check_on_stock
from llm_sim.exploration._stopping import stop_requests
from llm_sim.exploration._store import FAILURES, SUFFIX, FailureStore, load_failure
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
    "FAILURES",
    "MOST_RUNS",
    "MOST_RUNS_OF_A_SHRINK",
    "SUFFIX",
    "Baseline",
    "Broken",
    "FailureStore",
    "Found",
    "Known",
    "Outcome",
    "ProgressListener",
    "Promoted",
    "Replay",
    "Replayed",
    "Shrunk",
    "StockCheck",
    "SweepReport",
    "Verdict",
    "Window",
    "broken",
    "check_on_stock",
    "kind_of",
    "load_failure",
    "promote",
    "replay",
    "replay_found",
    "replay_saved",
    "shrink",
    "stimulus_kinds",
    "stop_requests",
    "sweep",
    "write_text",
]

"""Many runs."""

from llm_sim.exploration._again import Replayed, Verdict, replay_found, replay_saved
from llm_sim.exploration._baseline import Baseline, Broken, Known, broken
from llm_sim.exploration._campaign import Campaign, Failure, FuzzListener
from llm_sim.exploration._coverage import NO_CALL, PHASES, Cell, Coverage, cells
from llm_sim.exploration._files import make_directory, write_text
from llm_sim.exploration._found import OWN_LAW, Found
from llm_sim.exploration._fuzz import cases_of, explore
from llm_sim.exploration._golden import GoldenTraces
from llm_sim.exploration._known import known_run, known_sweep, known_windows
from llm_sim.exploration._points import Extent
from llm_sim.exploration._promote import Promoted, promote
from llm_sim.exploration._registrations import Registration, registrations
from llm_sim.exploration._reorder import (
    POLICIES,
    UNREACHABLE,
    Finding,
    Policy,
    ReorderReport,
    check_orders,
    reorder,
)
from llm_sim.exploration._replay import Replay, replay
from llm_sim.exploration._report import Outcome, SweepReport, Window
from llm_sim.exploration._shrink import MOST_RUNS_OF_A_SHRINK, Shrunk, shrink
from llm_sim.exploration._smoke import Smoked, SmokeReport, smoke
from llm_sim.exploration._stock import StockCheck, check_on_stock
from llm_sim.exploration._stopping import stop_requests
from llm_sim.exploration._store import FAILURES, SUFFIX, FailureStore, load_failure
from llm_sim.exploration._sweep import (
    MOST_RUNS,
    ExtentListener,
    ProgressListener,
    stimulus_kinds,
    sweep,
)
from llm_sim.exploration._workers import Workers, worker_processes

__all__ = [
    "FAILURES",
    "MOST_RUNS",
    "MOST_RUNS_OF_A_SHRINK",
    "NO_CALL",
    "OWN_LAW",
    "PHASES",
    "POLICIES",
    "SUFFIX",
    "UNREACHABLE",
    "Baseline",
    "Broken",
    "Campaign",
    "Cell",
    "Coverage",
    "Extent",
    "ExtentListener",
    "Failure",
    "FailureStore",
    "Finding",
    "Found",
    "FuzzListener",
    "GoldenTraces",
    "Known",
    "Outcome",
    "Policy",
    "ProgressListener",
    "Promoted",
    "Registration",
    "ReorderReport",
    "Replay",
    "Replayed",
    "Shrunk",
    "SmokeReport",
    "Smoked",
    "StockCheck",
    "SweepReport",
    "Verdict",
    "Window",
    "Workers",
    "broken",
    "cases_of",
    "cells",
    "check_on_stock",
    "check_orders",
    "explore",
    "known_run",
    "known_sweep",
    "known_windows",
    "load_failure",
    "make_directory",
    "promote",
    "registrations",
    "reorder",
    "replay",
    "replay_found",
    "replay_saved",
    "shrink",
    "smoke",
    "stimulus_kinds",
    "stop_requests",
    "sweep",
    "worker_processes",
    "write_text",
]

"""Many runs: searches, each of which yields Findings and ends with a Summary."""

from llm_sim.exploration._campaign import Campaign
from llm_sim.exploration._coverage import Cell, Coverage, cells
from llm_sim.exploration._fuzz import (
    SILENCE,
    Drawn,
    draw_conversations,
    draw_variations,
    search_drawn,
)
from llm_sim.exploration._points import Extent
from llm_sim.exploration._registrations import Registration, registrations
from llm_sim.exploration._reorder import (
    POLICIES,
    UNREACHABLE,
    Orders,
    Policy,
    ReorderReport,
    check_no_order,
    reorder,
    search_orders,
)
from llm_sim.exploration._report import Outcome, SweepReport
from llm_sim.exploration._searches import completed
from llm_sim.exploration._shrink import Shrunk, shrink
from llm_sim.exploration._single_runs import RunReport, TokenReplay, replay, search_run
from llm_sim.exploration._smoke import Smoked, SmokeReport, search_tools, smoke
from llm_sim.exploration._stopping import stop_requests
from llm_sim.exploration._sweep import (
    MOST_RUNS,
    ExtentListener,
    ProgressListener,
    search_points,
    stimulus_kinds,
    sweep,
)
from llm_sim.exploration._workers import Workers, worker_processes

__all__ = [
    "MOST_RUNS",
    "POLICIES",
    "SILENCE",
    "UNREACHABLE",
    "Campaign",
    "Cell",
    "Coverage",
    "Drawn",
    "Extent",
    "ExtentListener",
    "Orders",
    "Outcome",
    "Policy",
    "ProgressListener",
    "Registration",
    "ReorderReport",
    "RunReport",
    "Shrunk",
    "SmokeReport",
    "Smoked",
    "SweepReport",
    "TokenReplay",
    "Workers",
    "cells",
    "check_no_order",
    "completed",
    "draw_conversations",
    "draw_variations",
    "registrations",
    "reorder",
    "replay",
    "search_drawn",
    "search_orders",
    "search_points",
    "search_run",
    "search_tools",
    "shrink",
    "smoke",
    "stimulus_kinds",
    "stop_requests",
    "sweep",
    "worker_processes",
]

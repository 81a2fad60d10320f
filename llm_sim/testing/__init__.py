"""Tests that draw their conversations, and what they say when they fail."""

from llm_sim.testing._fuzz import Defaults, allow_fixtures, defaults, fuzz
from llm_sim.testing._machine import state_machine
from llm_sim.testing._names import check_names
from llm_sim.testing._run_test import SleepFrame, run_test
from llm_sim.testing._sweeps import (
    KNOWN,
    Notes,
    keep_failures,
    new_failures,
    pasted,
    place_of_run,
    promote_line,
    tell_sweep,
)
from llm_sim.testing._telling import tell, tell_campaign, tell_each, tell_line, tell_not_kept
from llm_sim.testing._unmet import tell_no_verdict, tell_unmet

__all__ = [
    "KNOWN",
    "Defaults",
    "Notes",
    "SleepFrame",
    "allow_fixtures",
    "check_names",
    "defaults",
    "fuzz",
    "keep_failures",
    "new_failures",
    "pasted",
    "place_of_run",
    "promote_line",
    "run_test",
    "state_machine",
    "tell",
    "tell_campaign",
    "tell_each",
    "tell_line",
    "tell_no_verdict",
    "tell_not_kept",
    "tell_sweep",
    "tell_unmet",
]

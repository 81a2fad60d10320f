"""Tests that draw their conversations, and tests of one processor alone."""

from llm_sim.testing._drawn_tests import allow_fixtures, fuzz
from llm_sim.testing._run_test import SleepFrame, run_test
from llm_sim.testing._state_machine import state_machine

__all__ = ["SleepFrame", "allow_fixtures", "fuzz", "run_test", "state_machine"]

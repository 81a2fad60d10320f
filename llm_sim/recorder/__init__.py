"""Taps on a live target that write its trace without disturbing it."""

from llm_sim.recorder._frames import describe
from llm_sim.recorder._plain_values import plain, renumbered
from llm_sim.recorder._recorder import Clock, Recorder
from llm_sim.recorder._taps import tap, tap_events
from llm_sim.recorder._watched_handlers import registered, watched

__all__ = [
    "Clock",
    "Recorder",
    "describe",
    "plain",
    "registered",
    "renumbered",
    "tap",
    "tap_events",
    "watched",
]

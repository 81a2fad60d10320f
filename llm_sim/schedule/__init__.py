"""What landed where: a schedule as a value, and as a short string that replays it."""

from llm_sim.schedule._schedule import START, Landing, Schedule, decode, encode

__all__ = ["START", "Landing", "Schedule", "decode", "encode"]

"""What landed where: a schedule as a value, and as a short string that replays it."""

from llm_sim.schedule._schedule import (
    KINDS,
    START,
    THEN,
    Kind,
    Landing,
    Schedule,
    decode,
    encode,
)

__all__ = ["KINDS", "START", "THEN", "Kind", "Landing", "Schedule", "decode", "encode"]

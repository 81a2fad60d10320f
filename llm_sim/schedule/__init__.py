"""What landed where, and who went first: a schedule as a value, and as a string to replay it."""

from llm_sim.schedule._schedule import (
    KINDS,
    START,
    THEN,
    Deviation,
    Kind,
    Landing,
    Schedule,
    decode,
    encode,
)

__all__ = ["KINDS", "START", "THEN", "Deviation", "Kind", "Landing", "Schedule", "decode", "encode"]

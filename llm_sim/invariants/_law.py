"""The form of a law."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from llm_sim.invariants._facts import Facts

Level = Literal["error", "warn"]


@dataclass(frozen=True, slots=True)
class Violation:
    """Where a law did not hold.

    Parameters:
        law: The law's code.
        message: What happened, in one line.
        call: The tool-call id that it is about, or empty.
        event: The ``seq`` of the event that broke the law, or None.
        level: ``error``, or ``warn`` where it is only shown.
    """

    law: str
    message: str
    call: str = ""
    event: int | None = None
    level: Level = "error"


Check = Callable[[Facts], Iterable[Violation]]


@dataclass(frozen=True, slots=True)
class Law:
    """One law.

    Parameters:
        code: ``LS`` and three digits.
        name: A short name for headlines.
        sentence: What must hold, in one sentence.
        reason: Why: what a user lives through when it does not.
        source: Where it was seen broken, or where it is promised.
        check: Finds the violations.
        level: ``error`` fails a test, ``warn`` is only shown. One violation may be milder than its
            law, none graver. :func:`at_level` changes it.
    """

    code: str
    name: str
    sentence: str
    reason: str
    source: str
    check: Check
    level: Level = "error"

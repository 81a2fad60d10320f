"""All laws by code, and the judge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from llm_sim.errors import UsageError, did_you_mean
from llm_sim.invariants import (
    _calls,
    _context,
    _dispatch,
    _endings,
    _handlers,
    _harness,
    _interruptions,
    _model,
    _order,
)
from llm_sim.invariants._facts import Facts
from llm_sim.invariants._law import Law, Level, Violation
from llm_sim.trace import Trace

_BY_SUBJECT: Final = (
    _calls,
    _dispatch,
    _interruptions,
    _order,
    _model,
    _context,
    _endings,
    _handlers,
    _harness,
)
LAWS: Final[tuple[Law, ...]] = tuple(
    sorted((law for subject in _BY_SUBJECT for law in subject.LAWS), key=lambda law: law.code)
)
"""Every law, in the order of the codes. `run` and `sweep` judge by these unless they are given
others."""


def get_law(code: str) -> Law:
    """Return the law of a code.

    Raises:
        UsageError: There is none.
    """
    for law in LAWS:
        if law.code == code.upper():
            return law
    hint = did_you_mean(code.upper(), [law.code for law in LAWS])
    raise UsageError(f"there is no law {code!r}{hint}")


def judge(trace: Trace, laws: Iterable[Law] = LAWS) -> tuple[Violation, ...]:
    """Return every violation, law by law in the order of their codes.

    Those of a law of level ``warn`` are warnings.
    """
    facts = Facts.of(trace)
    return tuple(
        replace(violation, level="warn") if law.level == "warn" else violation
        for law in laws
        for violation in law.check(facts)
    )


def at_level(level: Level, *codes: str, laws: Iterable[Law] = LAWS) -> tuple[Law, ...]:
    """Return the laws, some of them at another level.

    Args:
        level: ``error`` fails a run, ``warn`` is only shown.
        *codes: The laws that are to have it.
        laws: All that must hold.

    Raises:
        UsageError: There is no such level, or no such law.
    """
    if level not in ("error", "warn"):
        raise UsageError(f"there is no level {level!r}; it is 'error' or 'warn'")
    chosen = {get_law(code).code for code in codes}
    return tuple(replace(law, level=level) if law.code in chosen else law for law in laws)

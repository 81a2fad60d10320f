"""All laws by code, and the judge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from llm_sim.errors import UsageError, did_you_mean
from llm_sim.invariants import _calls, _endings, _harness, _model
from llm_sim.invariants._facts import Facts
from llm_sim.invariants._law import Law, Violation
from llm_sim.trace import Trace

LAWS: Final[tuple[Law, ...]] = (*_calls.LAWS, *_model.LAWS, *_endings.LAWS, *_harness.LAWS)


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
    """Return every violation, law by law in the order of their codes."""
    facts = Facts.of(trace)
    return tuple(violation for law in laws for violation in law.check(facts))

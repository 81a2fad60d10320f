"""What a run comes to: one of four verdicts.

A broken law comes first. What a scenario expects is asked only of a run that keeps every law, and
whether the script fitted only of one that met its expectations: each would be a consequence of what
stands before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from llm_sim.errors import SimulationError
from llm_sim.invariants import Violation
from llm_sim.simulation._expectations import UnmetExpectation


@dataclass(frozen=True, slots=True)
class Clean:
    """Every law holds, and the run went as its scenario expects."""

    word: ClassVar[Literal["clean"]] = "clean"


@dataclass(frozen=True, slots=True)
class Broken:
    """A law is broken.

    Parameters:
        violations: Where laws of level ``error`` did not hold, at least one.
        unmet: The scenario's expectations that were not met either.
    """

    word: ClassVar[Literal["broken"]] = "broken"
    violations: tuple[Violation, ...]
    unmet: tuple[UnmetExpectation, ...] = ()

    @property
    def laws(self) -> tuple[str, ...]:
        """The codes of the broken laws, sorted, each once."""
        return tuple(sorted({violation.law for violation in self.violations}))


@dataclass(frozen=True, slots=True)
class Unmet:
    """Every law holds, and the run did not go as its scenario expects.

    Parameters:
        expectations: Those that were not met, at least one.
        reason: Why the run could not have been judged even so, or None.
    """

    word: ClassVar[Literal["unmet"]] = "unmet"
    expectations: tuple[UnmetExpectation, ...]
    reason: SimulationError | None = None


@dataclass(frozen=True, slots=True)
class NoVerdict:
    """Nothing can be said of the run.

    Parameters:
        reason: Why: the script did not fit, the schedule did not land, or the run broke off.
    """

    word: ClassVar[Literal["no verdict"]] = "no verdict"
    reason: SimulationError


Verdict = Clean | Broken | Unmet | NoVerdict


def verdict_of(
    violations: tuple[Violation, ...],
    unmet: tuple[UnmetExpectation, ...],
    reason: SimulationError | None,
) -> Verdict:
    """Return the verdict on a run: the one place that decides whether it failed.

    Args:
        violations: Where laws of level ``error`` did not hold.
        unmet: The scenario's expectations that were not met.
        reason: Why the run cannot be judged, or None.
    """
    if violations:
        return Broken(violations, unmet)
    if unmet:
        return Unmet(unmet, reason)
    return Clean() if reason is None else NoVerdict(reason)


def worst(*verdicts: Verdict) -> Verdict:
    """Return the verdict on several runs: the first of the gravest kind; none at all is clean."""
    return max(verdicts, key=lambda verdict: _GRAVITY[type(verdict)], default=Clean())


_GRAVITY = {Clean: 0, NoVerdict: 1, Unmet: 2, Broken: 3}

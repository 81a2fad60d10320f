"""What is to be told: a way in which something fails, and what a search came to.

Every search makes Findings and ends with a Summary. Who filters, keeps, shows or counts them reads
these values alone, and starts no run of its own.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Literal

from llm_sim.invariants import Violation
from llm_sim.schedule import Schedule, encode
from llm_sim.simulation._run import Run
from llm_sim.simulation._setup import Setup
from llm_sim.simulation._stock import StockCheck
from llm_sim.simulation._verdict import Broken, Clean, NoVerdict, Unmet, Verdict, worst

BrokenLaw = tuple[str, str]
"""A law's code, and the name of the tool that the violation is about, or an empty text."""

Unit = Literal["", "point", "order", "example"]


@dataclass(frozen=True, slots=True)
class Window:
    """Neighbouring points of a sweep that fail alike.

    Parameters:
        first: The first point; 1 is the opening of the conversation, 0 the undisturbed run.
        last: The last point, inclusive.
        laws: The codes of the broken laws, sorted; empty where there is no verdict.
        token: Replays the first point.
        complaint: Why there is no verdict, or empty.
    """

    first: int
    last: int
    laws: tuple[str, ...]
    token: str
    complaint: str = ""

    def in_words(self) -> str:
        """Return e.g. ``points 13-17``."""
        if self.first == self.last:
            return f"point {self.first}" if self.first else "undisturbed"
        return f"points {self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which what was run fails.

    Parameters:
        setup: What was run.
        schedule: What landed where in the run that stands for it.
        verdict: What is wrong.
        run: The run that stands for it; None where it broke off.
        windows: The points of a sweep that fail so, the widest window first.
        hits: How many points, orders or examples fail so.
        of: How many were tried.
        unit: What is counted.
        stock: What asyncio's own loop says of the run; None where it was not asked.
        known: Whether all that it breaks is in the baseline.
        saved: The name under which it is kept, or empty.
        example: The number of the drawn example that showed it first, or 0.
        shrunk_in: How many runs it took to shrink it, or 0.
    """

    setup: Setup
    schedule: Schedule
    verdict: Broken | Unmet | NoVerdict
    run: Run | None = None
    windows: tuple[Window, ...] = ()
    hits: int = 1
    of: int = 1
    unit: Unit = ""
    stock: StockCheck | None = None
    known: bool = False
    saved: str = ""
    example: int = 0
    shrunk_in: int = 0

    @classmethod
    def of_run(cls, run: Run, stock: StockCheck | None = None) -> Finding | None:
        """Return what is wrong with a single run, or None where it is clean."""
        if isinstance(run.verdict, Clean):
            return None
        return cls(run.setup, run.schedule, run.verdict, run, stock=stock)

    @property
    def violation(self) -> Violation | None:
        """The violation that the finding is named by, or None where no law is broken."""
        return self.verdict.violations[0] if isinstance(self.verdict, Broken) else None

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Every violation of the run that stands for it."""
        return self.verdict.violations if isinstance(self.verdict, Broken) else ()

    @property
    def laws(self) -> tuple[str, ...]:
        """The codes of the broken laws, sorted."""
        return self.verdict.laws if isinstance(self.verdict, Broken) else ()

    @property
    def broken(self) -> tuple[BrokenLaw, ...]:
        """Each broken law with the tool that it is about, sorted."""
        return broken_laws(self.setup, self.violations)

    @property
    def token(self) -> str:
        """The schedule as a string."""
        return encode(self.schedule)

    @property
    def window(self) -> Window | None:
        """The widest window of points that fail so, or None."""
        return self.windows[0] if self.windows else None


def broken_laws(setup: Setup, violations: tuple[Violation, ...]) -> tuple[BrokenLaw, ...]:
    """Return what violations break, each law with the tool that it is about, sorted."""
    names = {call.id: call.name for call in setup.scenario.calls}
    return tuple(sorted({(each.law, names.get(each.call, "")) for each in violations}))


@dataclass(slots=True)
class Summary:
    """What a search came to; every kind of search has one of its own, derived from this.

    Parameters:
        setup: What was run, or a Setup that stands for the drawn ones.
        findings: What fails, the first one first.
        stopped: Whether it was stopped before its end.
        seconds: Real seconds that it took.
    """

    setup: Setup
    findings: list[Finding] = field(default_factory=list)
    stopped: bool = False
    seconds: float = 0.0

    @property
    def target(self) -> str:
        """The target's name and version."""
        return self.setup.under_test

    @property
    def new(self) -> list[Finding]:
        """The findings that the baseline does not know."""
        return [finding for finding in self.findings if not finding.known]

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict among the new findings."""
        return worst(*(finding.verdict for finding in self.new))

    @property
    def laws(self) -> tuple[str, ...]:
        """The codes of all broken laws, sorted."""
        return tuple(sorted({law for finding in self.findings for law in finding.laws}))

    @property
    def clean(self) -> bool:
        """Whether everything ran that was to run, and nothing fails."""
        return not (self.stopped or self.findings)

    @property
    def whole(self) -> bool:
        """Whether everything ran that could have run."""
        return not self.stopped

    @property
    def conclusive(self) -> bool:
        """Whether every run has a verdict, kept or broken."""
        without = any(isinstance(finding.verdict, NoVerdict) for finding in self.findings)
        return not (self.stopped or without)

    def to_plain(self) -> dict[str, Any]:
        """Return what it counted, as JSON values; its findings are reported separately."""
        return {"target": self.target, "clean": self.clean, "stopped": self.stopped}


Search = Generator[Finding, None, Summary]
"""A search that runs: it yields what it finds, and returns what it came to."""

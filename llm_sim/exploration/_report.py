"""What came of a sweep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from llm_sim.errors import SimulationError
from llm_sim.exploration._baseline import Broken
from llm_sim.exploration._coverage import Coverage
from llm_sim.exploration._points import Extent
from llm_sim.scenario import Scenario
from llm_sim.simulation import Run
from llm_sim.targets import Bot


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the stimulus at one point.

    Parameters:
        point: 1 is the opening of the conversation.
        token: Replays the run.
        laws: The codes of the broken laws, sorted; empty where every law held.
        complaint: Why there is no verdict, or empty.
        broken: Each broken law with the function that it is about, or an empty one; sorted.
        warned: Each warning with its law's code, sorted.
    """

    point: int
    token: str
    laws: tuple[str, ...] = ()
    complaint: str = ""
    broken: tuple[Broken, ...] = ()
    warned: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a law was broken, or no verdict was possible."""
        return bool(self.laws or self.complaint)


@dataclass(frozen=True, slots=True)
class Window:
    """Neighbouring points that fail alike.

    Parameters:
        first: The first point.
        last: The last point, inclusive.
        laws: The codes of the broken laws.
        token: Replays the first point.
        complaint: Why there is no verdict, or empty.
    """

    first: int
    last: int
    laws: tuple[str, ...]
    token: str
    complaint: str = ""


@dataclass(slots=True)
class SweepReport:
    """What came of a sweep.

    Parameters:
        scenario: The scenario.
        target: The target's name and version.
        inject: The stimulus.
        extent: How many points there are, and how many of them were to be tried.
        undisturbed: The run without the stimulus.
        bot: What is under test.
        outcomes: What came of each point that was tried, in order.
        runs: How many runs that took; points that are proved to make the same run share one.
        coverage: What the calls were doing at each of these points.
        seconds: Real seconds that the swept runs took.
        stopped: Whether it was stopped before its last point.
    """

    scenario: Scenario
    target: str
    inject: str
    extent: Extent
    undisturbed: Run
    bot: Bot
    outcomes: list[Outcome] = field(default_factory=list)
    runs: int = 0
    coverage: Coverage = field(default_factory=Coverage)
    seconds: float = 0.0
    stopped: bool = False

    @property
    def points(self) -> int:
        """How many points there are."""
        return self.extent.points

    @property
    def failed(self) -> int:
        """Points at which a law was broken or no verdict was possible."""
        return sum(outcome.failed for outcome in self.outcomes)

    @property
    def clean(self) -> bool:
        """Whether every law held at every point that was to be tried, undisturbed as well."""
        return not (self.stopped or self.failed or self.undisturbed.violations or self.complaint)

    @property
    def conclusive(self) -> bool:
        """Whether every run has a verdict, kept or broken."""
        undisturbed = self.complaint is None or bool(self.undisturbed.violations)
        return undisturbed and not self.stopped and not any(o.complaint for o in self.outcomes)

    @property
    def complaint(self) -> SimulationError | None:
        """Why the undisturbed run gives no verdict, or None."""
        return self.undisturbed.complaint

    @property
    def laws(self) -> tuple[str, ...]:
        """The codes of all broken laws, sorted."""
        swept = {law for outcome in self.outcomes for law in outcome.laws}
        return tuple(sorted(swept.union(self.undisturbed.laws)))

    @property
    def windows(self) -> list[Window]:
        """Neighbouring points that fail alike, in order."""
        return list(_windows(self.outcomes))

    @property
    def warnings(self) -> dict[str, int]:
        """At how many points each warning came, by its law's code and its message, sorted."""
        counts = Counter(each for outcome in self.outcomes for each in outcome.warned)
        return dict(sorted(counts.items()))

    @property
    def runs_per_second(self) -> float:
        """Swept runs in a real second, on this machine."""
        return self.runs / self.seconds if self.seconds else 0.0

    def to_plain(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "scenario": self.scenario.name,
            "target": self.target,
            "inject": self.inject,
            "points": self.points,
            "exact": self.extent.exact,
            "tried": len(self.outcomes),
            "fraction": round(self.extent.fraction, 4),
            "runs": self.runs,
            "failed": self.failed,
            "clean": self.clean,
            "undisturbed": {
                "laws": list(self.undisturbed.laws),
                "complaint": str(self.complaint or ""),
            },
            "windows": [
                {
                    "first": window.first,
                    "last": window.last,
                    "laws": list(window.laws),
                    "token": window.token,
                    "complaint": window.complaint,
                }
                for window in self.windows
            ],
            "warnings": self.warnings,
            "coverage": self.coverage.to_plain(),
            "runs_per_second": round(self.runs_per_second, 1),
        }


def _windows(outcomes: Sequence[Outcome]) -> Iterator[Window]:
    alike = groupby(outcomes, key=lambda outcome: (outcome.laws, outcome.complaint))
    for (laws, complaint), group in alike:
        points = list(group)
        if points[0].failed:
            yield Window(points[0].point, points[-1].point, laws, points[0].token, complaint)

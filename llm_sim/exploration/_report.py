"""What came of a sweep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from llm_sim.errors import SimulationError
from llm_sim.exploration._coverage import Coverage
from llm_sim.exploration._points import Extent
from llm_sim.scenario import Scenario
from llm_sim.schedule import Schedule, decode
from llm_sim.simulation import (
    Broken,
    BrokenLaw,
    Finding,
    NoVerdict,
    Run,
    Summary,
    Window,
    broken_laws,
    check_on_stock,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the stimulus at one point.

    Parameters:
        point: 1 is the opening of the conversation.
        token: Replays the run.
        laws: The codes of the broken laws, sorted; empty where every law held.
        complaint: Why there is no verdict, or empty.
        broken: Each broken law with the tool that it is about, or an empty one; sorted.
        warned: Each warning with its law's code, sorted.
    """

    point: int
    token: str
    laws: tuple[str, ...] = ()
    complaint: str = ""
    broken: tuple[BrokenLaw, ...] = ()
    warned: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a law was broken, or no verdict was possible."""
        return bool(self.laws or self.complaint)


@dataclass(slots=True, kw_only=True)
class SweepReport(Summary):
    """What came of a sweep.

    Parameters:
        inject: The stimulus.
        extent: How many points there are, and how many of them were to be tried.
        undisturbed: The run without the stimulus.
        outcomes: What came of each point that was tried, in order.
        runs: How many runs that took; points that are proved to make the same run share one.
        coverage: What the calls were doing at each of these points.
    """

    inject: str
    extent: Extent
    undisturbed: Run
    outcomes: list[Outcome] = field(default_factory=list)
    runs: int = 0
    coverage: Coverage = field(default_factory=Coverage)

    @property
    def scenario(self) -> Scenario:
        """The scenario."""
        return self.setup.scenario

    @property
    def points(self) -> int:
        """How many points there are."""
        return self.extent.points

    @property
    def failed(self) -> int:
        """Points at which a law was broken or no verdict was possible."""
        return sum(outcome.failed for outcome in self.outcomes)

    @property
    def whole(self) -> bool:
        """Whether every point was tried."""
        return not self.stopped and len(self.outcomes) == self.points

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
            "stopped": self.stopped,
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
    for _, group in groupby(outcomes, key=lambda outcome: (outcome.broken, outcome.complaint)):
        points = list(group)
        first = points[0]
        if first.failed:
            yield Window(first.point, points[-1].point, first.laws, first.token, first.complaint)


class Standing:
    """The runs that stand for the windows of a sweep: of each kind of failure, the widest one."""

    def __init__(self, report: SweepReport) -> None:
        self._report = report
        self._widest: dict[_Like, tuple[int, Outcome, Run | None]] = {}
        self._open: tuple[_Like, int, Outcome, Run | None] | None = None

    def see(self, outcome: Outcome, run: Run | None) -> None:
        """Note what came of the next point, with its run where it begins a window."""
        like = (outcome.broken, outcome.complaint)
        if self._open is not None and self._open[0] == like:
            _, width, first, standing = self._open
            self._open = (like, width + 1, first, standing)
            return
        self._close()
        self._open = (like, 1, outcome, run) if outcome.failed else None

    def findings(self) -> Iterator[Finding]:
        """Yield what fails: undisturbed first, then what has the widest window."""
        self._close()
        undisturbed = self._report.undisturbed
        own = _like_of(undisturbed)
        by_width = sorted(self._widest.items(), key=lambda item: -item[1][0])
        if own != _CLEAN:
            yield self._finding(own, undisturbed.schedule, undisturbed)
        for like, (_, first, run) in by_width:
            if like != own:
                schedule = decode(first.token) if run is None else run.schedule
                yield self._finding(like, schedule, run)

    def _finding(self, like: _Like, schedule: Schedule, run: Run | None) -> Finding:
        report = self._report
        broken, complaint = like
        windows = [
            window
            for window, key in zip(report.windows, _likes(report.outcomes), strict=True)
            if key == like
        ]
        windows.sort(key=lambda window: window.first - window.last)
        if run is report.undisturbed:
            windows.insert(0, Window(0, 0, run.laws, run.token, complaint))
        verdict = run.verdict if run is not None else NoVerdict(SimulationError(complaint))
        if not broken:
            verdict = NoVerdict(SimulationError(complaint))
        assert isinstance(verdict, Broken | NoVerdict)
        return Finding(
            report.setup,
            schedule,
            verdict,
            run,
            tuple(windows),
            hits=sum((each.broken, each.complaint) == like for each in report.outcomes),
            of=len(report.outcomes),
            unit="point",
            stock=check_on_stock(run) if broken and run is not None else None,
        )

    def _close(self) -> None:
        if self._open is None:
            return
        like, width, first, run = self._open
        if like not in self._widest or width > self._widest[like][0]:
            self._widest[like] = (width, first, run)
        self._open = None


_Like = tuple[tuple[BrokenLaw, ...], str]
"""What is broken, or why there is no verdict."""

_CLEAN: Final[_Like] = ((), "")


def _like_of(run: Run) -> _Like:
    return broken_laws(run.setup, run.violations), str(run.complaint or "")


def _likes(outcomes: Sequence[Outcome]) -> Iterator[_Like]:
    """Yield the likeness of each window, in order."""
    for like, _ in groupby(outcomes, key=lambda outcome: (outcome.broken, outcome.complaint)):
        if like != _CLEAN:
            yield like

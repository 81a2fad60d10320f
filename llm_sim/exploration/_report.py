"""What came of a sweep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from llm_sim.errors import SimulationError
from llm_sim.exploration._attempts import Like, like_of
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
    check_on_stock,
)

_CLEAN: Final[Like] = ((), "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the stimulus at one point.

    Parameters:
        point: 1 is the opening of the conversation.
        token: Replays the run.
        complaint: Why there is no verdict, or empty.
        broken: Each broken law with the tool that it is about, or an empty one; sorted.
        warned: Each warning with its law's code, sorted.
    """

    point: int
    token: str
    complaint: str = ""
    broken: tuple[BrokenLaw, ...] = ()
    warned: tuple[str, ...] = ()

    @property
    def laws(self) -> tuple[str, ...]:
        """The codes of the broken laws, sorted; empty where every law held."""
        return tuple(sorted({law for law, _ in self.broken}))

    @property
    def like(self) -> Like:
        """What it has in common with its like."""
        return self.broken, self.complaint

    @property
    def failed(self) -> bool:
        """Whether a law was broken, or no verdict was possible."""
        return self.like != _CLEAN


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
        return [window for _, window in _windows(self.outcomes)]

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
            "windows": [{**asdict(each), "laws": list(each.laws)} for each in self.windows],
            "warnings": self.warnings,
            "coverage": self.coverage.to_plain(),
            "runs_per_second": round(self.runs_per_second, 1),
        }


def _windows(outcomes: Sequence[Outcome]) -> Iterator[tuple[Like, Window]]:
    for like, group in groupby(outcomes, key=attrgetter("like")):
        first, *others = group
        last = others[-1] if others else first
        if first.failed:
            yield like, Window(first.point, last.point, first.laws, first.token, first.complaint)


class Standing:
    """The runs that stand for the windows of a sweep: of each kind of failure, the widest one."""

    def __init__(self, report: SweepReport) -> None:
        self._report = report
        self._widest: dict[Like, tuple[int, Outcome, Run | None]] = {}
        self._open: tuple[int, Outcome, Run | None] | None = None
        # The widest window may begin at a point that shares the run of a narrower one before it.
        self._first_runs: dict[Like, Run] = {}

    def see(self, outcome: Outcome, run: Run | None) -> None:
        """Note what came of the next point, with its run where it was made for this point."""
        width, first, standing = self._open or (0, outcome, run)
        if first.like != outcome.like:
            width, first, standing = 0, outcome, run
        self._open = (width + 1, first, standing)
        if outcome.failed and run is not None:
            self._first_runs.setdefault(outcome.like, run)
        if outcome.failed and width >= self._widest.get(outcome.like, (0,))[0]:
            self._widest[outcome.like] = self._open

    def findings(self) -> Iterator[Finding]:
        """Yield what fails: undisturbed first, then what has the widest window."""
        undisturbed = self._report.undisturbed
        own = like_of(undisturbed)
        by_width = sorted(self._widest.items(), key=lambda item: -item[1][0])
        if own != _CLEAN:
            yield self._finding(own, undisturbed.schedule, undisturbed)
        for like, (_, first, run) in by_width:
            if like != own:
                run = run or self._first_runs.get(like)
                schedule = decode(first.token) if run is None else run.schedule
                yield self._finding(like, schedule, run)

    def _finding(self, like: Like, schedule: Schedule, run: Run | None) -> Finding:
        report = self._report
        broken, complaint = like
        windows = [window for each, window in _windows(report.outcomes) if each == like]
        windows.sort(key=lambda window: window.first - window.last)
        if run is report.undisturbed:
            windows.insert(0, Window(0, 0, run.laws, run.token, complaint))
        verdict = run.verdict if run and broken else NoVerdict(SimulationError(complaint))
        assert isinstance(verdict, Broken | NoVerdict)
        return Finding(
            report.setup,
            schedule,
            verdict,
            run,
            tuple(windows),
            hits=sum(each.like == like for each in report.outcomes),
            of=len(report.outcomes),
            unit="point",
            stock=check_on_stock(run) if broken and run else None,
        )

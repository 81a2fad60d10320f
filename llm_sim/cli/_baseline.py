"""What is known to be broken, on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from llm_sim.cli._console import out
from llm_sim.cli._files import check_writable
from llm_sim.exploration import Baseline, Broken, SweepReport, Window, broken
from llm_sim.simulation import Run


class BaselineOptions(NamedTuple):
    """What the command line says of a baseline.

    Parameters:
        file: Its file, or None.
        update: Whether what is new becomes known.
        prune: Whether what is stale is forgotten.
    """

    file: Path | None = None
    update: bool = False
    prune: bool = False

    def open(self) -> Baseline:
        """Load the baseline.

        Raises:
            UsageError: It cannot be read, or could not be written.
        """
        if self.update or self.prune:
            check_writable(self.file)
        return Baseline(self.file, update=self.update, prune=self.prune)


def known_run(baseline: Baseline, one: Run) -> bool:
    """Return whether a failed run breaks only what is known, and note what it breaks."""
    where, found = _where(one), broken(one)
    baseline.note(*where, found)
    return bool(found) and baseline.knows(*where, found)


def known_sweep(baseline: Baseline, report: SweepReport) -> bool:
    """Return whether a sweep breaks only what is known, and note what it breaks."""
    found = _of(report, 0, report.points)
    whole = not report.stopped and len(report.outcomes) == report.points
    where = _where(report.undisturbed)
    baseline.note(*where, found, whole=whole)
    return bool(found) and baseline.knows(*where, found)


def known_windows(baseline: Baseline, report: SweepReport) -> Callable[[Window], bool]:
    """Return what tells whether a window of a sweep breaks only what is known."""
    where = _where(report.undisturbed)

    def known(window: Window) -> bool:
        found = _of(report, window.first, window.last)
        return bool(found) and baseline.knows(*where, found)

    return known


def tell(baseline: Baseline) -> None:
    """Finish the baseline and tell what happened to it."""
    lines = baseline.finish()
    if lines:
        out("\nbaseline")
    for line in lines:
        out(f"  {line}")


def _where(one: Run) -> tuple[str, str]:
    """Return where a run's scenario stands, and the name of its target."""
    header = one.trace.header
    return header.place or one.scenario.name, header.target_name


def _of(report: SweepReport, first: int, last: int) -> list[Broken]:
    """Return what a sweep broke from a point to another; point 0 is the undisturbed run."""
    swept = [one for one in report.outcomes if first <= one.point <= last]
    undisturbed = broken(report.undisturbed) if first == 0 else ()
    return [*undisturbed, *(each for one in swept for each in one.broken)]

"""Sweeps against a baseline."""

from __future__ import annotations

from collections.abc import Callable

from llm_sim.exploration._baseline import Baseline, Broken, broken
from llm_sim.exploration._report import SweepReport, Window
from llm_sim.simulation import Run


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


def _where(one: Run) -> tuple[str, str]:
    """Return where a run's scenario stands, and the name of its target."""
    header = one.trace.header
    return header.place or one.scenario.name, header.target_name


def _of(report: SweepReport, first: int, last: int) -> list[Broken]:
    """Return what a sweep broke from a point to another; point 0 is the undisturbed run."""
    swept = [one for one in report.outcomes if first <= one.point <= last]
    undisturbed = broken(report.undisturbed) if first == 0 else ()
    return [*undisturbed, *(each for one in swept for each in one.broken)]

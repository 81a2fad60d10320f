"""Runs and sweeps as lines of text."""

from __future__ import annotations

from collections.abc import Callable

from llm_sim.exploration import UNREACHABLE, SweepReport, stimulus_kinds
from llm_sim.report import Failure, render_failure
from llm_sim.simulation import Run
from llm_sim.stimuli import STIMULUS_KINDS
from llm_sim.testing import KNOWN, Notes, pasted, place_of_run, tell_no_verdict


def run_line(one: Run, place: str = "", *, known: bool = False) -> str:
    """Return one run in a line, which says whether all that it breaks is known.

    Args:
        one: The run.
        place: Where its scenario stands, ``FILE::NAME``; empty where that may be another one.
        known: Whether all that it breaks is known.
    """
    if one.violations:
        verdict = f"broken: {' '.join(one.laws)}"
    else:
        verdict = "clean" if one.complaint is None else f"no verdict: {tell_no_verdict(one)}"
        if one.unmet and one.complaint is None:
            count = len(one.unmet)
            verdict = f"{count} expectation{'' if count == 1 else 's'} not met"
    words = one.schedule.in_words()
    line = f"  {one.scenario.name:24} {words:44} {one.steps:5} steps   {verdict}"
    if known:
        line += KNOWN
    return "\n".join([line, *(f"    warn {each.law} {each.message}" for each in one.warnings)])


def sweep_line(report: SweepReport, *, known: bool = False) -> str:
    """Return one sweep in a line, which says whether all that it breaks is known."""
    about = "" if report.extent.exact else "about "
    what = f"{_stimulus(report.inject)} at each of {about}{report.points} points"
    runs = f"{report.runs} run{'' if report.runs == 1 else 's'}"
    verdict = _sweep_verdict(report) + (KNOWN if known else "")
    line = (
        f"  {report.scenario.name:24} {f'{what}, {runs}':46} {verdict:40} {report.seconds:5.1f} s"
    )
    warned = (
        f"    warn {warning}, at {count} point{'' if count == 1 else 's'}"
        for warning, count in report.warnings.items()
    )
    return "\n".join([line.rstrip(), *warned])


def _stimulus(inject: str) -> str:
    *before, last = (STIMULUS_KINDS[kind].in_words for kind in stimulus_kinds(inject))
    return f"{', '.join(before)} and {last}" if before else last


def _sweep_verdict(report: SweepReport) -> str:
    tried = len(report.outcomes)
    stopped = f"stopped after {tried}, " if report.stopped else ""
    if tried < report.points and not report.stopped:
        stopped = f"{report.extent.sample_in_words()}: "
    if report.undisturbed.laws:
        return f"{stopped}broken undisturbed: {' '.join(report.undisturbed.laws)}"
    if report.complaint is not None:
        told = tell_no_verdict(report.undisturbed)
        return f"{stopped}no verdict: {told}"
    if not report.failed:
        return f"{stopped}{tried} clean"
    windows = report.windows
    count = f"{len(windows)} window{'' if len(windows) == 1 else 's'}"
    broken = [*report.laws, *(["no verdict"] if any(w.complaint for w in windows) else [])]
    return f"{stopped}{report.failed} fail in {count}: {' '.join(broken)}"


def replay_line(place: str, *, target: str, bot: str | None = None) -> Callable[[str], str]:
    """Return what makes of a token the line that replays it.

    Args:
        place: Where the scenario stands, ``FILE::NAME``.
        target: The target, as the user named it.
        bot: The bot that the user named instead of the scenario's.
    """
    given = () if bot is None else ("--bot", bot)

    def line(token: str) -> str:
        return pasted("llm-sim", "replay", place, "--schedule", token, "--target", target, *given)

    return line


def rerun_line(place: str, target: str, bot: str | None) -> str:
    """Return the line that runs a scenario again, undisturbed."""
    given = () if bot is None else ("--bot", bot)
    return pasted("llm-sim", "run", place, "--target", target, *given)


def run_failure(one: Run, replay: Callable[[str], str], notes: Notes = ()) -> str:
    """Return a failed run in full.

    Args:
        one: The run.
        replay: Makes of a token the line that replays it.
        notes: More lines.
    """
    headline = f"FAILED {place_of_run(one)}"
    if one.schedule.order is not None:
        notes = [("order", UNREACHABLE), *notes]
    failure = Failure(headline, one.schedule.in_words(), replay(one.token), notes=notes)
    return render_failure(one.trace, one.violations, failure)

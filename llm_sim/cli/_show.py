"""Runs and sweeps as lines of text."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from llm_sim.exploration import SweepReport, Window
from llm_sim.report import Failure, render_failure
from llm_sim.schedule import decode
from llm_sim.simulation import Run, run

_WORDS = {"interrupt": "interruption", "end": "end", "cancel": "cancel"}


def run_line(one: Run) -> str:
    """Return one run in a line."""
    if one.violations:
        verdict = f"broken: {' '.join(one.laws)}"
    else:
        verdict = f"no verdict: {one.complaint}" if one.complaint is not None else "clean"
    return f"  {one.scenario.name:24} {one.schedule.in_words():44} {one.steps:5} steps   {verdict}"


def sweep_line(report: SweepReport) -> str:
    """Return one sweep in a line."""
    what = f"{_stimulus(report.inject)} at each of {report.points} points"
    return (
        f"  {report.scenario.name:24} {what:36} {_sweep_verdict(report):40} {report.seconds:5.1f} s"
    ).rstrip()


def _stimulus(inject: str) -> str:
    return " and ".join(_WORDS[kind] for kind in inject.split("+"))


def _sweep_verdict(report: SweepReport) -> str:
    tried = len(report.outcomes)
    stopped = f"stopped after {tried}, " if report.stopped else ""
    if tried < report.points and not report.stopped:
        stopped = f"a sample of {tried}: "
    if report.undisturbed.laws:
        return f"{stopped}broken undisturbed: {' '.join(report.undisturbed.laws)}"
    if report.complaint is not None:
        return f"{stopped}no verdict: {report.complaint}"
    if not report.failed:
        return f"{stopped}{tried} clean"
    windows = report.windows
    count = f"{len(windows)} window{'' if len(windows) == 1 else 's'}"
    broken = [*report.laws, *(["no verdict"] if any(w.complaint for w in windows) else [])]
    return f"{stopped}{report.failed} fail in {count}: {' '.join(broken)}"


def pasted(*words: str) -> str:
    """Return a command line that a shell reads back as these words."""
    return " ".join(shlex.quote(word) for word in words)


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


def run_failure(one: Run, replay: Callable[[str], str]) -> str:
    """Return a failed run in full.

    Args:
        one: The run.
        replay: Makes of a token the line that replays it.
    """
    headline = f"FAILED {_where(one)}"
    failure = Failure(headline, one.schedule.in_words(), replay(one.token))
    return render_failure(one.trace, one.violations, failure)


def sweep_failure(report: SweepReport, target: str, replay: Callable[[str], str]) -> str:
    """Return a failed sweep: every window in a line, and the widest one in full.

    Args:
        report: The sweep.
        target: The target, as the user named it.
        replay: Makes of a token the line that replays it.
    """
    where = _where(report.undisturbed)
    of = f"{len(report.outcomes)} points tried" if report.stopped else f"{report.points} points"
    extent = f"{report.failed} of {of} fail"
    lines = [f"{where} on {report.target}: {extent}"]
    lines += [f"  {_window_line(window)}" for window in report.windows]
    broken = [window for window in report.windows if window.laws]
    chosen = max(broken, key=lambda window: window.last - window.first, default=None)
    shown = report.undisturbed if report.undisturbed.violations else None
    if shown is None and chosen is not None:
        shown = run(
            report.scenario,
            bot=report.bot,
            target=target,
            schedule=decode(chosen.token),
            place=where,
        )
    if shown is not None and shown.violations:
        if chosen is not None and shown is not report.undisturbed:
            extent += f"; this is {_points(chosen)}"
        words = shown.schedule.in_words()
        failure = Failure(f"FAILED {where}", words, replay(shown.token), extent)
        lines.append(render_failure(shown.trace, shown.violations, failure))
    return "\n".join(lines)


def _where(one: Run) -> str:
    return one.trace.header.place or one.scenario.name


def _window_line(window: Window) -> str:
    what = " ".join(window.laws) or f"no verdict: {window.complaint}"
    return f"{_points(window):16} {what:36} {window.token}"


def _points(window: Window) -> str:
    if window.first == window.last:
        return f"point {window.first}"
    return f"points {window.first}-{window.last}"

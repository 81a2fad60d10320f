"""Runs and sweeps as lines of text."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence

from llm_sim.cli._stock import stock_note
from llm_sim.exploration import (
    UNREACHABLE,
    SweepReport,
    Window,
    check_on_stock,
    stimulus_kinds,
)
from llm_sim.report import Failure, render_failure
from llm_sim.schedule import Kind, decode
from llm_sim.simulation import Run, run

Notes = Sequence[tuple[str, str]]
"""More lines of a failure, each with its label."""

_KNOWN = "   known (baseline)"
_WORDS: dict[Kind, str] = {
    "interrupt": "interruption",
    "end": "end",
    "cancel": "cancel",
    "user_starts": "start of speech",
    "user_stops": "end of speech",
    "error": "error",
}


def run_line(one: Run, *, known: bool = False) -> str:
    """Return one run in a line, which says whether all that it breaks is known."""
    if one.violations:
        verdict = f"broken: {' '.join(one.laws)}"
    else:
        verdict = f"no verdict: {one.complaint}" if one.complaint is not None else "clean"
    words = one.schedule.in_words()
    line = f"  {one.scenario.name:24} {words:44} {one.steps:5} steps   {verdict}"
    return line + _KNOWN if known else line


def sweep_line(report: SweepReport, *, known: bool = False) -> str:
    """Return one sweep in a line, which says whether all that it breaks is known."""
    about = "" if report.extent.exact else "about "
    what = f"{_stimulus(report.inject)} at each of {about}{report.points} points"
    runs = f"{report.runs} run{'' if report.runs == 1 else 's'}"
    verdict = _sweep_verdict(report) + (_KNOWN if known else "")
    return (
        f"  {report.scenario.name:24} {f'{what}, {runs}':46} {verdict:40} {report.seconds:5.1f} s"
    ).rstrip()


def _stimulus(inject: str) -> str:
    *before, last = (_WORDS[kind] for kind in stimulus_kinds(inject))
    return f"{', '.join(before)} and {last}" if before else last


def _sweep_verdict(report: SweepReport) -> str:
    tried = len(report.outcomes)
    stopped = f"stopped after {tried}, " if report.stopped else ""
    if tried < report.points and not report.stopped:
        stopped = f"{report.extent.sample_in_words()}: "
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


def run_failure(one: Run, replay: Callable[[str], str], notes: Notes = ()) -> str:
    """Return a failed run in full.

    Args:
        one: The run.
        replay: Makes of a token the line that replays it.
        notes: More lines.
    """
    headline = f"FAILED {_where(one)}"
    if one.schedule.order is not None:
        notes = [("order", UNREACHABLE), *notes]
    failure = Failure(headline, one.schedule.in_words(), replay(one.token), notes=notes)
    return render_failure(one.trace, one.violations, failure)


def sweep_failure(
    report: SweepReport,
    target: str,
    replay: Callable[[str], str],
    *,
    notes: Mapping[str, Notes] | None = None,
    known: Callable[[Window], bool] = lambda _: False,
) -> str:
    """Return a failed sweep: every window in a line, and the widest one that is new in full.

    Args:
        report: The sweep.
        target: The target, as the user named it.
        replay: Makes of a token the line that replays it.
        notes: By token, more lines of the failure that is shown in full.
        known: Tells whether all that a window breaks is known.
    """
    where = _where(report.undisturbed)
    of = f"{len(report.outcomes)} points tried" if report.stopped else f"{report.points} points"
    extent = f"{report.failed} of {of} fail"
    lines = [f"{where} on {report.target}: {extent}"]
    lines += [
        f"  {_window_line(window)}{_KNOWN if known(window) else ''}" for window in report.windows
    ]
    shown = next(new_failures(report, target, known), None)
    if shown is not None:
        window, one = shown
        if window.first:
            extent += f"; this is {_points(window)}"
        words = one.schedule.in_words()
        stock = stock_note(check_on_stock(one, bot=report.bot, target=target))
        more = [stock, *(notes or {}).get(one.token, ())]
        failure = Failure(f"FAILED {where}", words, replay(one.token), extent, more)
        lines.append(render_failure(one.trace, one.violations, failure))
    return "\n".join(lines)


def new_failures(
    report: SweepReport, target: str, known: Callable[[Window], bool]
) -> Iterator[tuple[Window, Run]]:
    """Yield a run of each set of laws that a sweep broke: the first point of the widest window.

    Args:
        report: The sweep.
        target: The target, as the user named it.
        known: Tells whether all that a window breaks is known.

    Yields:
        The window, and its run; the undisturbed run first, as a window at point 0, then the widest
        window before the others.
    """
    undisturbed = Window(0, 0, report.undisturbed.laws, report.undisturbed.token)
    by_width = sorted(report.windows, key=lambda window: window.first - window.last)
    told: set[tuple[str, ...]] = set()
    for window in (undisturbed, *by_width):
        if not window.laws or window.laws in told or known(window):
            continue
        told.add(window.laws)
        yield (
            window,
            report.undisturbed
            if window is undisturbed
            else run(
                report.scenario,
                bot=report.bot,
                target=target,
                schedule=decode(window.token),
                place=_where(report.undisturbed),
            ),
        )


def _where(one: Run) -> str:
    return one.trace.header.place or one.scenario.name


def _window_line(window: Window) -> str:
    what = " ".join(window.laws) or f"no verdict: {window.complaint}"
    return f"{_points(window):16} {what:36} {window.token}"


def _points(window: Window) -> str:
    if window.first == window.last:
        return f"point {window.first}"
    return f"points {window.first}-{window.last}"

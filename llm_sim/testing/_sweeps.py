"""What sweeps find, told and kept."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from llm_sim.errors import NondeterminismError
from llm_sim.exploration import FailureStore, Found, SweepReport, Window, check_on_stock
from llm_sim.report import Failure, render_failure
from llm_sim.schedule import decode
from llm_sim.simulation import Run, run
from llm_sim.trace import dumps

Notes = Sequence[tuple[str, str]]
"""More lines of a failure, each with its label."""

KNOWN: Final = "   known (baseline)"
"""What stands behind a line of which all that is broken is known."""


def tell_sweep(
    report: SweepReport,
    target: str,
    replay: Callable[[str], str],
    *,
    notes: Mapping[str, Notes] | None = None,
    known: Callable[[Window], bool] = lambda _: False,
    **how: Any,
) -> str:
    """Return a failed sweep: every window in a line, and the widest one that is new in full.

    Where no law is broken, what replays the first point without a verdict is told.

    Args:
        report: The sweep.
        target: The target, as the user named it.
        replay: Makes of a token the line that replays it.
        notes: By token, more lines of the failure that is shown in full.
        known: Tells whether all that a window breaks is known.
        **how: ``laws`` and ``limits`` of the sweep.

    Raises:
        SimulationError: See :func:`new_failures`.
    """
    of = f"{len(report.outcomes)} points tried" if report.stopped else f"{report.points} points"
    extent = f"{report.failed} of {of} fail"
    where = place_of_run(report.undisturbed)
    lines = [f"{where} on {report.target}: {extent}"]
    lines += [
        f"  {_window_line(window)}{KNOWN if known(window) else ''}" for window in report.windows
    ]
    shown = next(new_failures(report, target, known, **how), None)
    without_verdict = [window for window in report.windows if not window.laws]
    if shown is None and without_verdict:
        lines.append(f"  replay    {replay(without_verdict[0].token)}")
    if shown is not None:
        window, one = shown
        if window.first:
            extent += f"; this is {_points(window)}"
        words = one.schedule.in_words()
        limits = how.get("limits")
        stock = check_on_stock(one, bot=report.bot, target=target, limits=limits)
        more = [("stock", stock.note), *(notes or {}).get(one.token, ())]
        failure = Failure(f"FAILED {where}", words, replay(one.token), extent, more)
        lines.append(render_failure(one.trace, one.violations, failure))
    return "\n".join(lines)


def new_failures(
    report: SweepReport, target: str, known: Callable[[Window], bool], **how: Any
) -> Iterator[tuple[Window, Run]]:
    """Yield a run of each set of laws that a sweep broke: the first point of the widest window.

    Args:
        report: The sweep.
        target: The target, as the user named it.
        known: Tells whether all that a window breaks is known.
        **how: ``laws`` and ``limits`` of the sweep.

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
            report.undisturbed if window is undisturbed else _again(report, window, target, how),
        )


def _again(report: SweepReport, window: Window, target: str, how: Mapping[str, Any]) -> Run:
    """Run the first point of a window again."""

    def once() -> Run:
        return run(
            report.scenario,
            bot=report.bot,
            target=target,
            schedule=decode(window.token),
            place=place_of_run(report.undisturbed),
            **how,
        )

    one = once()
    if one.laws != window.laws:
        what = "did not fail a second time" if not one.laws else "failed in another way"
        broke = " ".join(one.laws) or "none"
        raise NondeterminismError(
            f"point {window.first} ({window.token}) {what}: the sweep saw it break "
            f"{' '.join(window.laws)}, a run of it alone {broke}",
            settles=dumps(once().trace) == dumps(one.trace),
        )
    return one


def keep_failures(
    failures: Sequence[Run],
    target: str,
    store: FailureStore,
    *,
    bot: str | None = None,
    not_kept: Callable[[str], None],
) -> dict[str, Notes]:
    """Save failed runs.

    Args:
        failures: The runs; each broke a law.
        target: The target, as the user named it.
        store: Where they are kept.
        bot: The bot that the user named instead of the scenario's.
        not_kept: Told, in a line, of each that cannot be written.

    Returns:
        By token, the line that promotes the failure.
    """
    notes: dict[str, Notes] = {}
    for one in failures:
        found = Found.of(one, one.violations[0], target, bot=bot)
        try:
            store.save(found)
        except OSError as error:
            not_kept(f"{found.name} is not kept: {error}")
        else:
            notes[found.token] = [("keep", promote_line(found))]
    return notes


def promote_line(found: Found) -> str:
    """Return the line that makes a scenario of a saved failure, with a name for it."""
    return pasted("llm-sim", "promote", found.name, "--name", found.title)


def pasted(*words: str) -> str:
    """Return a command line that a shell reads back as these words."""
    return " ".join(shlex.quote(word) for word in words)


def place_of_run(one: Run) -> str:
    """Return where a run's scenario stands, or its name."""
    return one.trace.header.place or one.scenario.name


def _window_line(window: Window) -> str:
    what = " ".join(window.laws) or f"no verdict: {window.complaint}"
    return f"{_points(window):16} {what:36} {window.token}"


def _points(window: Window) -> str:
    if window.first == window.last:
        return f"point {window.first}"
    return f"points {window.first}-{window.last}"

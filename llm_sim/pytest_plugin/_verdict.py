"""What the runs of a test come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from llm_sim.errors import SimulationError
from llm_sim.exploration import Baseline, Broken, FailureStore, GoldenTraces, broken
from llm_sim.invariants import get_law
from llm_sim.pytest_plugin._disturbed import Swept, replays, sweeps
from llm_sim.pytest_plugin._simulator import Made, Simulator
from llm_sim.pytest_plugin._traces import Traces
from llm_sim.report import Failure, render_failure
from llm_sim.simulation import Run
from llm_sim.testing import Notes, keep_failures, tell_no_verdict, tell_unmet

Ended = Literal["passed", "failed", "left"]
"""How a test's body ended; a test that skips itself is left."""


@dataclass(frozen=True, slots=True)
class Session:
    """What holds for all tests of a session.

    Parameters:
        here: The directory in which pytest was started.
        output: Where traces are written.
        store: Where the failures of sweeps are kept.
        baseline: What is known to be broken.
        options: The words of the command line that hold for a replay as well.
        token: What is replayed on each test's scenarios instead of a sweep, or empty.
        golden: The golden traces that are written when the tests are done, or None: none are.
        lost: Why traces of the tests could not be written.
    """

    here: Path
    output: Path
    store: FailureStore
    baseline: Baseline
    options: tuple[str, ...] = ()
    token: str = ""
    golden: GoldenTraces | None = None
    lost: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the runs of a test come to.

    Parameters:
        failure: What is new and fails the test, for people; empty where that is nothing.
        broken: The laws that it breaks, each as ``LS103 views-disagree``, sorted.
        known: What is broken and known, a line each.
        warnings: The broken laws of which only a warning is due, a line each.
        swept: The sweeps that do not fail the test, a line each, with their warnings.
        traces: The trace files that were written.
        first: The first run that failed, or None.
        written: The golden traces that are to be written.
    """

    failure: str = ""
    broken: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    swept: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    first: Run | None = None
    written: tuple[str, ...] = ()


def judge(simulator: Simulator, session: Session, ended: Ended) -> Verdict:
    """Judge the runs of a test, and where they are clean sweep them, if that is wanted.

    Args:
        simulator: What ran them.
        session: What holds for all tests.
        ended: How the test's body ended.
    """
    simulator.judged = len(simulator.made)
    known = _note(simulator, session.baseline, whole=ended == "passed")
    failed = [made for made in simulator.made if _is_new(made, simulator, session.baseline)]
    swept: list[Swept] = []
    texts: list[str] = []
    if ended == "passed" and not failed and simulator.made:
        try:
            if session.token:
                again = replays(simulator, session.token)
                failed = [made for made in again if _is_new(made, simulator, session.baseline)]
            elif simulator.settings.sweep is not None:
                swept = list(sweeps(simulator, simulator.settings.sweep, session.baseline))
        except SimulationError as error:
            # The way to it would lead through this package, and not to a line of the test.
            texts.append(_told_error(error, _line(simulator, session, session.token)))
    broke = [one for one in swept if one.failed]
    disturbed = [run for one in broke for run in one.failures]
    runs = [*(made.run for made in failed), *disturbed]
    fails = ended == "failed" or bool(failed or broke or texts)
    traces = _trace(simulator, session, runs, fails=fails)
    texts += [_told(made, simulator, session, traces) for made in failed]
    texts += [_told_sweep(one, simulator, session, traces) for one in broke]
    return Verdict(
        "\n\n".join(texts),
        _names([each.law for made in failed for each in made.violations], disturbed),
        known,
        _warnings(simulator.runs),
        tuple(line for one in swept if not one.failed for line in one.lines()),
        tuple(path for _, path in traces),
        runs[0] if runs else None,
        tuple(str(path) for path in simulator.written),
    )


def judge_late(simulator: Simulator, session: Session) -> str:
    """Return what fails of the runs that were made behind a test's body, by what takes it down.

    Args:
        simulator: What ran them; it is asked when the body has been judged.
        session: What holds for all tests.
    """
    late = simulator.made[simulator.judged :]
    new = [made for made in late if _is_new(made, simulator, session.baseline)]
    return "\n\n".join(_told(made, simulator, session, ()) for made in new)


def _note(simulator: Simulator, baseline: Baseline, *, whole: bool) -> tuple[str, ...]:
    """Note what a test breaks, and return what of it is known."""
    test = simulator.test
    baseline.note(test, simulator.settings.target, (), whole=whole)
    known: list[Broken] = []
    for made in simulator.made:
        found = _broken(made)
        baseline.note(test, made.run.trace.header.target_name, found, whole=whole)
        if found and not _is_new(made, simulator, baseline):
            known += found
    return tuple(f"known: {law} {name}".rstrip() for law, name in dict.fromkeys(known))


def _warnings(runs: Iterable[Run]) -> tuple[str, ...]:
    told = (f"warn {each.law} {each.message}" for one in runs for each in one.warnings)
    return tuple(dict.fromkeys(told))


def _broken(made: Made) -> list[Broken]:
    return [(law, name) for law, name in broken(made.run) if law not in made.expected]


def _is_new(made: Made, simulator: Simulator, baseline: Baseline) -> bool:
    """Return whether a run fails in a way that is not known."""
    if made.run.unmet:
        return True
    found, target = _broken(made), made.run.trace.header.target_name
    return made.failed and not (found and baseline.knows(simulator.test, target, found))


def _trace(
    simulator: Simulator, session: Session, failed: Sequence[Run], *, fails: bool
) -> list[tuple[Run, str]]:
    """Write the traces that are wanted, and return each run with its file."""
    mode = simulator.settings.trace
    if mode == "off":
        return []
    traces = Traces(session.output, session.here, simulator.test)
    if mode == "retain-all-failures":
        own = [one for one in simulator.runs if one.violations or one.complaint or one.unmet]
    else:
        own = simulator.runs if mode == "on" or fails else []
    others = [one for one in failed if not any(one is mine for mine in own)]
    written = [(one, traces.write(one)) for one in [*own, *others]]
    if traces.lost:
        session.lost.add(traces.lost)
    return written


def _notes(one: Run, traces: Iterable[tuple[Run, str]]) -> list[tuple[str, str]]:
    return [("trace", path) for traced, path in traces if traced is one]


def _told(
    made: Made, simulator: Simulator, session: Session, traces: Iterable[tuple[Run, str]]
) -> str:
    """Return a failed run in full; pytest has just told which test it is."""
    one = made.run
    notes = _notes(one, traces)
    replay = _line(simulator, session, one.token if one.schedule.landings else "")
    told: list[str] = []
    if made.violations:
        failure = Failure("", one.schedule.in_words(), replay, notes=notes)
        told.append(render_failure(one.trace, made.violations, failure))
    elif one.complaint is not None and not one.violations:
        told.append(f"no verdict: {tell_no_verdict(one)}")
    if one.unmet:
        told.append(tell_unmet(one))
        notes.append(("replay", replay))
    if not made.violations:
        told += [f"  {label:9} {text}" for label, text in notes]
    return "\n".join(told)


def _told_error(error: SimulationError, replay: str) -> str:
    return f"no verdict: {error}\n  {'replay':9} {replay}"


def _told_sweep(
    swept: Swept,
    simulator: Simulator,
    session: Session,
    traces: Sequence[tuple[Run, str]],
) -> str:
    lost: list[str] = []
    kept = keep_failures(swept.failures, swept.target, session.store, not_kept=lost.append)
    notes: dict[str, Notes] = {
        one.token: [*_notes(one, traces), *kept.get(one.token, ())] for one in swept.failures
    }
    return "\n".join([swept.tell(lambda token: _line(simulator, session, token), notes), *lost])


def _line(simulator: Simulator, session: Session, token: str) -> str:
    """Return the line that shows a failure of the test again."""
    words = [f'pytest "{simulator.test}"']
    words += [f"--llm-sim-replay={token}"] if token else []
    return " ".join([*words, *session.options])


def _names(codes: Iterable[str], disturbed: Iterable[Run]) -> tuple[str, ...]:
    codes = {*codes, *(law for one in disturbed for law in one.laws)}
    return tuple(f"{code} {get_law(code).name}" for code in sorted(codes))

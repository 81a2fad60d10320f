"""What the runs of a test come to: judged, swept, held against the baseline, kept and told."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal

from llm_sim.errors import LlmSimError, SimulationError
from llm_sim.exploration import SweepReport, completed, search_points
from llm_sim.kept import make_directory, write_text
from llm_sim.pytest_plugin._session import SimulationSession
from llm_sim.pytest_plugin._simulator import GREETING, Made, Simulator
from llm_sim.reports import Telling, counted, headline, render_finding, render_sweep
from llm_sim.schedule import Schedule, decode
from llm_sim.simulation import Clean, Finding, NoVerdict, Run, simulate
from llm_sim.trace import dumps

SUFFIX: Final = ".trace.jsonl"

Ended = Literal["passed", "failed", "left"]
"""How a test's body ended; a test that skips itself is left."""

_DIGITS: Final = 6
_LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the runs of a test come to.

    Parameters:
        findings: What is new and fails the test, the first one first.
        text: The findings as text, which begins with the first one's headline; or empty.
        traces: The trace files that were written.
        beside: What stands beside a failure or a success: lines by their title.
    """

    findings: tuple[Finding, ...] = ()
    text: str = ""
    traces: tuple[str, ...] = ()
    beside: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def laws(self) -> list[str]:
        """The broken laws, each as ``LS103 views-disagree``, sorted."""
        known = {law.code: law.name for each in self.findings for law in each.setup.laws}
        broken = {code for each in self.findings for code in each.laws}
        return [f"{code} {known[code]}" for code in sorted(broken)]


def judge(simulator: Simulator, session: SimulationSession, ended: Ended) -> Judgement:
    """Judge the runs of a test, and where they are clean sweep them, if that is wanted.

    Args:
        simulator: What ran them.
        session: What holds for all tests.
        ended: How the test's body ended.
    """
    simulator.judged = len(simulator.made)
    own = list(_found(simulator.made, session))
    if ended == "passed":
        _cover(simulator, session)
    new = [finding for finding in own if not finding.known]
    sweeps: list[SweepReport] = []
    if ended == "passed" and not new:
        if session.token:
            again = list(_replayed(simulator, session))
            new = [finding for finding in again if not finding.known]
        else:
            sweeps, new = _swept(simulator, session)
    failed = [report for report in sweeps if report.new]
    lost = [line for report in failed for line in _keep(report, session)]
    findings = (*new, *(finding for report in failed for finding in _news(report)))
    traces = _trace(simulator, session, findings, fails=ended == "failed" or bool(findings))
    how = _telling(session, traces)
    texts = [render_finding(finding, how) for finding in new]
    # Above a sweep's overview stands what everybody sees.
    texts += [f"{headline(_news(each)[0])}\n{render_sweep(each, how)}" for each in failed]
    return Judgement(
        findings,
        "\n\n".join([*texts, *lost]),
        tuple(path for _, path in traces),
        {
            "warnings": _warnings(simulator.runs),
            "baseline": _known(own),
            "sweep": [line for report in sweeps if not report.new for line in _in_lines(report)],
            "golden traces": [str(path) for path in simulator.written],
        },
    )


def judge_late(simulator: Simulator, session: SimulationSession) -> Judgement:
    """Judge the runs that were made behind a test's body, by what takes it down.

    Args:
        simulator: What ran them; it is asked when the body has been judged.
        session: What holds for all tests.
    """
    late = _found(simulator.made[simulator.judged :], session)
    new = tuple(finding for finding in late if not finding.known)
    texts = [render_finding(finding, _telling(session)) for finding in new]
    return Judgement(new, "\n\n".join(texts))


def _found(runs: Iterable[Made], session: SimulationSession) -> Iterator[Finding]:
    """Yield what is wrong with each run, held against the baseline."""
    for made in runs:
        verdict, run = made.verdict, made.run
        if not isinstance(verdict, Clean):
            found = Finding(run.setup, run.schedule, verdict, run)
            yield session.baseline.filtered(found)


def _cover(simulator: Simulator, session: SimulationSession) -> None:
    """Note that all was run that there is to run, even if the test runs nothing any more."""
    for made in simulator.made:
        session.baseline.covered(made.run.setup)
    with suppress(LlmSimError):  # a target that is not there knows no failures either
        session.baseline.covered(simulator.setup_of(GREETING))


def _replayed(simulator: Simulator, session: SimulationSession) -> Iterator[Finding]:
    """Yield what is wrong with the session's schedule on what the test ran.

    Where it lands nowhere, the last run tells why.
    """
    schedule = decode(session.token)
    runs: list[Run] = []
    for setup in simulator.swept:
        try:
            runs.append(simulate(setup, schedule))
        except SimulationError as error:
            yield Finding(setup, schedule, NoVerdict(error))
    landed = [run for run in runs if run.landed] or runs[-1:]
    yield from _found(map(Made, landed), session)


def _swept(
    simulator: Simulator, session: SimulationSession
) -> tuple[list[SweepReport], list[Finding]]:
    """Sweep what a test ran, if that is wanted; return the sweeps, and why some were broken off.

    Raises:
        KeyboardInterrupt: A sweep was stopped.
    """
    inject = simulator.settings.sweep
    reports: list[SweepReport] = []
    broken_off: list[Finding] = []
    for setup in simulator.swept if inject is not None else ():
        try:
            report = completed(search_points(setup, inject or ""))
        except SimulationError as error:
            broken_off.append(Finding(setup, Schedule(), NoVerdict(error)))
            continue
        if report.stopped:
            raise KeyboardInterrupt
        report.findings = [session.baseline.filtered(finding) for finding in report.findings]
        reports.append(report)
    return reports, broken_off


def _keep(report: SweepReport, session: SimulationSession) -> list[str]:
    """Save what is new in a sweep, and return why some of it could not be saved, in lines."""
    lost: list[str] = []
    report.findings = [
        finding if finding.known else session.store.keep(finding, lambda _, why: lost.append(why))
        for finding in report.findings
    ]
    return [
        f"{counted(lost.count(why), 'failure')} could not be kept: {why}"
        for why in dict.fromkeys(lost)
    ]


def _news(report: SweepReport) -> list[Finding]:
    """Return what is new in a sweep, the finding first that is shown in full."""
    return sorted(report.new, key=lambda finding: not finding.laws)


def _telling(session: SimulationSession, traces: Sequence[tuple[Run, str]] = ()) -> Telling:
    """Return how to show a finding; pytest has just said which test it is."""
    return Telling(placed=True, store=session.store, options=session.options, traces=traces)


def _in_lines(report: SweepReport) -> Iterator[str]:
    """Yield a sweep in a line, and each of its warnings in one."""
    verdict = f"{report.failed} fail" if report.failed else "clean"
    yield (
        f"{report.scenario.name} on {report.target}: {report.inject} at each of "
        f"{report.points} points, {report.runs} runs: {verdict}"
    )
    for warning, count in report.warnings.items():
        yield f"warn {warning}, at {counted(count, 'point')}"


def _known(found: Iterable[Finding]) -> list[str]:
    known = (each for finding in found if finding.known for each in finding.broken)
    return [f"known: {law} {tool}".rstrip() for law, tool in dict.fromkeys(known)]


def _warnings(runs: Iterable[Run]) -> list[str]:
    lines = (f"warn {each.law} {each.message}" for run in runs for each in run.warnings)
    return list(dict.fromkeys(lines))


def _trace(
    simulator: Simulator, session: SimulationSession, findings: Sequence[Finding], *, fails: bool
) -> list[tuple[Run, str]]:
    """Write the traces that are wanted, and return each run with its file."""
    mode = simulator.settings.trace
    if mode == "off":
        return []
    if mode == "retain-all-failures":
        runs = [run for run in simulator.runs if not isinstance(run.verdict, Clean)]
    else:
        runs = simulator.runs if mode == "on" or fails else []
    failed = [finding.run for finding in findings if finding.run is not None]
    runs = [*runs, *(run for run in failed if not any(run is each for each in runs))]
    readable = re.sub(r"[^\w.=-]+", "-", simulator.test)[:_LONGEST_NAME].strip("-")
    # What makes no file name is left out; the digest tells such tests apart.
    stem = f"{readable}-{sha256(simulator.test.encode()).hexdigest()[:_DIGITS]}"
    for left_by_the_last_session in session.output.glob(f"{stem}-*{SUFFIX}"):
        left_by_the_last_session.unlink(missing_ok=True)
    return [
        (run, _write_trace(run, session, f"{stem}-{number}{SUFFIX}"))
        for number, run in enumerate(runs, 1)
    ]


def _write_trace(run: Run, session: SimulationSession, name: str) -> str:
    """Write the trace of a run, whole.

    Returns:
        Its file, or why there is none. A trace that cannot be written fails no test.
    """
    path = session.output / name
    try:
        make_directory(session.output)
        write_text(path, dumps(run.trace))
    except OSError as error:
        shown = os.path.relpath(session.output, session.here)
        why = "it is a file" if session.output.is_file() else error.strerror
        lost = f"not written: {shown}: {why}; name another place with --llm-sim-output"
        session.lost.add(lost)
        return lost
    shown = os.path.relpath(path, session.here)
    return str(path) if shown.startswith("..") else shown

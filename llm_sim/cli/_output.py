"""Where what commands find goes: filtered, kept, shown, counted, written."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TypeVar

from llm_sim.cli._console import err, json_goes_to_stdout, out
from llm_sim.cli._files import check_writable
from llm_sim.errors import LlmSimError, NondeterminismError, ScenarioError
from llm_sim.exploration import Coverage, SweepReport, stop_requests
from llm_sim.kept import Baseline, FailureStore, write_text
from llm_sim.reports import (
    ExitCode,
    Telling,
    error_code,
    exit_code,
    finding_lines,
    report_document,
    summary_lines,
)
from llm_sim.schedule import Schedule
from llm_sim.simulation import Finding, NoVerdict, Setup, Summary

_SummaryT = TypeVar("_SummaryT", bound=Summary)

STDOUT = "-"
"""Stands for standard output where a file is named."""


class Output:
    """Takes what a command's searches find; leaving it shows and writes all of it.

    Where Ctrl-C is pressed, or an error breaks the command off, what was found before is not lost:
    it is shown, and the JSON report is written.

    Args:
        command: The command's name.
        json: The file of the JSON report, ``-`` for standard output, or None.
        baseline: The file of what is known to be broken, or None.
        update: Whether what is new becomes known.
        prune: Whether what is stale is forgotten.
        store: Where failures are kept, or None: they are not.

    Raises:
        UsageError: The JSON file or the baseline cannot be used.
    """

    def __init__(
        self,
        command: str,
        json: str | None = None,
        baseline: Path | None = None,
        *,
        update: bool = False,
        prune: bool = False,
        store: FailureStore | None = None,
    ) -> None:
        if json not in (None, STDOUT):
            check_writable(Path(str(json)))
        if update or prune:
            check_writable(baseline)
        self._command = command
        self._json = json
        self._baseline = Baseline(baseline, update=update, prune=prune)
        self._store = store
        self._summaries: list[Summary] = []
        self._untold: list[Summary] = []
        self._replays: dict[int, str] = {}
        self._problems: list[str] = []
        self._stopped = False
        self._otherwise = ExitCode.CLEAN
        self._error: ExitCode | None = None

    @property
    def code(self) -> ExitCode:
        """The exit code: an error decides, then what is new, then what went wrong besides."""
        if self._error is not None:
            return self._error
        code = exit_code(self._summaries, stopped=self._stopped)
        return self._otherwise if code is ExitCode.CLEAN else code

    def __enter__(self) -> Output:
        json_goes_to_stdout(self._json == STDOUT)
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        """Show the findings and write the baseline and the JSON report.

        Returns:
            Whether the exception is dealt with: it was Ctrl-C.
        """
        pressed = isinstance(error, KeyboardInterrupt)
        try:
            if pressed:
                err("llm-sim: stopped")
                self._stopped = True
            elif error is not None:
                self._broken_off(error)
            if error is None or isinstance(error, KeyboardInterrupt | LlmSimError):
                self._show_findings()
            if (error is None or pressed) and (lines := self._baseline.finish()):
                out("\n".join(["\nbaseline", *(f"  {line}" for line in lines)]))
        except OSError as unwritten:
            # Nobody reads what is shown, or the baseline cannot be written: the report still can.
            self._broken_off(unwritten)
            raise
        finally:
            self._write_json()
        return pressed

    def each(
        self,
        setups: Sequence[Setup],
        heading: str,
        search: Callable[[Setup], Generator[Finding, None, _SummaryT]],
        then: Callable[[_SummaryT], None] | None = None,
    ) -> None:
        """Search each Setup, and show a line for it, below a heading for each target.

        The first Ctrl-C stops it after the run under way.

        Args:
            setups: What is searched.
            heading: What is done.
            search: Makes the search of a Setup.
            then: Told of each summary, when its line is shown.
        """
        groups: dict[str, list[Setup]] = {}
        for setup in setups:
            groups.setdefault(setup.under_test, []).append(setup)
        with stop_requests() as stop_requested:
            for under, group in groups.items():
                out(f"{under} · {heading}")
                for setup in group:
                    if stop_requested():
                        self._stopped = True
                        return
                    try:
                        summary = self.take(search(setup))
                    except NondeterminismError as error:
                        # Nothing can be said of this one; the others can be searched all the same.
                        unsaid = Summary(setup, [Finding(setup, Schedule(), NoVerdict(error))])
                        self.note(unsaid)
                        self.show_line(unsaid)
                        continue
                    self.show_line(summary)
                    if then is not None:
                        then(summary)

    def take(self, search: Generator[Finding, None, _SummaryT]) -> _SummaryT:
        """Let a search run, and filter and keep what it finds as it comes.

        Args:
            search: The search.

        Returns:
            What it came to, with the findings as they were filtered and kept.
        """
        findings: list[Finding] = []
        while True:
            try:
                finding = next(search)
            except StopIteration as end:
                summary: _SummaryT = end.value
                break
            except KeyboardInterrupt:
                if findings:
                    self._add(Summary(findings[0].setup, findings, stopped=True))
                raise
            finding = self._baseline.filtered(finding)
            # Fuzzing has kept its examples by the time it tells of them.
            new = not finding.known and finding.unit != "example"
            findings.append(self.keep(finding) if new else finding)
        summary.findings = findings
        if summary.whole:
            self._baseline.covered(summary.setup)
        self._add(summary)
        return summary

    def keep(self, finding: Finding) -> Finding:
        """Save a finding where failures are kept, and return it with its name there."""
        if self._store is None:
            return finding
        return self._store.keep(
            finding, lambda name, why: err(f"llm-sim: {name} is not kept: {why}")
        )

    def note(self, summary: Summary, replay: str = "") -> None:
        """Note what a search came to whose findings the command shows in its own way.

        Args:
            summary: What it came to.
            replay: The line that shows it again, where it is another one than its place says.
        """
        if replay:
            self._replays[len(self._summaries)] = replay
        self._summaries.append(summary)

    def problem(self, message: str, code: ExitCode) -> None:
        """Note why something could not be run at all.

        Args:
            message: What is wrong.
            code: The exit code where nothing is found besides.
        """
        self._problems.append(message)
        self._otherwise = code

    def show_line(self, summary: Summary) -> None:
        """Show what a search came to in a line, and its warnings."""
        out("\n".join(summary_lines(summary)))

    def _add(self, summary: Summary) -> None:
        self._summaries.append(summary)
        self._untold.append(summary)

    def _show_findings(self) -> None:
        swept = [summary for summary in self._untold if isinstance(summary, SweepReport)]
        if swept:
            met = Coverage()
            for report in swept:
                met.merge(report.coverage)
            out(f"\nwhat the calls were doing when a stimulus landed\n{met.render()}")
        telling = Telling(store=self._store)
        for summary in self._untold:
            for text in finding_lines(summary, telling):
                out(f"\n{text}")

    def _broken_off(self, error: BaseException) -> None:
        self._error = error_code(error)
        parts = error.problems if isinstance(error, ScenarioError) else (error,)
        self._problems += (str(part) or repr(part) for part in parts)

    def _write_json(self) -> None:
        json_goes_to_stdout(False)
        if self._json is None:
            return
        text = report_document(
            self._command,
            self._summaries,
            self.code,
            stopped=self._stopped,
            store=self._store,
            problems=self._problems,
            replays=self._replays,
        )
        if self._json == STDOUT:
            out(text.rstrip("\n"))
            return
        try:
            write_text(Path(self._json), text)
        except OSError as error:
            error.filename = error.filename or self._json
            raise

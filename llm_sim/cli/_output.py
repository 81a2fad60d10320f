"""Where what commands find goes: filtered, kept, shown, counted, written."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, TypeVar

from llm_sim.cli._console import err, json_goes_to_stdout, out
from llm_sim.cli._files import check_writable
from llm_sim.exploration import Campaign, SweepReport
from llm_sim.kept import Baseline, FailureStore, write_text
from llm_sim.reports import (
    ExitCode,
    Telling,
    exit_code,
    render_each,
    render_finding,
    render_sweep,
    report_document,
    summary_lines,
)
from llm_sim.simulation import Finding, Summary

_SummaryT = TypeVar("_SummaryT", bound=Summary)

STDOUT = "-"
"""Stands for standard output where a file is named."""


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


class Output:
    """Takes the Findings of a command's searches; inside ``with``, so that nothing is lost.

    Args:
        command: The command's name.
        json: The file of the JSON report, ``-`` for standard output, or None.
        baseline: What is known to be broken.
        store: Where failures are kept, or None: they are not.

    Raises:
        UsageError: The JSON file or the baseline cannot be used.
    """

    def __init__(
        self,
        command: str,
        json: str | None = None,
        baseline: BaselineOptions | None = None,
        store: FailureStore | None = None,
    ) -> None:
        if json not in (None, STDOUT):
            check_writable(Path(str(json)))
        self._command = command
        self._json = json
        self._baseline = (baseline or BaselineOptions()).open()
        self._store = store
        self._telling = Telling(store=store)
        self.summaries: list[Summary] = []
        self.problems: list[str] = []
        self.stopped = False
        """Whether Ctrl-C came before the last search began."""

    def __enter__(self) -> Output:
        json_goes_to_stdout(self._json == STDOUT)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write the JSON report, also where the command was stopped or broke off."""
        try:
            self._write_json()
        finally:
            json_goes_to_stdout(False)

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
            findings.append(self._kept(self._baseline.filtered(finding)))
        summary.findings = findings
        if not summary.stopped and getattr(summary, "whole", True):
            self._baseline.covered(summary.setup)
        self.summaries.append(summary)
        return summary

    def show_line(self, summary: Summary) -> None:
        """Show what a search came to in a line, and its warnings."""
        out("\n".join(summary_lines(summary)))

    def show_findings(self) -> None:
        """Show what is new in full, search by search."""
        for summary in self.summaries:
            match summary:
                case SweepReport() if summary.findings:
                    out(f"\n{render_sweep(summary, self._telling)}")
                case Campaign() if summary.findings:
                    out(render_each(summary, self._telling))
                case SweepReport() | Campaign():
                    pass
                case _:
                    for finding in summary.findings:
                        if not finding.known:
                            out(render_finding(finding, self._telling))

    def finish(self) -> ExitCode:
        """Write the baseline where it is to change, and return the exit code."""
        lines = self._baseline.finish()
        if lines:
            out("\nbaseline")
        for line in lines:
            out(f"  {line}")
        return exit_code(self.summaries, stopped=self.stopped)

    def _kept(self, finding: Finding) -> Finding:
        if self._store is None or finding.known or finding.unit == "example":
            return finding
        return self._store.keep(finding, lambda why: err(f"llm-sim: {why}"))

    def _write_json(self) -> None:
        if self._json is None:
            return
        text = report_document(
            self._command,
            self.summaries,
            ExitCode.USAGE if self.problems else exit_code(self.summaries, stopped=self.stopped),
            stopped=self.stopped,
            store=self._store,
            problems=self.problems,
        )
        if self._json == STDOUT:
            json_goes_to_stdout(False)
            out(text.rstrip("\n"))
        else:
            write_text(Path(self._json), text)

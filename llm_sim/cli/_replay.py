"""``llm-sim replay``: what has failed, again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Optional

import typer

from llm_sim.cli import _completion as complete
from llm_sim.cli._app import command
from llm_sim.cli._console import err, out
from llm_sim.cli._files import check_one_run, check_writable
from llm_sim.cli._options import BOT, JSON, TARGET, TOKEN, TRACE
from llm_sim.cli._output import Output
from llm_sim.cli._subjects import Subjects
from llm_sim.errors import ScenarioError, SimulationError, UsageError
from llm_sim.exploration import RunReport, completed, search_run
from llm_sim.kept import (
    SUFFIX,
    FailureStore,
    SavedFailure,
    load_failure,
    replay_failure,
    replay_saved,
    replay_word,
    write_text,
)
from llm_sim.reports import (
    ExitCode,
    Telling,
    headline,
    pasted,
    promote_line,
    render_finding,
)
from llm_sim.schedule import decode
from llm_sim.simulation import Finding, NoVerdict, Run, Setup, Summary, check_on_stock
from llm_sim.targets import Bot, get_target, load_bot
from llm_sim.trace import dumps


@command(
    "Repair",
    "llm-sim replay",
    "llm-sim replay scenarios/reserve.sim.yaml "
    "--schedule ls1-interrupt@LLMFullResponseStart+5 --target pipecat --stock",
    rank=1,
)
def replay(
    files: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(
            metavar="FILE[::NAME]",
            help="Scenario files, directories, globs, or saved failures.",
            autocompletion=complete.replayable,
        ),
    ] = None,
    schedule: TOKEN = None,
    target: TARGET = None,
    bot: BOT = None,
    trace: TRACE = None,
    stock: Annotated[
        bool, typer.Option("--stock", help="Tell whether it fails on asyncio's own loop, too.")
    ] = False,
    json: JSON = None,
) -> ExitCode:
    """Run again what has failed.

    Without FILE, every saved failure is replayed, and dropped if it is FIXED. With the file of a
    saved failure, that one is replayed and shown in full. With a scenario file, each scenario is
    run once, FIXED or FAILED; with --schedule as well, that schedule is run.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    subjects = Subjects(files or (), target, bot)
    with Output("replay", json) as output:
        check_writable(trace)
        replayed = _Replayed(output, trace, stock)
        if not files:
            if schedule is not None:
                raise UsageError("name the scenario file that the token belongs to")
            if stock or (target, bot, trace) != (None, None, None):
                raise UsageError(
                    "each saved failure is replayed on its own bot and target, and none is shown "
                    "in full: name a file for --target, --bot, --trace or --stock"
                )
            replayed.every_saved_failure()
        saved = {file: load_failure(file) for file in subjects.files if file.endswith(SUFFIX)}
        others = subjects._replace(files=[file for file in subjects.files if file not in saved])
        setups = others.setups() if others.files else []
        check_one_run(trace, [*saved, *(str(setup.place) for setup in setups)])
        for file, failure in saved.items():
            replayed.saved_failure(file, failure, subjects)
        if schedule is None:
            replayed.scenarios(setups)
        elif setups:
            replayed.token(setups, schedule)
    return output.code


class _Replayed:
    """Replays, and shows what came of each.

    Args:
        output: Takes what is found.
        trace: Where the trace is written, or None.
        stock: Whether asyncio's own loop is asked too.
    """

    def __init__(self, output: Output, trace: Path | None, stock: bool) -> None:
        self._output = output
        self._trace = trace
        self._stock = stock

    def every_saved_failure(self) -> None:
        """Replay what is saved, a line each, and drop what is fixed."""
        store = FailureStore()
        damaged: list[ScenarioError] = []
        count = 0
        for replayed in replay_saved(store, damaged=damaged.append):
            count += 1
            out(str(replayed))
            again = pasted("llm-sim", "replay", str(store.path_of(replayed.saved)))
            if replayed.run is not None:
                self._note_run(replayed.run, replayed.saved, again)
            elif isinstance(replayed.verdict, NoVerdict):
                self._note_not_run(replayed.saved, replayed.verdict, again)
        for error in damaged:
            err(f"llm-sim: {error}")
            self._output.problem(str(error), ExitCode.NO_VERDICT)
        if not count:
            out(f"no failure is saved in {store.directory}")

    def saved_failure(self, file: str, saved: SavedFailure, subjects: Subjects) -> None:
        """Replay one saved failure and show it in full."""
        target, bot = subjects.target, subjects.bot

        def setup(saved: SavedFailure) -> Setup:
            return Setup.of(
                saved.scenario,
                bot=None if bot is None else load_bot(bot),
                target=target or saved.target,
                place=saved.where,
            )

        replayed = replay_failure(saved, setup)
        if replayed.run is None:
            raise SimulationError(replayed.message)
        options = (*_option("--target", target), *_option("--bot", bot))
        again = pasted("llm-sim", "replay", file, *options)
        report = self._note_run(replayed.run, saved, again)
        self._show_in_full(report, Telling(keep=promote_line(saved), replay=again))

    def scenarios(self, setups: Sequence[Setup]) -> None:
        """Run each scenario as it is scripted, and say whether it is fixed."""
        for setup in setups:
            report = completed(search_run(setup))
            self._output.note(report)
            what = "".join(f" {headline(finding)}" for finding in report.findings)
            what = what.replace(" no verdict: ", " ", 1)
            out(f"{replay_word(report.run.verdict)} {setup.scenario.name}{what}")
            self._tell_stock(report)
            self._write_trace(report.run)

    def token(self, setups: Sequence[Setup], token: str) -> None:
        """Run one schedule again on each scenario that it belongs to.

        Raises:
            SimulationError: It landed in none.
        """
        schedule = decode(token)
        landed: list[RunReport] = []
        why: NoVerdict | None = None
        for setup in setups:
            report = completed(search_run(setup, schedule, stock=True))
            if report.run.landed:
                landed.append(report)
            elif isinstance(report.run.verdict, NoVerdict):
                why = why or report.run.verdict
        if not landed:
            reason = "" if why is None else f": {why.reason}"
            raise SimulationError(f"{token} landed in no scenario{reason}")
        for report in landed:
            self._output.note(report)
            self._show_in_full(report)

    def _show_in_full(self, report: RunReport, how: Telling | None = None) -> None:
        self._output.show_line(report)
        self._tell_stock(report)
        for finding in report.findings:
            if finding.laws:
                out(f"\n{render_finding(finding, how)}")
        self._write_trace(report.run)

    def _note_run(self, run: Run, saved: SavedFailure, again: str) -> RunReport:
        finding = Finding.of_run(run)
        findings = [] if finding is None else [replace(finding, saved=saved.name)]
        report = RunReport(run.setup, findings, run=run)
        self._output.note(report, again)
        return report

    def _note_not_run(self, saved: SavedFailure, verdict: NoVerdict, again: str) -> None:
        # Its bot or its target may be gone: the Setup names what was saved, and is not run.
        setup = Setup(saved.scenario, Bot(), get_target("reference"), place=saved.where)
        finding = Finding(setup, saved.schedule, verdict, saved=saved.name)
        self._output.note(Summary(setup, [finding]), again)

    def _tell_stock(self, report: RunReport) -> None:
        if self._stock:
            asked = next((finding.stock for finding in report.findings if finding.stock), None)
            out(f"  stock asyncio   {(asked or check_on_stock(report.run)).in_words()}")

    def _write_trace(self, run: Run) -> None:
        if self._trace is not None:
            write_text(self._trace, dumps(run.trace))


def _option(name: str, value: str | None) -> tuple[str, ...]:
    return () if value is None else (name, value)

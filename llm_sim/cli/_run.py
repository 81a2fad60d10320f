"""``llm-sim run``: each scenario once."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from llm_sim.cli._app import command
from llm_sim.cli._console import out
from llm_sim.cli._files import check_one_run, check_writable
from llm_sim.cli._options import BASELINE, BOT, FILES, JSON, PRUNE, TARGET, TRACE, UPDATE
from llm_sim.cli._output import Output
from llm_sim.cli._subjects import Subjects
from llm_sim.errors import UsageError
from llm_sim.exploration import RunReport, search_run
from llm_sim.kept import GoldenTraces, write_text
from llm_sim.reports import ExitCode
from llm_sim.simulation import Run
from llm_sim.trace import dumps


@command(
    "Run a conversation",
    "llm-sim run scenarios/reserve.sim.yaml",
    "llm-sim run scenarios/reserve.sim.yaml --trace reserve.jsonl",
    "llm-sim run scenarios --target pipecat --json report.json",
    rank=1,
)
def run(
    files: FILES,
    target: TARGET = None,
    bot: BOT = None,
    trace: TRACE = None,
    json: JSON = None,
    baseline: BASELINE = None,
    update_baseline: UPDATE = False,
    prune_baseline: PRUNE = False,
    update: Annotated[
        bool,
        typer.Option("--update", help="Write golden traces anew where the run does not match."),
    ] = False,
) -> ExitCode:
    """Run each scenario once, undisturbed, and check every law.

    What the scenario expects is checked too: an expectation that is not met counts like a broken
    law.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    with Output("run", json, baseline, update=update_baseline, prune=prune_baseline) as output:
        check_writable(trace)
        setups = Subjects(files, target, bot).setups()
        check_one_run(trace, [str(setup.place) for setup in setups])
        written: list[Path] = []

        def amend(run: Run) -> Run:
            if update:
                run, written[:] = _with_golden_traces(run)
            return run

        def told(report: RunReport) -> None:
            for path in written:
                out(f"  wrote     {path}")
            if trace is not None:
                write_text(trace, dumps(report.run.trace))

        output.each(setups, "undisturbed", partial(search_run, amend=amend), told)
    return output.code


def _with_golden_traces(run: Run) -> tuple[Run, tuple[Path, ...]]:
    """Write the golden traces that a run does not meet, and return it as one that meets them.

    Raises:
        UsageError: They cannot be written.
    """
    traces = GoldenTraces()
    run, written = traces.take(run)
    if lost := traces.write():
        raise UsageError("\n".join(lost))
    return run, written

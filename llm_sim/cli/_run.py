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
from llm_sim.cli._output import BaselineOptions, Output
from llm_sim.cli._subjects import Subjects, by_target
from llm_sim.errors import UsageError
from llm_sim.exploration import search_run
from llm_sim.kept import GoldenTraces, write_text
from llm_sim.reports import ExitCode
from llm_sim.simulation import Run
from llm_sim.trace import dumps


@command(
    "Run a conversation",
    "llm-sim run scenarios/reserve.sim.yaml",
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
        bool, typer.Option("--update", help="Write golden traces that the run does not meet anew.")
    ] = False,
) -> ExitCode:
    """Run each scenario once, undisturbed, and check every law.

    What the scenario expects is checked too: an expectation that is not met counts like a broken
    law.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    known = BaselineOptions(baseline, update_baseline, prune_baseline)
    with Output("run", json, known) as output:
        check_writable(trace)
        setups = Subjects(files, target, bot).setups()
        check_one_run(trace, setups)
        for under, group in by_target(setups).items():
            out(f"{under} · undisturbed")
            for setup in group:
                golden = GoldenTraces() if update else None
                written: list[Path] = []
                amend = partial(_golden_written, golden, written)
                report = output.take(search_run(setup, amend=amend))
                output.show_line(report)
                for path in written:
                    out(f"  wrote     {path}")
                if trace is not None:
                    write_text(trace, dumps(report.run.trace))
        output.show_findings()
        return output.finish()


def _golden_written(golden: GoldenTraces | None, written: list[Path], one: Run) -> Run:
    if golden is None:
        return one
    one, files = golden.take(one)
    if lost := golden.write():
        raise UsageError("\n".join(lost))
    written += files
    return one

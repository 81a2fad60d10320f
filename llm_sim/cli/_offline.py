"""The commands that run no bot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llm_sim.cli import _completion as complete
from llm_sim.cli._exits import leave_with
from llm_sim.cli._explain import explain_command
from llm_sim.cli._init import init_command
from llm_sim.cli._traces import diff_command, show_command


def explain(
    law: Annotated[
        str,
        typer.Argument(
            metavar="[LAW]",
            help="A law's code, like LS103, or how codes begin, like LS1; all of them without.",
            autocompletion=complete.laws,
        ),
    ] = "LS",
) -> None:
    """Say what a law demands, and why; or list the laws."""
    leave_with(explain_command, law)


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where it goes; here, if not given.")
    ] = Path(),
) -> None:
    """Write a bot, its tests, a scenario and a CI workflow.

    Nothing is overwritten: if one of the files is there, none is written.

    Exit code: 0 written, 2 something is in the way.
    """
    leave_with(init_command, directory)


def show(
    trace: Annotated[
        Path,
        typer.Argument(
            metavar="TRACE",
            help="A file that --trace has written.",
            autocompletion=complete.traces,
        ),
    ],
    every: Annotated[
        bool, typer.Option("--all", help="Tell every event, instead of the timeline.")
    ] = False,
) -> None:
    """Show what a trace file tells, and judge it again.

    Exit code: 0 every law holds, 1 a law is broken, 2 no such trace, 3 the trace was cut short.
    """
    leave_with(show_command, trace, every)


def diff(
    left: Annotated[
        Path, typer.Argument(metavar="A", help="A trace.", autocompletion=complete.traces)
    ],
    right: Annotated[
        Path, typer.Argument(metavar="B", help="Another one.", autocompletion=complete.traces)
    ],
) -> None:
    """Show where two traces part, and what is around it.

    Exit code: 0 the events are the same, 1 they differ, 2 no such trace.
    """
    leave_with(diff_command, left, right)

"""The options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from llm_sim.cli import _completion as complete

FILE = Annotated[
    str,
    typer.Argument(
        metavar="FILE[::NAME]",
        help="A scenario file, or one scenario in it.",
        autocompletion=complete.scenarios,
    ),
]
TARGET = Annotated[
    str,
    typer.Option(
        "--target",
        metavar="TARGET",
        help="What it runs on: reference (embedded), pipecat (installed) or naive (planted races).",
        autocompletion=complete.targets,
    ),
]
BOT = Annotated[
    Optional[str],  # noqa: UP045 - typer reads the annotation at run time
    typer.Option("--bot", metavar="MODULE:ATTRIBUTE", help="The bot, instead of the scenario's."),
]
TRACE = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "--trace", metavar="PATH", readable=False, help="Write the trace there, as JSON Lines."
    ),
]
BASELINE = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--baseline", metavar="PATH", readable=False, help="What is known to be broken."),
]
UPDATE = Annotated[bool, typer.Option("--update-baseline", help="Add what is new to the baseline.")]
PRUNE = Annotated[
    bool, typer.Option("--prune-baseline", help="Remove from it what is not broken any more.")
]
JSON = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--json", metavar="PATH", readable=False, help="Write the result there, as JSON."),
]

"""The options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from llm_sim.cli import _completion as complete

FILES = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE[::NAME]",
        help="Scenario files, single scenarios in them, directories or globs.",
        autocompletion=complete.scenarios,
    ),
]
FILE = Annotated[
    str,
    typer.Argument(
        metavar="FILE[::NAME]",
        help="A scenario file with one scenario, or one scenario in a file.",
        autocompletion=complete.scenarios,
    ),
]
TARGET = Annotated[
    Optional[str],  # noqa: UP045 - typer reads the annotation at run time
    typer.Option(
        metavar="TARGET",
        help=(
            "What it runs on: reference (embedded; the default, unless the scenario says another "
            "one), pipecat (installed), auto (pipecat if there is one), or naive (planted races)."
        ),
        autocompletion=complete.targets,
    ),
]
BOT = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        metavar="REFERENCE",
        help="The bot, instead of the scenario's: module:attribute or path/to/bot.py:attribute.",
    ),
]
TOKEN = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(metavar="TOKEN", help="The token of a run: which stimulus lands where."),
]
TRACE = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        metavar="PATH",
        readable=False,
        help="Write the trace to this file, as JSON Lines.",
    ),
]
BASELINE = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        metavar="PATH",
        readable=False,
        help="The file of the failures that are known.",
    ),
]
UPDATE = Annotated[
    bool, typer.Option("--update-baseline", help="Add new failures to the baseline.")
]
PRUNE = Annotated[
    bool, typer.Option("--prune-baseline", help="Remove failures from it that are gone.")
]
JSON = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(metavar="FILE|-", help="Write the result as JSON to a file or standard output."),
]

"""The commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from llm_sim import __version__
from llm_sim.cli._commands import (
    demo_command,
    explain_command,
    replay_command,
    run_command,
    sweep_command,
)
from llm_sim.cli._console import write_what_can_be_written
from llm_sim.cli._exits import leave_with
from llm_sim.exploration import MOST_RUNS

_FILE = Annotated[
    str, typer.Argument(metavar="FILE[::NAME]", help="A scenario file, or one scenario in it.")
]
_TARGET = Annotated[
    str,
    typer.Option(
        "--target",
        help="What it runs on: reference (embedded), pipecat (installed) or naive (planted races).",
    ),
]
_BOT = Annotated[
    Optional[str],  # noqa: UP045 - typer reads the annotation at run time
    typer.Option("--bot", metavar="MODULE:ATTRIBUTE", help="The bot, instead of the scenario's."),
]
_TRACE = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "--trace", metavar="PATH", readable=False, help="Write the trace there, as JSON Lines."
    ),
]

app = typer.Typer(
    name="llm-sim",
    help=(
        "Deterministic simulation testing for LLM function calling: a scripted model in the real "
        "service core, virtual time, and a stimulus at every point where one could land."
    ),
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"llm-sim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def demo() -> None:
    """Sweep two correct bots and one service with planted races, on the embedded core."""
    leave_with(demo_command)


@app.command()
def run(file: _FILE, target: _TARGET = "reference", bot: _BOT = None, trace: _TRACE = None) -> None:
    """Run each scenario once, undisturbed, and check every law.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    leave_with(run_command, file, target, bot, trace)


@app.command()
def sweep(
    file: _FILE,
    inject: Annotated[
        str,
        typer.Option(
            "--inject",
            metavar="STIMULUS",
            help="interrupt, end or cancel; or two of them, like interrupt+end.",
        ),
    ] = "interrupt",
    target: _TARGET = "reference",
    bot: _BOT = None,
    json: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--json", metavar="PATH", readable=False, help="Write the result there, as JSON."
        ),
    ] = None,
    most: Annotated[
        int,
        typer.Option("--most", metavar="N", help="Of more points, try a sample of so many."),
    ] = MOST_RUNS,
) -> None:
    """Try a stimulus at every single point of each scenario.

    The scenario runs once undisturbed, then once for each step with the stimulus landing after
    that step. The ready queue keeps asyncio's order, so every failure can happen in production.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    leave_with(sweep_command, file, inject, target, bot, json, most)


@app.command()
def replay(
    file: _FILE,
    schedule: Annotated[
        str, typer.Option("--schedule", metavar="TOKEN", help="The token of a failed run.")
    ],
    target: _TARGET = "reference",
    bot: _BOT = None,
    trace: _TRACE = None,
) -> None:
    """Run one schedule again and show what happens.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    leave_with(replay_command, file, schedule, target, bot, trace)


@app.command()
def explain(
    law: Annotated[str, typer.Argument(metavar="LAW", help="A law's code, like LS103.")],
) -> None:
    """Say what a law demands, and why."""
    leave_with(explain_command, law)


def main() -> None:
    """Run the command line."""
    write_what_can_be_written()
    app(prog_name="llm-sim")

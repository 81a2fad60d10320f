"""The commands."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Optional

import typer

from llm_sim import __version__
from llm_sim.cli import _completion as complete
from llm_sim.cli._again import again_command
from llm_sim.cli._baseline import BaselineOptions
from llm_sim.cli._commands import demo_command, replay_command, run_command
from llm_sim.cli._console import write_what_can_be_written
from llm_sim.cli._exits import leave_with, unwritten
from llm_sim.cli._fuzz import DEFAULT_INJECT, DEFAULT_PROFILE, fuzz_command
from llm_sim.cli._help import Tour
from llm_sim.cli._offline import diff, explain, init, show
from llm_sim.cli._options import BASELINE, BOT, FILE, JSON, PRUNE, TARGET, TRACE, UPDATE
from llm_sim.cli._promote import promote_command
from llm_sim.cli._reorder import reorder_command
from llm_sim.cli._schema import schema_command
from llm_sim.cli._shrink import shrink_command
from llm_sim.cli._smoke import smoke_command
from llm_sim.cli._sweep import sweep_command
from llm_sim.exploration import MOST_RUNS
from llm_sim.schedule import KINDS

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
    cls=Tour,
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
    """Sweep two correct bots and a service with planted races.

    All of it on the embedded core: nothing else has to be installed.
    """
    leave_with(demo_command)


@app.command()
def run(
    file: FILE,
    target: TARGET = "reference",
    bot: BOT = None,
    trace: TRACE = None,
    baseline: BASELINE = None,
    update_baseline: UPDATE = False,
    prune_baseline: PRUNE = False,
    update: Annotated[
        bool, typer.Option("--update", help="Write the golden traces anew that are not met.")
    ] = False,
) -> None:
    """Run each scenario once, undisturbed, and check every law.

    What the scenario expects is checked too: where it is not met, that counts like a broken law.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    known = BaselineOptions(baseline, update_baseline, prune_baseline)
    leave_with(run_command, file, target, bot, trace, known, update)


@app.command()
def smoke(
    bot: Annotated[
        str,
        typer.Argument(metavar="BOT", help="What to test, package.module:attribute."),
    ],
    target: TARGET = "reference",
) -> None:
    """Call each tool that a bot registers once, and check every law.

    The arguments are the simplest that the tool's schema allows; no scenario is needed.

    Exit code: 0 clean, 1 a tool is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    leave_with(smoke_command, bot, target)


@app.command()
def sweep(
    file: FILE,
    inject: Annotated[
        str,
        typer.Option(
            "--inject",
            metavar="STIMULUS",
            help=f"One of {', '.join(KINDS)}; or two or three of them, like interrupt+end.",
            autocompletion=complete.swept,
        ),
    ] = "interrupt",
    target: TARGET = "reference",
    bot: BOT = None,
    json: JSON = None,
    most: Annotated[
        int,
        typer.Option("--most", metavar="N", help="Of more points, try a sample of so many."),
    ] = MOST_RUNS,
    baseline: BASELINE = None,
    update_baseline: UPDATE = False,
    prune_baseline: PRUNE = False,
    every: Annotated[
        bool,
        typer.Option("--every", help="Run also points that are proved to make the run of another."),
    ] = False,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", help="Spread the runs over so many processes.")
    ] = 1,
) -> None:
    """Try a stimulus at every single point of each scenario.

    The scenario runs once undisturbed, then once for each step with the stimulus landing after
    that step; points that are proved to make the same run share one. The ready queue keeps
    asyncio's order, so every failure can happen in production.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    known = BaselineOptions(baseline, update_baseline, prune_baseline)
    how = {"most": most, "every": every, "workers": workers}
    leave_with(partial(sweep_command, file, inject, target, bot, json, known, **how))


@app.command()
def fuzz(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="BOT|FILE",
            help="A bot, package.module:attribute; or a scenario file, whose scripts are kept.",
            autocompletion=complete.scenarios,
        ),
    ],
    inject: Annotated[
        str,
        typer.Option(
            "--inject",
            metavar="STIMULI",
            help="The stimuli, separated by commas.",
            autocompletion=complete.fuzzed,
        ),
    ] = DEFAULT_INJECT,
    most: Annotated[
        int, typer.Option("--max-injections", metavar="N", help="How many land in a run at most.")
    ] = 2,
    target: TARGET = "reference",
    profile: Annotated[
        str, typer.Option("--profile", help="fast (200 examples), ci (5000) or nightly (50000).")
    ] = DEFAULT_PROFILE,
    examples: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--examples", metavar="N", help="So many, instead of the profile's."),
    ] = None,
    seed: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--seed", metavar="N", help="Hypothesis's seed."),
    ] = None,
    own_handlers: Annotated[
        bool,
        typer.Option("--own-handlers", help="Let no drawn stub stand in for a handler of the bot."),
    ] = False,
    json: JSON = None,
) -> None:
    """Draw conversations, run them, and shrink every failure.

    Drawn are what the model says and calls, what tools do, how long things take, and where stimuli
    land. The ready queue keeps asyncio's order, so every failure can happen in production.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    leave_with(
        fuzz_command, subject, inject, most, target, profile, examples, seed, own_handlers, json
    )


@app.command()
def replay(
    file: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(
            metavar="[FILE[::NAME]]",
            help="A scenario file, one scenario in it, or a saved failure.",
            autocompletion=complete.replayable,
        ),
    ] = None,
    schedule: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--schedule", metavar="TOKEN", help="The token of a failed run."),
    ] = None,
    target: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--target",
            metavar="TARGET",
            help="What it runs on; by default reference, or as it was saved.",
            autocompletion=complete.targets,
        ),
    ] = None,
    bot: BOT = None,
    trace: TRACE = None,
    stock: Annotated[
        bool, typer.Option("--stock", help="Say whether it fails on asyncio's own loop too.")
    ] = False,
) -> None:
    """Run again what has failed.

    Without FILE: every saved failure; FIXED ones are dropped. A file of a saved failure: that one,
    in full. A scenario file: each scenario once, FIXED or FAILED. With --schedule: that schedule.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    if schedule is None:
        leave_with(again_command, file, target, bot, trace, stock)
    if file is None:
        raise typer.BadParameter("name the scenario file that the token belongs to")
    leave_with(replay_command, file, schedule, target or "reference", bot, trace, stock)


@app.command()
def shrink(
    file: FILE,
    schedule: Annotated[
        str, typer.Option("--schedule", metavar="TOKEN", help="The token of a failed run.")
    ],
    target: TARGET = "reference",
    bot: BOT = None,
    law: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--law",
            metavar="LAW",
            help="The broken law to keep; else the first one.",
            autocompletion=complete.laws,
        ),
    ] = None,
) -> None:
    """Leave away everything that a failure does not need.

    What is left is printed as a scenario: the same law stays broken on the same call. The smaller
    failure is saved and can be promoted.

    Exit code: 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    leave_with(shrink_command, file, schedule, target, bot, law)


@app.command()
def promote(
    failure: Annotated[
        str,
        typer.Argument(
            metavar="TOKEN|NAME",
            help="A saved failure: its token or its name.",
            autocompletion=complete.failures,
        ),
    ],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The scenario's name.")],
    into: Annotated[
        Path, typer.Option("--into", metavar="DIRECTORY", readable=False, help="Where it goes.")
    ] = Path("scenarios/regressions"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Make a regression scenario of a saved failure.

    It fails now, and is to pass when the failure is repaired.

    Exit code: 0 written, 2 it cannot be promoted.
    """
    leave_with(promote_command, failure, name, into, force)


@app.command()
def reorder(
    file: FILE,
    policy: Annotated[
        str,
        typer.Option(
            "--policy",
            help="random, pct or pos; or bounded: every order with few preemptions.",
        ),
    ] = "pos",
    runs: Annotated[
        int, typer.Option("--runs", metavar="N", help="How many orders are tried at most.")
    ] = 200,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Where chance begins.")] = 0,
    preemptions: Annotated[
        int,
        typer.Option("--preemptions", metavar="K", help="At most so many for bounded and pct."),
    ] = 2,
    schedule: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--schedule", metavar="TOKEN", help="What lands where in every run."),
    ] = None,
    target: TARGET = "reference",
    bot: BOT = None,
    json: JSON = None,
) -> None:
    """Run each scenario in other orders than asyncio's.

    Not sound: asyncio's ready queue is first in, first out, so what fails here may not be reachable
    on stock asyncio. Each task's own entries stay in order, and so do all callbacks.

    Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim.
    """
    search = {"policy": policy, "runs": runs, "seed": seed, "preemptions": preemptions}
    leave_with(reorder_command, file, target, bot, schedule, json, search)


@app.command()
def schema(
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("-o", "--output", metavar="PATH", readable=False, help="Write it there."),
    ] = None,
) -> None:
    """Print the JSON Schema of scenario files.

    An editor that has it helps to write them: begin a file with
    `# yaml-language-server: $schema=PATH`.
    """
    leave_with(schema_command, output)


for _command in (init, show, diff, explain):
    app.command()(_command)


def main() -> None:
    """Run the command line."""
    write_what_can_be_written()
    try:
        app(prog_name="llm-sim")
    except OSError as error:  # the help and the version are written before there is a command
        sys.exit(unwritten(error))

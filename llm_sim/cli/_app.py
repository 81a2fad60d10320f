"""The application: how a function becomes a command, and what the help says of all of them.

A command is one function. Its decorator names the group in which the help lists it and the lines
that can be pasted where ``llm-sim init`` has written a project; its return value is the exit code.
Every exception becomes a message and a code here, so no command handles one for the shell's sake.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any, Final, Literal, TypeVar, get_args

import typer
from typer.core import TyperCommand, TyperGroup

from llm_sim import __version__
from llm_sim.cli._console import err, write_what_can_be_written
from llm_sim.errors import LlmSimError
from llm_sim.reports import ExitCode, error_code

_Function = TypeVar("_Function", bound=Callable[..., ExitCode])

_EPILOG: Final = """\
\b
First steps:
  llm-sim demo                            what a failure looks like
  llm-sim init && python -m pytest        a bot of your own, with its tests
  llm-sim run scenarios/reserve.sim.yaml  one conversation, undisturbed
  llm-sim sweep scenarios/reserve.sim.yaml --target pipecat
                                          an interruption at every point of it
  llm-sim replay                          what has failed: FIXED or FAILED
  llm-sim promote NAME --name N           a failure becomes a scenario

\b
Exit codes: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict,
4 a bug of llm-sim.
"""


class _Command(TyperCommand):
    """Leaves with the exit code that the function returns, or that its exception means."""

    def invoke(self, ctx: Any) -> Any:
        """Run the function; a stack trace is for our own bugs."""
        try:
            code: ExitCode = super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except LlmSimError as error:
            code = _message(error_code(error), error)
        except KeyboardInterrupt as error:
            code = _message(error_code(error), "stopped")
        except OSError as error:
            code = _unwritten(error)
        except Exception as error:
            err(traceback.format_exc())
            bug = "this is a bug of llm_sim, report it with the lines above"
            code = _message(ExitCode.INTERNAL, f"internal error: {error!r}; {bug}")
        sys.exit(code)


class _Tour(TyperGroup):
    """Lists the commands in their groups: a way through them, in the order of their use."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands in the order of the tour."""
        return [name for group in tour().values() for name in group]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, group by group.

        Rich's panels would group them too, but with markup, boxes and a width of their own; this is
        plain text wherever it goes.
        """
        widest = max(len(name) for name in self.commands)
        room = formatter.width - widest - 6
        for title, names in tour().items():
            rows = [(name, self.commands[name].get_short_help_str(room)) for name in names]
            with formatter.section(title):
                formatter.write_dl([(f"{name:{widest}}", text) for name, text in rows])


app: Final = typer.Typer(
    name="llm-sim",
    help=(
        "Deterministic simulation testing for LLM function calling: a scripted model in the real "
        "service core, virtual time, and a stimulus at every point where one could land."
    ),
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    cls=_Tour,
)
Group = Literal["Begin", "Run a conversation", "Search", "Repair", "Look up"]
"""What commands are for, in the order of their use."""

_LAST: Final = 9
_COMMANDS: Final[dict[str, list[tuple[int, str, tuple[str, ...]]]]] = {}


def tour() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the commands by what they are for, each with lines to paste, in order of use."""
    return {
        group: {name: examples for _, name, examples in sorted(_COMMANDS.get(group, ()))}
        for group in get_args(Group)
    }


def command(group: Group, *examples: str, rank: int = _LAST) -> Callable[[_Function], _Function]:
    """Return a decorator that makes a command of a function, named like it.

    A function whose name a library function has already ends in an underscore, which is left out.

    Args:
        group: What it is for: a heading of the help.
        *examples: Lines to paste.
        rank: Where it stands among the commands of its group; those of one rank by their names.
    """

    def decorate(function: _Function) -> _Function:
        name = function.__name__.rstrip("_")
        _COMMANDS.setdefault(group, []).append((rank, name, examples))
        lines = "\n".join(f"  {line}" for line in examples)
        app.command(name, cls=_Command, epilog=f"\b\nExample:\n{lines}")(function)
        return function

    return decorate


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"llm-sim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    write_what_can_be_written()
    try:
        app(prog_name="llm-sim")
    except OSError as error:  # the help and the version are written before there is a command
        sys.exit(_unwritten(error))


def _unwritten(error: OSError) -> ExitCode:
    """Say what could not be written or read, and return the code to leave with."""
    if isinstance(error, BrokenPipeError):
        # Whoever reads our output has seen enough (`llm-sim … | head`).
        sys.stdout = None
        return ExitCode.NO_VERDICT
    name = "the output" if error.filename is None else error.filename
    return _message(
        ExitCode.NO_VERDICT, f"{name}: {error.strerror}" if error.strerror else str(error)
    )


def _message(code: ExitCode, message: object) -> ExitCode:
    err(f"llm-sim: {message}")
    return code

"""Where output goes.

Results go to standard output, progress and messages to standard error. Without a terminal both are
plain lines; rich honours ``NO_COLOR``.
"""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from functools import cache

from rich.console import Console
from rich.text import Text


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # Rich would leave with 1, which is our code for a broken law.
        raise BrokenPipeError


@cache
def console(*, stderr: bool = False) -> Console:
    """Return the console for a stream."""
    return _Console(stderr=stderr, highlight=False, markup=False, soft_wrap=True)


def is_interactive() -> bool:
    """Whether standard error is a terminal that can redraw a line.

    ``FORCE_COLOR``, which CI systems set, asks for colours and makes no terminal of a pipe.
    """
    terminal = sys.stderr is not None and sys.stderr.isatty()
    return terminal and not console(stderr=True).is_dumb_terminal


def write_what_can_be_written() -> None:
    """Escape, on both streams, what their encoding cannot say."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


_json_on_stdout: list[bool] = [False]


def json_goes_to_stdout(whether: bool) -> None:
    """Let results for people go to standard error, while standard output is for JSON."""
    _json_on_stdout[0] = whether


def out(text: str) -> None:
    """Print a result."""
    console(stderr=_json_on_stdout[0]).print(Text(text))


def err(text: str) -> None:
    """Print a message; where nobody can read it any more, let it go."""
    with suppress(OSError):
        console(stderr=True).print(Text(text))

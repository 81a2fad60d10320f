"""Exit codes, and how an exception becomes one."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from enum import IntEnum
from typing import NoReturn

from llm_sim.cli._console import err
from llm_sim.errors import InvariantViolation, SimulationError, UsageError


class ExitCode(IntEnum):
    """What ``llm-sim`` tells the shell."""

    CLEAN = 0
    VIOLATION = 1
    USAGE = 2
    NO_VERDICT = 3
    INTERNAL = 4


def leave_with(command: Callable[..., ExitCode], *args: object) -> NoReturn:
    """Run a command and leave with its exit code.

    Every exception becomes a message and a code; a stack trace is for our own bugs.
    """
    try:
        code = command(*args)
    except UsageError as error:
        code = _told(ExitCode.USAGE, error)
    except InvariantViolation as error:
        code = _told(ExitCode.VIOLATION, error)
    except SimulationError as error:
        code = _told(ExitCode.NO_VERDICT, error)
    except KeyboardInterrupt:
        code = _told(ExitCode.NO_VERDICT, "stopped")
    except OSError as error:
        code = unwritten(error)
    except Exception as error:
        err(traceback.format_exc())
        code = _told(
            ExitCode.INTERNAL,
            f"internal error: {error!r}; this is a bug of llm_sim, report it with the lines above",
        )
    sys.exit(code)


def unwritten(error: OSError) -> ExitCode:
    """Tell of what could not be written or read, and return the code to leave with."""
    if isinstance(error, BrokenPipeError):
        # Whoever reads our output has seen enough (`llm-sim … | head`).
        sys.stdout = None
        return ExitCode.NO_VERDICT
    what = "the output" if error.filename is None else error.filename
    return _told(ExitCode.NO_VERDICT, f"{what}: {error.strerror}" if error.strerror else error)


def _told(code: ExitCode, message: object) -> ExitCode:
    err(f"llm-sim: {message}")
    return code

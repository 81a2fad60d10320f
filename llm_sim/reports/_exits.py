"""Exit codes: one table from verdicts to what the shell gets, and one from errors."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from llm_sim.errors import InvariantViolation, SimulationError, UsageError
from llm_sim.simulation import Broken, Clean, NoVerdict, Summary, Unmet, worst


class ExitCode(IntEnum):
    """What ``llm-sim`` tells the shell."""

    CLEAN = 0
    VIOLATION = 1
    USAGE = 2
    NO_VERDICT = 3
    INTERNAL = 4


_CODES: Final = {
    Clean: ExitCode.CLEAN,
    Broken: ExitCode.VIOLATION,
    Unmet: ExitCode.VIOLATION,
    NoVerdict: ExitCode.NO_VERDICT,
}
_ERRORS: Final[tuple[tuple[type[BaseException], ExitCode], ...]] = (
    (UsageError, ExitCode.USAGE),
    (InvariantViolation, ExitCode.VIOLATION),
    (SimulationError, ExitCode.NO_VERDICT),
    (OSError, ExitCode.NO_VERDICT),
    (KeyboardInterrupt, ExitCode.NO_VERDICT),
)


def exit_code(summaries: Iterable[Summary], *, stopped: bool = False) -> ExitCode:
    """Return the exit code of searches: what is new decides, not what a baseline knows.

    Args:
        summaries: What the searches came to.
        stopped: Whether some of them were never begun.
    """
    summaries = list(summaries)
    code = _CODES[type(worst(*(summary.verdict for summary in summaries)))]
    stopped = stopped or any(summary.stopped for summary in summaries)
    return ExitCode.NO_VERDICT if stopped and code is ExitCode.CLEAN else code


def error_code(error: BaseException) -> ExitCode:
    """Return the exit code of what broke a command off; any other exception is a bug of ours.

    Args:
        error: What was raised.
    """
    return next((code for kind, code in _ERRORS if isinstance(error, kind)), ExitCode.INTERNAL)

"""What kind of failure a violation is, however the calls of the scenario are named."""

from __future__ import annotations

import re
from typing import Final

from llm_sim.invariants import Violation

_BLANK: Final = "_"
_VALUE: Final = re.compile(
    r"'[^']*'|\"[^\"]*\"|`[^`]*`|\[.*\]|\{.*\}|\b(?:null|true|false)\b|\w*\d\w*"
)
_CALL: Final = re.compile(r"\S+ (?=`)")
_SEVERAL: Final = re.compile(rf"{_BLANK}(?:[,. ]+{_BLANK})+")


def kind_of(violation: Violation) -> str:
    """Return what a violation has in common with others of its kind: its law and its message.

    In the message a ``_`` takes the place of call ids, names of functions, numbers and quoted
    values, one for a whole list of them. What follows a semicolon is detail and is left out.

    Args:
        violation: Where a law did not hold.

    Returns:
        One line, like ``LS101 _ is never settled: last heard of as started``.
    """
    message = violation.message.partition("; ")[0]
    if violation.call and message.startswith(f"{violation.call}:"):
        message = _BLANK + message.removeprefix(violation.call)
    blanked = _VALUE.sub(_BLANK, _CALL.sub(f"{_BLANK} ", message))
    return f"{violation.law} {_SEVERAL.sub(_BLANK, blanked)}"

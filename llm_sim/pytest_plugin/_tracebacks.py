"""Mistakes of the test, told at the test's own line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import pytest

_PACKAGE: Final = Path(__file__).parents[1]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> None:
    """Hide the frames of this package in the traceback of what it refuses.

    What is wrong and what to do is in the message; the way through here would only stand before
    it. pytest asks the names of a frame's module whether to hide it, so those of the modules that
    it leads through say so, from then on and of such errors alone.
    """
    if call.excinfo is None or not _is_refused(call.excinfo):
        return
    for entry in call.excinfo.traceback:
        if Path(entry.path).is_relative_to(_PACKAGE):
            entry.frame.f_globals["__tracebackhide__"] = _is_refused


def _is_refused(excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    """Return whether an error is one of ours and no bug of ours."""
    errors = sys.modules.get("llm_sim.errors")
    return (
        errors is not None
        and excinfo.errisinstance(errors.LlmSimError)
        and not excinfo.errisinstance(errors.InternalError)
    )

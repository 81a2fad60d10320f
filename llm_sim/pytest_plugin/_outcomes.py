"""What a failed test shows: the headline, then the report, and no traceback through our code."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from _pytest._code.code import (
    ReprEntryNative,
    ReprExceptionInfo,
    ReprFileLocation,
    ReprTraceback,
)
from _pytest.outcomes import Failed

from llm_sim.pytest_plugin._scenario_files import ScenarioItem

if TYPE_CHECKING:
    from llm_sim.simulation import Finding

_PACKAGE: Final = Path(__file__).parents[1]


class FailedRunsError(Failed):
    """The runs of a test fail it.

    Args:
        text: What they fail with; its first line is the headline.
        first: The finding that the headline is of, where it is known.
    """

    def __init__(self, text: str, first: Finding | None = None) -> None:
        super().__init__(text, pytrace=False)
        self.text = text
        self.first = first


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a failure begin with its headline, everywhere that shows one line of it.

    The summary of a session and JUnit's ``message`` take that line from where the failure is said
    to have crashed. pytest would give them the whole report.
    """
    if call.excinfo is not None and _is_refused(call.excinfo):
        _hide_our_frames(call.excinfo)
    report = yield
    if call.excinfo is not None:
        error = call.excinfo.value
        if isinstance(item, ScenarioItem) and _is_refused(call.excinfo):
            report.longrepr = _of_a_scenario(item, str(error), *item.place_of(error))
        elif isinstance(item, ScenarioItem) and isinstance(error, FailedRunsError):
            report.longrepr = _of_a_scenario(item, error.text, *item.place_of(error.first))
        elif isinstance(error, FailedRunsError):
            line = (item.location[1] or 0) + 1
            report.longrepr = _told([f"{error.text}\n"], str(item.path), line, error.text)
    return report


def _of_a_scenario(item: ScenarioItem, text: str, line: int, first: str) -> ReprExceptionInfo:
    # An editor finds the place by the last line, as at the end of a traceback.
    first = (first or text).partition("\n")[0]
    lines = [f"{text}\n", f"\n{item.scenario.place.file}:{line}: {first}\n"]
    return _told(lines, str(item.path), line, first)


def _told(lines: list[str], path: str, line: int, text: str) -> ReprExceptionInfo:
    return ReprExceptionInfo(
        ReprTraceback([ReprEntryNative(lines)], None, "native"),
        ReprFileLocation(path, line, text.partition("\n")[0]),
    )


def _hide_our_frames(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Hide the frames of this package in the traceback of what it refuses.

    What is wrong and what to do is in the message; the way through here would only stand before
    it. pytest asks the names of a frame's module whether to hide it, so those of the modules that
    it leads through say so, from then on and of such errors alone.
    """
    for entry in excinfo.traceback:
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

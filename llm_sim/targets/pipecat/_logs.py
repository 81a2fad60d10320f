"""Pipecat's log during a run.

Pipecat logs through loguru, whose sinks are the application's. For the length of a run they are
set aside: a hundred runs would flood them, and formatting the lines costs more than the run. What
is logged at ERROR is reported, because Pipecat contains many exceptions by logging them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from loguru import logger

from llm_sim.targets._shape import attribute

_ERROR: Final = "ERROR"


class _Ear:
    """The one sink of all runs; it passes on to the run under way.

    loguru takes milliseconds to add a sink, so it is added once and set aside like the others.
    """

    def __init__(self) -> None:
        self.report: Callable[[str], None] | None = None

    def __call__(self, message: Any) -> None:
        # What a bot logs itself is its own affair.
        ours = message.record["name"] or ""
        if self.report is not None and ours.partition(".")[0] == "pipecat":
            self.report(message.record["message"])


@cache
def _listening() -> tuple[_Ear, dict[int, Any], int]:
    """Return the ear, and the sinks and the lowest level of a logger that has only the ear."""
    core = attribute(logger, "_core")
    ear = _Ear()
    with _set_aside(core, {}, float("inf")):
        logger.add(ear, level=_ERROR, format="{message}", catch=False)
        return ear, core.handlers, core.min_level


@contextmanager
def _set_aside(core: Any, handlers: dict[int, Any], min_level: float) -> Iterator[None]:
    """Let the logger have other sinks for a while."""
    before = attribute(core, "handlers"), attribute(core, "min_level")
    with core.lock:
        core.handlers, core.min_level = handlers, min_level
    try:
        yield
    finally:
        with core.lock:
            core.handlers, core.min_level = before


@contextmanager
def errors_reported(report: Callable[[str], None]) -> Iterator[None]:
    """Set the application's sinks aside and report every ERROR; put them back afterwards."""
    ear, handlers, min_level = _listening()
    core = attribute(logger, "_core")
    outer, ear.report = ear.report, report
    try:
        with _set_aside(core, dict(handlers), min_level):
            try:
                yield
            finally:
                # Most bots begin with logger.remove(), which stops the ear for good.
                if not handlers.keys() <= core.handlers.keys():
                    _listening.cache_clear()
    finally:
        ear.report = outer

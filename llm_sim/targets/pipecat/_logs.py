"""Pipecat's log during a run.

Pipecat logs through loguru, whose sinks are the application's. For the length of a run they are
set aside: a hundred runs would flood them, and formatting the lines costs more than the run. What
is logged at ERROR is reported, because Pipecat contains many exceptions by logging them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from loguru import logger

from llm_sim.targets._shape import attribute

_ERROR: Final = "ERROR"


@contextmanager
def errors_reported(report: Callable[[str], None]) -> Iterator[None]:
    """Set the application's sinks aside and report every ERROR; put them back afterwards."""
    core = attribute(logger, "_core")
    with attribute(core, "lock"):
        handlers, min_level = attribute(core, "handlers"), attribute(core, "min_level")
        core.handlers, core.min_level = {}, float("inf")

    def sink(message: Any) -> None:
        report(message.record["message"])

    sink_id = logger.add(sink, level=_ERROR, format="{message}", catch=False)
    try:
        yield
    finally:
        logger.remove(sink_id)
        with core.lock:
            core.handlers, core.min_level = handlers, min_level

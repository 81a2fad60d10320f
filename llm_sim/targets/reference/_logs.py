"""The core's log during a run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_LOGGER: Final = logging.getLogger("llm_sim.service")


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the core for the length of a run: what it warns of, hundreds of runs would repeat."""
    level = _LOGGER.level
    _LOGGER.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        _LOGGER.setLevel(level)

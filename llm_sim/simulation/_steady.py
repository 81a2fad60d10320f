"""Many runs in a row without the garbage collector in between.

A collection in the middle of a run frees what an earlier run left in cycles, at a moment that
depends on the whole process; it also costs more than the run when a large library is loaded. So
what is there before the first run is frozen, and garbage is collected between runs at fixed
intervals.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_RUNS_PER_COLLECTION: Final = 50


@contextmanager
def steady() -> Iterator[Callable[[], None]]:
    """Hold the collector for an exploration.

    Yields:
        A function to call after each run.
    """
    was_enabled = gc.isenabled()
    # An application may have frozen objects of its own; they stay frozen.
    frozen_here = gc.get_freeze_count() == 0
    gc.collect()
    if frozen_here:
        gc.freeze()
    gc.disable()
    runs = 0

    def after_run() -> None:
        nonlocal runs
        runs += 1
        if runs % _RUNS_PER_COLLECTION == 0:
            gc.collect()

    try:
        yield after_run
    finally:
        if frozen_here:
            gc.unfreeze()
        if was_enabled:
            gc.enable()

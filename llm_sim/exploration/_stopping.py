"""Ctrl-C between two runs."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C end an exploration after the run under way.

    A run takes milliseconds, and one that is broken off in the middle tells nothing; so the first
    Ctrl-C is noted, and only a second one raises KeyboardInterrupt. Where Python's own handler is
    not in place (another tool has one, or this is not the main thread), nothing is changed.

    Yields:
        Tells whether Ctrl-C was pressed.
    """
    requested = False
    python_handles = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not python_handles or threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal requested
        if requested:
            signal.default_int_handler(number, frame)
        requested = True
        sys.stderr.write("\nstopping after this run; press Ctrl-C again to stop at once\n")

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: requested
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)

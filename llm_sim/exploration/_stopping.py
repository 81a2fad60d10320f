"""Ctrl-C between two runs."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_watches: list[_Watch] = []


class _Watch:
    """Notes the first Ctrl-C; the second one raises KeyboardInterrupt."""

    requested = False

    def note(self, number: int, frame: FrameType | None) -> None:
        """Handle the signal."""
        if self.requested:
            signal.default_int_handler(number, frame)
        self.requested = True
        sys.stderr.write("\nstopping after this run; press Ctrl-C again to stop at once\n")


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C end an exploration after the run under way.

    A run takes milliseconds, and one that is broken off in the middle tells nothing. Worse, an
    exception that Python raises from a signal is lost where it lands in a destructor, and between
    runs there are many of them. So the first Ctrl-C is noted. Where Python's own handler is not
    in place (another tool has one, or this is not the main thread), nothing is changed; inside
    another watch, that one tells.

    Yields:
        Tells whether Ctrl-C was pressed.
    """
    if _watches:
        outer = _watches[-1]
        yield lambda: outer.requested
        return
    python_handles = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not python_handles or threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    watch = _Watch()
    _watches.append(watch)
    signal.signal(signal.SIGINT, watch.note)
    try:
        yield lambda: watch.requested
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _watches.remove(watch)

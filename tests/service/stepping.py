"""A loop for tests: virtual time, and a hook after every callback that it runs."""

from __future__ import annotations

import asyncio
import selectors
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Steps(deque[Any]):
    """The ready queue; counts what leaves it and lets a callback join its end."""

    def __init__(self) -> None:
        super().__init__()
        self.done = 0
        self.at: dict[int, Callable[[], object]] = {}

    def popleft(self) -> Any:
        handle = super().popleft()
        self.done += 1
        hook = self.at.pop(self.done, None)
        if hook is not None:
            hook()
        return handle


class _NoSelector(selectors.SelectSelector):
    """Waiting for input is waiting for the next timer, and that takes no time."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("deadlock: nothing is ready and no timer is left")
        self.elapsed += max(timeout, 0.0)
        return []


class StepLoop(asyncio.SelectorEventLoop):
    """An asyncio loop that jumps from timer to timer."""

    def __init__(self) -> None:
        self.clock = _NoSelector()
        self.steps = _Steps()
        super().__init__(self.clock)
        self._ready = self.steps
        self.unseen: list[str] = []
        self.set_exception_handler(lambda _, context: self.unseen.append(context["message"]))

    def time(self) -> float:
        return self.clock.elapsed


def run(main: Coroutine[Any, Any, T], loop: StepLoop | None = None) -> T:
    """Run a coroutine on a loop with virtual time; nothing may go unseen."""
    loop = loop or StepLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        outcome = runner.run(main)
        assert loop.unseen == []
        return outcome

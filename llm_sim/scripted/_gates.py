"""Gates: handlers that stand still at one of their awaits until they are told to go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping
from functools import partial, wraps
from types import coroutine
from typing import Any

Handler = Callable[..., Awaitable[None]]


class Gates:
    """The gates of one run.

    Args:
        hold: For each held tool, before which of its handler's awaits it stands, from 1.
    """

    def __init__(self, hold: Mapping[str, int]) -> None:
        self._hold = hold
        self._released: set[str] = set()
        self._waiting: dict[str, list[asyncio.Future[None]]] = {tool: [] for tool in hold}

    def held(self, tool: str, handler: Handler) -> Handler:
        """Return a handler that stands still at the tool's gate; as it is where there is none."""
        if tool not in self._hold:
            return handler

        @wraps(handler)
        async def gated(*args: Any) -> None:
            await _stopping(handler(*args), self._hold[tool], partial(self._wait, tool))

        return gated

    def release(self, tool: str) -> None:
        """Open a gate for good."""
        self._released.add(tool)
        for waiter in self._waiting[tool]:
            if not waiter.done():
                waiter.set_result(None)

    @property
    def standing(self) -> list[str]:
        """The tools of which a call stands at its gate, in the scenario's order."""
        return [tool for tool, waiters in self._waiting.items() if not all(map(_is_done, waiters))]

    @property
    def unreached(self) -> list[str]:
        """The tools that were not released and of which no call came to its gate."""
        return [
            tool
            for tool, waiters in self._waiting.items()
            if not waiters and tool not in self._released
        ]

    def _wait(self, tool: str) -> Generator[Any, None, None]:
        if tool not in self._released:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting[tool].append(waiter)
            yield from waiter.__await__()


def _is_done(waiter: asyncio.Future[None]) -> bool:
    return waiter.done()


@coroutine
def _stopping(
    awaitable: Awaitable[None], nth: int, wait: Callable[[], Generator[Any, None, None]]
) -> Generator[Any, Any, None]:
    """Await something, and before its nth suspension wait for something else.

    What the handler awaits then is set aside: it may well be done when the gate opens. Whoever
    cancels the handler meanwhile cancels it where it stands, and what it awaits with it.
    """
    steps = awaitable.__await__()
    go_on: Callable[[], Any] = partial(next, steps)
    awaits = 0
    while True:
        try:
            awaited = go_on()
        except StopIteration:
            return
        awaits += 1
        try:
            if awaits == nth:
                yield from _instead_of(awaited, wait)
            value = None if awaited is not None and awaited.done() else (yield awaited)
        except BaseException as error:
            # Handed on to the handler, which is the one that is cancelled or closed.
            go_on = partial(_throw, steps, error)
        else:
            go_on = partial(_send, steps, value)


def _instead_of(
    awaited: Any, wait: Callable[[], Generator[Any, None, None]]
) -> Generator[Any, None, None]:
    # asyncio takes a future that somebody yields without this mark for a mistake.
    blocking = getattr(awaited, "_asyncio_future_blocking", None)
    try:
        yield from wait()
    except asyncio.CancelledError as error:
        # As a task does: it asks what it awaits, a `gather` for one, and is thrown nothing itself.
        if awaited is None or not awaited.cancel(*error.args):
            raise
    if blocking is not None:
        awaited._asyncio_future_blocking = blocking


def _send(steps: Any, value: Any) -> Any:
    return next(steps) if value is None else steps.send(value)


def _throw(steps: Any, error: BaseException) -> Any:
    return steps.throw(error)

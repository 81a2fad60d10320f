"""Stock asyncio in virtual time, with nothing of ours in it but the clock.

The loop is asyncio's own selector loop, its scheduling untouched. Its selector does not wait: where
the loop would sleep until the next timer, the clock moves by that much.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import Any

NANOSECONDS = 1_000_000_000


class _Unhurried(selectors.DefaultSelector):
    """A selector that lets virtual time pass instead of real time."""

    loop: StockLoop

    def select(self, timeout: float | None = None) -> Any:
        """Look for what is ready, without waiting."""
        if timeout is None:
            self.loop.come_to_rest()
        else:
            self.loop.time_ns += round(max(timeout, 0) * NANOSECONDS)
        return super().select(0)


class StockLoop(asyncio.SelectorEventLoop):
    """asyncio's selector loop on a virtual clock."""

    def __init__(self) -> None:
        selector = _Unhurried()
        selector.loop = self
        self.time_ns = 0
        self.steps = 0
        """asyncio counts no steps; a recorder reads this."""
        self._at_rest: asyncio.Future[None] | None = None
        super().__init__(selector)

    def time(self) -> float:
        """Return virtual seconds."""
        return self.time_ns / NANOSECONDS

    async def rest(self) -> None:
        """Wait until nothing is ready and no timer is left."""
        self._at_rest = self.create_future()
        await self._at_rest

    def come_to_rest(self) -> None:
        """Wake up who waits for rest; nobody else can go on.

        Raises:
            RuntimeError: Nobody waits for rest, so the program is stuck.
        """
        waiting, self._at_rest = self._at_rest, None
        if waiting is None:
            raise RuntimeError("nothing is ready, no timer is left, and nobody waits for rest")
        waiting.set_result(None)

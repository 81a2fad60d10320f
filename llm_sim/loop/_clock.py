"""The virtual clock and the timers on it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from heapq import heapify, heappop, heappush

NANOSECONDS = 1_000_000_000

NEVER_NS = 10**30
"""A deadline from here on (3e13 years) never comes; ``float("inf")`` is the usual one."""

# Cancelled timers stay in the heap until they surface; beyond this number, and when they are the
# majority, the heap is rebuilt without them. The figures are asyncio's.
_MIN_CANCELLED_TO_REBUILD = 100


class VirtualTime:
    """Keep virtual time.

    Time is a whole number of nanoseconds, `now_ns`. What asyncio reads is `reading`, in seconds:
    the float nearest to `now_ns`, or a little above it, because it keeps two promises that a
    quotient of integers cannot keep.

    1. When a timer fires, ``reading >= when`` in floats. ``0.1 + 0.2`` is due at 300,000,000 ns,
       and 0.3 is less than ``0.1 + 0.2``; so the reading is the deadline itself then. Without it
       ``while time() < deadline: await sleep(deadline - time())`` would see its deadline missed,
       or every deadline would have to be rounded up to a crooked nanosecond.
    2. Every move makes the reading grow, and a timer that is set for a moment which is not in the
       future is due one nanosecond from now. So code that sets ``call_at(deadline)`` again while
       ``time() <= deadline`` (aiohttp issue 10149) passes its deadline the second time. A clock
       that stood still would let it spin at one instant for ever.
    """

    __slots__ = ("now_ns", "reading")

    def __init__(self) -> None:
        self.now_ns = 0
        self.reading = 0.0

    def nearest_ns(self, when: float) -> int:
        """Return the nanosecond of a deadline; for one that has passed, the present one."""
        # Far from zero, floats are coarser than nanoseconds and the reading runs ahead of `now_ns`:
        # a deadline below it would seem to be still to come. And minus infinity, which is past as
        # well, has no nanosecond (test_the_past_is_due_at_once).
        if when < self.reading:
            return self.now_ns
        return NEVER_NS if when * NANOSECONDS >= NEVER_NS else round(when * NANOSECONDS)

    def move_to(self, now_ns: int, deadlines: Iterable[float] = ()) -> None:
        """Move to a later moment, at which these deadlines come."""
        least = math.nextafter(self.reading, math.inf)
        self.now_ns = now_ns
        self.reading = max(now_ns / NANOSECONDS, least, *deadlines)


class VirtualClock(VirtualTime):
    """Keep virtual time, and fire the timers that come due when it is moved."""

    __slots__ = ("_cancelled", "_created", "_heap", "overdue")

    def __init__(self) -> None:
        super().__init__()
        self.overdue = False
        self._heap: list[tuple[int, float, int, asyncio.TimerHandle]] = []
        self._created = 0
        self._cancelled = 0

    def __len__(self) -> int:
        return len(self._heap) - self._cancelled

    def add(self, timer: asyncio.TimerHandle) -> None:
        """Arm a timer; `overdue` tells that one was set for a moment that has already come."""
        when = timer.when()
        due_ns = self.nearest_ns(when)
        if due_ns <= self.now_ns:
            due_ns = self.now_ns + 1
            self.overdue = True
        self._created += 1
        # asyncio's own mark of an armed timer. `TimerHandle.cancel` tells the loop of every timer,
        # also of one that has fired, which must not be counted.
        timer._scheduled = True  # type: ignore[attr-defined]
        # Creation comes last: a real clock moves between two calls of `call_later` with one delay,
        # so the one that was set first is due first. asyncio's heap alone does not keep that order
        # (test_without_numbers_asyncio_fires_them_in_the_order_of_its_heap).
        heappush(self._heap, (due_ns, when, self._created, timer))

    def note_cancelled(self, timer: asyncio.TimerHandle) -> None:
        """Count a timer that was cancelled while it was armed."""
        if not timer._scheduled:  # type: ignore[attr-defined]
            return
        self._cancelled += 1
        if self._cancelled > max(_MIN_CANCELLED_TO_REBUILD, len(self._heap) // 2):
            # The timer tells us before it notes its own cancellation.
            self._heap = [
                entry for entry in self._heap if entry[3] is not timer and not entry[3].cancelled()
            ]
            heapify(self._heap)
            self._cancelled = 0

    def next_due_ns(self) -> int | None:
        """Return when the next timer is due, or None if none will ever be."""
        heap = self._heap
        while heap and heap[0][3].cancelled():
            heappop(heap)[3]._scheduled = False  # type: ignore[attr-defined]
            self._cancelled -= 1
        if not heap or heap[0][0] >= NEVER_NS:
            return None
        return heap[0][0]

    def next_is_overdue(self) -> bool:
        """Tell whether the moment of the next timer has come; there must be a next timer."""
        return self.nearest_ns(self._heap[0][1]) <= self.now_ns

    def advance_to(self, due_ns: int) -> list[asyncio.TimerHandle]:
        """Move to `due_ns` and return what fires there, by deadline, then by creation."""
        heap = self._heap
        fired = []
        while heap and heap[0][0] <= due_ns:
            timer = heappop(heap)[3]
            timer._scheduled = False  # type: ignore[attr-defined]
            if timer.cancelled():
                self._cancelled -= 1
                continue
            fired.append(timer)
        self.move_to(due_ns, [float(timer.when()) for timer in fired])
        self.overdue = False
        return fired

    def go_halfway(self) -> None:
        """Move halfway to the next timer, where nothing fires; without a timer, stay."""
        due_ns = self.next_due_ns()
        if due_ns is not None and due_ns - self.now_ns > 1:
            self.advance_to((self.now_ns + due_ns) // 2)

    def armed(self) -> list[asyncio.TimerHandle]:
        """Return the timers that are still to fire, by deadline, then by creation."""
        # The heap is in order at its head only.
        return [entry[3] for entry in sorted(self._heap) if not entry[3].cancelled()]

    def clear(self) -> None:
        """Drop every timer."""
        self._heap.clear()
        self._cancelled = 0
        self.overdue = False

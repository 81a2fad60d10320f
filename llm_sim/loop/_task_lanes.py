"""Lanes: the ready queue as a picker sees it.

asyncio promises that callbacks run in the order in which they were scheduled. What it does not
promise is which of two tasks goes on first. So the entries of one task are a lane, everything else
(callbacks, timers, what futures call that is no task) is one shared lane, and a lane is never
reordered in itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from llm_sim.loop._numbered_tasks import TASK_STEP, TASK_WAKEUP, SimTask
from llm_sim.loop._scheduling import Entry

_SHARED: Final = 0

Picker = Callable[[Sequence[int]], int]
"""Chooses who runs next.

It is given the lanes that are ready, those with the older entry first, and returns the place of one
in that sequence. A lane is a task's creation number, which is the same in every process, or 0 for
the shared lane. A task that a task factory of the program made has no number and is in that lane.
It is asked before every callback, also where one lane alone is ready.
"""


def bring_forward(ready: deque[Entry], pick: Picker) -> None:
    """Move the oldest entry of the lane that a picker chooses to the head of the ready queue.

    Args:
        ready: The ready queue, with an entry at its head that is not cancelled.
        pick: The picker.

    Raises:
        IndexError: The picker chose a lane that is not there.
    """
    heads: dict[int, int] = {}
    for place, entry in enumerate(ready):
        if isinstance(entry, tuple) or not entry.cancelled():
            # Only the oldest entry of a lane is on offer: `Queue`, `Lock` and `wait_for` rest on
            # the order within a task.
            heads.setdefault(_lane_of(entry), place)
    place = list(heads.values())[pick(tuple(heads))]
    if place:
        chosen = ready[place]
        del ready[place]
        ready.appendleft(chosen)


def _lane_of(entry: Entry) -> int:
    callback: Any = (
        entry[0] if isinstance(entry, tuple) else entry._callback  # type: ignore[attr-defined]
    )
    # `loop.call_soon(task.cancel)` is a user's callback, though a method of a task.
    if type(callback) is TASK_STEP or getattr(callback, "__name__", "") == TASK_WAKEUP:
        owner = getattr(callback, "__self__", None)
        if isinstance(owner, SimTask):
            return owner.number
    return _SHARED

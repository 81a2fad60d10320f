"""Find steps before and after which an event from outside makes no difference."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from llm_sim.loop._instruments import Instrument


class QuietSteps(Instrument):
    """Find the steps of a run before and after which an outside event makes the same run.

    `steps` holds each step *n* of which this is proved: an event that joins when *n - 1* steps are
    done (`call_at_step`) and one that joins when *n* are done lead to the same state of the loop,
    and so to the same run, step by step. It holds for an event that runs in the end; one that is
    still waiting when the run is stopped or cut may wait in the queue or before it.

    The proof: let the ready queue be ``a, rest`` when *n - 1* steps are done. An event ``E`` that
    joins here makes it ``a, rest, E``, and step *n*, which runs ``a`` and appends nothing, leaves
    ``rest, E``. An event that joins a step later finds ``rest`` and makes it ``rest, E``. Nor does
    anything else differ, if step *n*

    1. is a callback. A jump of the clock appends what has come due.
    2. appends nothing: the entry at the end of the queue is the same object when the next step, a
       callback too, begins. A count would not do, since cancelled handles leave the queue without
       a step. An outside event that joins right behind step *n* is excluded as well: ``E`` would
       come before it or after it.
    3. is not alone in the queue. The queue would be empty behind it, and ``E`` would come halfway
       to the next timer.
    4. has no outside event that joined right before it. Whether ``E`` would come before or after
       that one depends on which of them was armed first.
    5. runs the entry that was second in the queue and in the same iteration when the step before
       began. In front of the first entry of an iteration ``E`` would belong to the iteration, and
       behind it to the next one; and where an iteration ends, `stop` takes effect and a timer that
       was set for a moment in the past comes due. In the middle ``E`` comes behind it either way.

    The callback itself sees no difference: what it can ask the loop for is the same.
    """

    def __init__(self) -> None:
        self.steps: set[int] = set()
        self._tail: object = None
        self._next: object = None
        self._joined = 0

    def on_step(self, step: int, time_ns: int, callback: Callable[..., object]) -> None:
        """Compare the ends of the queue with what they were a step ago."""
        # Only the machine calls this, and its loop is the one that runs.
        loop: Any = asyncio.get_running_loop()
        ready = loop._ready
        if ready[-1] is self._tail:
            self.steps.add(step - 1)
        joined = loop._outside_created - len(loop._outside)
        follows = ready[0] is self._next and joined == self._joined
        # Neither is kept alive by this: both wait in the queue, and are let go before they run.
        self._tail = ready[-1] if follows and len(ready) > 1 else None
        in_this_iteration = loop._batch + loop._stretch.__length_hint__()
        self._next = ready[1] if in_this_iteration else None
        self._joined = joined

    def on_jump(self, step: int, from_ns: int, to_ns: int) -> None:
        """Begin anew: the next step is the first of an iteration."""
        self._tail = self._next = None

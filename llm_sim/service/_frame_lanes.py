"""The two lanes of a frame processor: which frame is processed when, and which is dropped.

System frames have a lane of their own and overtake the data and control frames that were queued
before them. They are never overtaken: a data frame waits until every system frame that was queued
before it is done. So a frame that follows an interruption at one hop follows it at every hop, and
an interruption drops what was queued before it and nothing else: the user's next words, which may
be queued while the interruption is still being handled, are not lost.

Each lane can be paused. A pause holds what is queued, and nothing that ends: a cancel frame lifts
the pause of the system lane, and an interruption that of the data lane.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from llm_sim.frames import (
    CancelFrame,
    ControlFrame,
    EndFrame,
    Frame,
    FrameDirection,
    FrameProcessorPauseFrame,
    FrameProcessorPauseUrgentFrame,
    FrameProcessorResumeFrame,
    FrameProcessorResumeUrgentFrame,
    InterruptionFrame,
    StartFrame,
    SystemFrame,
)
from llm_sim.service._task_owner import still_running

if TYPE_CHECKING:
    from llm_sim.service._processor import FrameProcessor

FrameCallback = Callable[["FrameProcessor", Frame, FrameDirection], Awaitable[None]]

_DOWNSTREAM = FrameDirection.DOWNSTREAM
_URGENT_STEERING = (FrameProcessorPauseUrgentFrame, FrameProcessorResumeUrgentFrame)
_Steering = (
    FrameProcessorPauseFrame
    | FrameProcessorPauseUrgentFrame
    | FrameProcessorResumeFrame
    | FrameProcessorResumeUrgentFrame
)


class Lanes:
    """Queue the frames of one processor and process them, one at a time in each lane.

    Args:
        owner: The processor.

    Attributes:
        ended: An end frame went through: data and control frames are neither accepted nor let out.
            System frames still pass, so that a cancel can overtake an end that waits further down.
        closed: Cancelled or cleaned up: nothing is accepted.
        silent: Nothing is let out.
        guarded: A cheap summary for the hot path: whether `lets_out` has to be asked.
        data_paused: Data and control frames are held.
        system_paused: System frames are held, and the data frames that were queued behind them.
    """

    __slots__ = (
        "_current",
        "_data",
        "_data_task",
        "_data_waiter",
        "_leaving",
        "_owner",
        "_system",
        "_system_done",
        "_system_put",
        "_system_task",
        "_system_waiter",
        "closed",
        "data_paused",
        "ended",
        "guarded",
        "silent",
        "system_paused",
    )

    def __init__(self, owner: FrameProcessor) -> None:
        self._owner = owner
        self._system: deque[tuple[Frame, FrameDirection, FrameCallback | None]] = deque()
        self._data: deque[tuple[int, Frame, FrameDirection, FrameCallback | None]] = deque()
        self._system_put = 0
        self._system_done = 0
        self._system_waiter: asyncio.Future[None] | None = None
        self._data_waiter: asyncio.Future[None] | None = None
        self._system_task: asyncio.Task[None] | None = None
        self._data_task: asyncio.Task[None] | None = None
        # Cancelled data tasks that have not ended; True once one is left behind.
        self._leaving: dict[asyncio.Task[None], bool] = {}
        self._current: Frame | None = None
        self.ended = False
        self.closed = False
        self.silent = False
        self.guarded = False
        self.data_paused = False
        self.system_paused = False

    def put(
        self, frame: Frame, direction: FrameDirection, callback: FrameCallback | None = None
    ) -> None:
        """Queue a frame; nothing is processed before the first start frame has come."""
        if self.closed:
            return
        if not isinstance(frame, SystemFrame):
            if not self.ended:
                self._data.append((self._system_put, frame, direction, callback))
                # At once. In the queue it would wait behind the pause that it is to end, as it did
                # in the reference text (LS301, LS304).
                if self.data_paused and isinstance(frame, FrameProcessorResumeFrame):
                    self._steer(frame)
                _wake(self._data_waiter)
        elif self._system_task is None and isinstance(frame, StartFrame):
            self._system.appendleft((frame, direction, callback))
            self._system_task = self._spawn(self._run_system(), "system")
        else:
            self._system_put += 1
            self._system.append((frame, direction, callback))
            if self.system_paused and isinstance(frame, CancelFrame):
                self.system_paused = False
            _wake(self._system_waiter)

    def resume_data(self) -> None:
        """Let data and control frames go on."""
        self.data_paused = False
        _wake(self._data_waiter)

    def resume_system(self) -> None:
        """Let system frames go on."""
        self.system_paused = False
        _wake(self._system_waiter)

    def lets_out(self, frame: Frame) -> bool:
        """Return whether the current task may still push this frame."""
        if self.silent or (self.ended and not isinstance(frame, SystemFrame)):
            return False
        # A task that is left behind runs on beside the one that replaced it. What it pushes belongs
        # to a response that was interrupted (LS202).
        return not self.left_behind()

    def left_behind(self) -> bool:
        """Return whether the current task is a data task that ignored its cancellation."""
        if not self._leaving:
            return False
        task: asyncio.Task[Any] | None = asyncio.current_task()
        return task is not None and self._leaving.get(task, False)

    async def close(self) -> None:
        """Stop both lanes within the bound and drop what is queued; closing twice is no mistake."""
        self._refuse_everything()
        current = asyncio.current_task()
        tasks = [
            task
            for task in (self._system_task, self._data_task)
            # A processor may be cleaned up from one of its own lanes.
            if task is not None and task is not current and not task.done()
        ]
        self._system_task = self._data_task = self._current = None
        for task in tasks:
            task.cancel()
        waiting = [*tasks, *(task for task, left in self._leaving.items() if not left)]
        await self._report_left_behind(await still_running(waiting, self._bound))
        # Set last: what the lanes' tasks push in their `finally` is still let out.
        self.silent = True

    @property
    def _bound(self) -> float:
        return self._owner._cancel_timeout_secs

    def _spawn(self, coroutine: Any, lane: str) -> asyncio.Task[None]:
        name = f"{self._owner.name}::{lane}"
        return asyncio.get_running_loop().create_task(coroutine, name=name)

    async def _run_system(self) -> None:
        process = self._owner._process
        await process(*self._system.popleft())
        if not self.closed:
            self._data_task = self._spawn(self._run_data(), "data")
        while not self.closed:
            if not self._system or self.system_paused:
                self._system_waiter = asyncio.get_running_loop().create_future()
                await self._system_waiter
                continue
            frame, direction, callback = self._system.popleft()
            if isinstance(frame, InterruptionFrame):
                # Before `process_frame` is called, which promises its subclasses that what was
                # interrupted is gone by then.
                await self._interrupt()
            elif isinstance(frame, CancelFrame) and direction is _DOWNSTREAM:
                self._refuse_everything()
                await self._stop_data_task()
            elif isinstance(frame, _URGENT_STEERING):
                self._steer(frame)
            await process(frame, direction, callback)
            self._system_done += 1
            _wake(self._data_waiter)
        self.silent = True

    async def _run_data(self) -> None:
        owner = self._owner
        me = asyncio.current_task()
        while True:
            if self.data_paused or not self._data or self._data[0][0] > self._system_done:
                self._data_waiter = asyncio.get_running_loop().create_future()
                await self._data_waiter
                continue
            _, frame, direction, callback = self._data.popleft()
            if owner._holds(frame, direction):
                continue
            self._current = frame
            await owner._process(frame, direction, callback)
            # A process_frame that swallows its cancellation comes back here, in a task that has
            # been replaced.
            if self._data_task is not me:
                return
            self._current = None
            if isinstance(frame, ControlFrame):
                # After it was processed: `ended` set earlier would not let the end frame itself
                # out.
                if isinstance(frame, EndFrame) and direction is _DOWNSTREAM:
                    self.ended = self.guarded = True
                    self._data.clear()
                    return
                if isinstance(frame, FrameProcessorPauseFrame):
                    self._steer(frame)

    def _steer(self, frame: _Steering) -> None:
        """Pause or resume the data lane, if the frame is meant for this processor."""
        if frame.processor is not self._owner:
            return
        if isinstance(frame, (FrameProcessorPauseFrame, FrameProcessorPauseUrgentFrame)):
            self.data_paused = True
        else:
            self.resume_data()

    async def _interrupt(self) -> None:
        # What the pause was for is gone with the interrupted frames, and whoever would have resumed
        # may be gone with it: a frame that no interruption drops would wait for ever.
        self.resume_data()
        # What was queued behind this interruption is not interrupted by it: the user's next words
        # may be there already. What no interruption drops includes the end frame; Pipecat up to
        # 0.0.101 dropped it, and hung (#3524, LS301).
        done = self._system_done
        if self._data:
            self._data = deque(
                entry for entry in self._data if entry[0] > done or not entry[1].interruptible
            )
        # A frame that no interruption drops is not cut short either (LS203,
        # test_an_interruption_lets_an_uninterruptible_frame_finish).
        if self._current is not None and self._current.interruptible:
            await self._stop_data_task()
            if not self.closed:
                self._data_task = self._spawn(self._run_data(), "data")

    async def _stop_data_task(self) -> None:
        task = self._data_task
        self._data_task = self._current = None
        if task is None or task.done():
            return
        self._leaving[task] = False
        task.add_done_callback(self._left)
        task.cancel()
        # The interruption itself waits here, so the wait is bounded (LS207).
        await self._report_left_behind(await still_running([task], self._bound))

    async def _report_left_behind(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            self._leaving[task] = self.guarded = True
            await self._owner._report(
                f"{self._owner}: {task.get_name()!r} did not end within {self._bound} s of its "
                "cancellation and is left behind; a process_frame swallows CancelledError"
            )

    def _left(self, task: asyncio.Task[None]) -> None:
        self._leaving.pop(task, None)

    def _refuse_everything(self) -> None:
        self.closed = self.guarded = True
        self._system.clear()
        self._data.clear()


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)

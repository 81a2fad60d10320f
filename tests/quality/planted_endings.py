"""Races of queues and of endings: each class plants one, and its docstring says which."""

from __future__ import annotations

import asyncio
from collections import deque

from llm_sim.frames import EndFrame, LLMContextFrame
from llm_sim.service._frame_lanes import Lanes
from llm_sim.targets.reference import ScriptedLLMService


class ParallelCallsRunOn(ScriptedLLMService):
    """An end stops the sequential runner and nothing else."""

    async def _end_calls(self) -> None:
        if self._sequential_runner_task is not None:
            await self.cancel_task(self._sequential_runner_task)


class QueuedCallsAreForgottenAtTheEnd(ScriptedLLMService):
    """An end empties the queue of calls without settling them."""

    async def _end_calls(self) -> None:
        for call in self._queue:
            self._calls.pop(call.tool_call_id, None)
        await super()._end_calls()


class EndWaitsForTheCalls(ScriptedLLMService):
    """An end stops the runner, and then waits for the queued calls to settle by themselves."""

    async def _end_calls(self) -> None:
        if self._sequential_runner_task is not None:
            await self.cancel_task(self._sequential_runner_task)
        while self._calls:  # noqa: ASYNC110 - polling is the fault
            await asyncio.sleep(1)


class EndIsDropped(Lanes):
    """An interruption drops an end frame that waits its turn."""

    async def _interrupt(self) -> None:
        self._data = deque(entry for entry in self._data if not isinstance(entry[1], EndFrame))
        await super()._interrupt()


class EverythingQueuedIsDropped(Lanes):
    """An interruption drops every frame that is queued, results among them."""

    async def _interrupt(self) -> None:
        self._data.clear()
        await super()._interrupt()


class NothingQueuedIsDropped(Lanes):
    """An interruption drops the frame in process, and what is queued behind it passes."""

    async def _interrupt(self) -> None:
        queued = self._data
        self._data = deque()
        await super()._interrupt()
        self._data = queued


class SurvivorsChangeTheirOrder(Lanes):
    """What survives an interruption is put back into the queue the wrong way round."""

    async def _interrupt(self) -> None:
        await super()._interrupt()
        self._data.reverse()


class InterruptedModelTalksOn(Lanes):
    """An interruption does not stop the response that is being generated."""

    async def _interrupt(self) -> None:
        generating = isinstance(self._current, LLMContextFrame)
        current, self._current = self._current, None if generating else self._current
        await super()._interrupt()
        if generating:
            self._current = current

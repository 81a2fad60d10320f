"""Races of interruptions with calls: each class plants one, and its docstring says which."""

from __future__ import annotations

import asyncio

from llm_sim.frames import FunctionCallCancelFrame, InterruptionFrame
from llm_sim.service import OngoingCall
from llm_sim.targets.reference import ScriptedLLMService


class RunnerDiesWithItsCall(ScriptedLLMService):
    """The sequential runner awaits the handler's task, and is cancelled with it."""

    async def _run_queued_calls(self) -> None:
        while True:
            while self._queue:
                call = self._queue.popleft()
                self._start_call(call)
                if call.task is not None:
                    await call.task
            self._queued.clear()
            await self._queued.wait()


class RunnerLosesPatience(ScriptedLLMService):
    """The sequential runner starts the next call when one has run for 60 ms."""

    async def _run_queued_calls(self) -> None:
        while True:
            while self._queue:
                call = self._queue.popleft()
                self._start_call(call)
                if call.task is not None:
                    await asyncio.wait([call.task], timeout=0.06)
            self._queued.clear()
            await self._queued.wait()


class QueuedCallsSurvive(ScriptedLLMService):
    """An interruption cancels what runs, and overlooks what is queued behind it."""

    def _calls_to_interrupt(self) -> list[OngoingCall]:
        return [call for call in super()._calls_to_interrupt() if call.task is not None]


class CancelsWhatIsRegisteredNow(ScriptedLLMService):
    """An interruption cancels by the registrations of its own moment, not of the call's."""

    def _calls_to_interrupt(self) -> list[OngoingCall]:
        names = [name for name, item in self._functions.items() if item.cancel_on_interruption]
        return [
            call for call in self._calls.values() if call.item.registry_item.function_name in names
        ]


class CancelsByTheNameOfTheCall(ScriptedLLMService):
    """An interruption looks calls up by their own names, under which a catch-all is not found."""

    def _calls_to_interrupt(self) -> list[OngoingCall]:
        return [
            call
            for call in super()._calls_to_interrupt()
            if call.item.function_name in self._functions
        ]


class CancelsEverything(ScriptedLLMService):
    """An interruption cancels every call, whatever its registration says."""

    def _calls_to_interrupt(self) -> list[OngoingCall]:
        return list(self._calls.values())


class CancelsWhatIsSettled(ScriptedLLMService):
    """An interruption cancels every handler that runs, also one that has answered."""

    def _calls_to_interrupt(self) -> list[OngoingCall]:
        return list(self._handlers.values())

    async def _cancel_call(self, call: OngoingCall) -> None:
        self._settle(call)
        self._cancel_handler(call)
        await self.broadcast_frame(FunctionCallCancelFrame, **call.frame_fields())


class WaitsForTheHandler(ScriptedLLMService):
    """An interruption waits until the handler that it has cancelled is through with it."""

    async def _handle_interruptions(self, frame: InterruptionFrame) -> None:
        for call in self._calls_to_interrupt():
            if call.task is not None:
                self._cancel_handler(call)
                await asyncio.wait([call.task])
            await self._cancel_call(call)


class CancelsAgain(ScriptedLLMService):
    """A handler that still cleans up is cancelled again, and its cleanup is cut short."""

    def _cancel_handler(self, call: OngoingCall) -> None:
        if call.task is not None and not call.task.done():
            call.cancelled = True
            call.task.cancel()


class ChangesWhatItLoopsOver(ScriptedLLMService):
    """An interruption loops over the handlers while they end: the dictionary changes size."""

    async def _handle_interruptions(self, frame: InterruptionFrame) -> None:
        for task, call in self._handlers.items():
            if call.item.registry_item.cancel_on_interruption:
                await self._cancel_call(call)
                await asyncio.wait([task])


class InterruptsLater(ScriptedLLMService):
    """An interruption is carried out 50 ms later, on whatever runs by then."""

    async def _handle_interruptions(self, frame: InterruptionFrame) -> None:
        self.create_task(self._interrupt_later(frame))

    async def _interrupt_later(self, frame: InterruptionFrame) -> None:
        await asyncio.sleep(0.05)
        await super()._handle_interruptions(frame)


class ForgetsItsHandlersTwice(ScriptedLLMService):
    """A cancelled call is taken off the list of handlers, and once more when its handler ends."""

    async def _cancel_call(self, call: OngoingCall) -> None:
        await super()._cancel_call(call)
        if call.task is not None:
            self._handlers.pop(call.task, None)

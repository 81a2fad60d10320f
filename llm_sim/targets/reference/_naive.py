"""A service with races that were in the field in 2025, planted on the reference core.

It shows what the harness finds, without a Pipecat installed: the demo and the quality tests sweep
it. Nothing in the harness knows what is planted here.
"""

from __future__ import annotations

from llm_sim.service import LLMService, OngoingCall


class NaiveLLMService(LLMService):
    """Believes that whatever runs is all there is, and that nobody cancels what it awaits."""

    def _calls_to_interrupt(self) -> list[OngoingCall]:
        """Overlook the queued calls: only what runs is cancelled."""
        return [call for call in super()._calls_to_interrupt() if call.task is not None]

    async def _run_queued_calls(self) -> None:
        """Await each handler's task itself, so that its cancellation is the runner's death."""
        while True:
            while self._queue:
                call = self._queue.popleft()
                self._start_call(call)
                if call.task is not None:
                    await call.task
            self._queued.clear()
            await self._queued.wait()

"""What the generations of Pipecat share: an LLM service with a script, and a stand-in for a TTS."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import pipecat.frames.frames as pipecat_frames
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings

from llm_sim.targets._scripted import HeldText, ScriptedService
from llm_sim.targets._shape import attribute


class ScriptedPipecatLLMService(ScriptedService, LLMService):  # type: ignore[misc]
    """Pipecat's own service with a script for a model.

    Args:
        parallel: Whether the calls of one turn run in parallel.
    """

    frames = pipecat_frames
    upstream = FrameDirection.UPSTREAM

    def __init__(self, *, parallel: bool) -> None:
        # By its name, not by that of this class, it is known in Pipecat's log and so in traces.
        super().__init__(name="ScriptedLLMService", run_in_parallel=parallel, settings=_settings())
        self._sim_parallel = parallel
        self._sim_started = False

    async def start(self, frame: Any) -> None:
        """Start, and with it make what sequential mode needs."""
        await super().start(frame)
        self._sim_started = True

    def register_direct_function(self, handler: Any, **options: Any) -> None:
        """Register a function that takes its arguments by name, watched."""
        super().register_direct_function(handler, **options)
        name = handler.__name__
        direct = attribute(self, "_functions")[name].handler
        invoke = attribute(direct, "invoke")

        async def handle(params: Any) -> None:
            await invoke(args=params.arguments, params=params)

        again = partial(self.register_direct_function, handler, **options)
        seen = self.taken_up(name, handle, again)
        direct.invoke = lambda args, params: seen(params)
        self.tell_registered(name)

    def calls_in_flight(self) -> dict[str, str]:
        """Return which calls are queued, and which run."""
        running = attribute(self, "_function_call_tasks").values()
        return {item.tool_call_id: "queued" for item in self._sim_queued()} | {
            item.tool_call_id: "running" for item in running
        }

    def _sim_queued(self) -> Iterable[Any]:
        if self._sim_parallel or not self._sim_started:  # there is no queue then
            return ()
        queue = attribute(self, "_sequential_runner_queue")
        return list(attribute(queue, "_queue"))


class PipecatPlayout(HeldText, FrameProcessor):  # type: ignore[misc]
    """Stands in for a TTS."""

    frames = pipecat_frames


def _settings() -> LLMSettings:
    """Return settings with every field given, so that the service has nothing to complain of."""
    names = [name for name in attribute(LLMSettings, "__dataclass_fields__") if name[0] != "_"]
    return LLMSettings(
        **{**dict.fromkeys(names), "extra": {}, "filter_incomplete_user_turns": False}
    )

"""Pipecat 1.3 and later: a PipelineWorker run by a WorkerRunner.

The pipeline is the one that users run, from the bot with its LLM service through whatever speaks
to the assistant aggregator, under the worker and the runner that they use. Left out is what polls
or brings the real world in: transports, voice activity and turn detection, idle timers, tracing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import pipecat.frames.frames as pipecat_frames
from pipecat.frames.frames import EndFrame, LLMContextFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMAssistantAggregator
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings
from pipecat.workers.runner import WorkerRunner

from llm_sim.targets._port import Session, Views
from llm_sim.targets._scripted import HeldText, ScriptedService, inner_stations, with_ends
from llm_sim.targets._shape import attribute
from llm_sim.targets.pipecat._worker_rig import WorkerRig

if TYPE_CHECKING:
    from llm_sim.targets._port import Plan

__all__ = ["WorkerRig", "open_session"]


class ScriptedLLMService(ScriptedService, LLMService):  # type: ignore[misc]
    """Pipecat's own service with a script for a model."""

    frames = pipecat_frames
    upstream = FrameDirection.UPSTREAM
    started = False

    async def start(self, frame: Any) -> None:
        """Start, and with it make what sequential mode needs."""
        await super().start(frame)
        self.started = True

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


class Playout(HeldText, FrameProcessor):  # type: ignore[misc]
    """Stands in for a TTS."""

    frames = pipecat_frames


def _settings() -> LLMSettings:
    """Return settings with every field given, so that the service has nothing to complain of."""
    names = [name for name in attribute(LLMSettings, "__dataclass_fields__") if name[0] != "_"]
    return LLMSettings(
        **{**dict.fromkeys(names), "extra": {}, "filter_incomplete_user_turns": False}
    )


class WorkerSession(Session):
    """One live pipeline under a worker and a runner.

    Args:
        plan: What to build.
    """

    target = "pipecat"
    frames = pipecat_frames

    def __init__(self, plan: Plan) -> None:
        self._parallel = plan.scenario.mode == "parallel"
        self._context = LLMContext()
        self._assistant = LLMAssistantAggregator(self._context)
        self.llm = self._llm = ScriptedLLMService(
            run_in_parallel=self._parallel, settings=_settings()
        )
        self._llm.script(plan)
        inner = inner_stations(plan, llm=self._llm, playout=Playout, assistant=self._assistant)
        self._pipeline = Pipeline([station.processor for station in inner])
        self._worker = PipelineWorker(
            self._pipeline,
            name="worker",
            cancel_on_idle_timeout=False,
            idle_timeout_secs=None,
            enable_rtvi=False,
            enable_turn_tracking=False,
        )
        ends = attribute(self._pipeline, "processors")
        self.stations = with_ends(ends[0], inner, ends[-1])

    async def run(self) -> None:
        """Run under a runner, as an application does, until the worker has finished."""
        runner = WorkerRunner(name="runner", handle_sigint=False)
        await runner.add_workers(self._worker)
        await runner.run()

    async def queue(self, frame: Any) -> None:
        """Queue a frame in the pipeline itself, as Pipecat's worker does with an interruption.

        The worker's own push queue stands still while an EndFrame is on its way.
        """
        await self._pipeline.queue_frame(frame)

    async def end(self) -> None:
        """Let the pipeline end when everything before has gone through it."""
        await self._worker.queue_frame(EndFrame())

    async def cancel(self) -> None:
        """Cancel the worker."""
        await self._worker.cancel()

    async def say(self, text: str) -> None:
        """Do what a user aggregator does at the end of a turn.

        Pipecat's own polls its turn detectors for ever, so that a run with it never comes to rest.
        """
        self._context.add_message({"role": "user", "content": text})
        await self.queue(LLMContextFrame(self._context))

    def views(self) -> Views:
        """Return the three views of each call."""
        running = attribute(self._llm, "_function_call_tasks").values()
        opened = attribute(self._assistant, "_function_calls_in_progress")
        return Views.of(
            {item.tool_call_id: "queued" for item in self._queued()}
            | {item.tool_call_id: "running" for item in running},
            {call: "started" if frame is None else "in_progress" for call, frame in opened.items()},
            attribute(self._context, "messages"),
        )

    def _queued(self) -> Iterable[Any]:
        if self._parallel or not self._llm.started:  # only then there is a queue
            return ()
        queue = attribute(self._llm, "_sequential_runner_queue")
        return list(attribute(queue, "_queue"))


def open_session(plan: Plan) -> WorkerSession:
    """Build a fresh pipeline; called inside the loop that will run it."""
    return WorkerSession(plan)

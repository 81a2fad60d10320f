"""Pipecat 1.3 and later: a PipelineWorker run by a WorkerRunner.

The pipeline is the one that users run, from the bot with its LLM service through whatever speaks
to the assistant aggregator, under the worker and the runner that they use. Left out is what polls
or brings the real world in: transports, voice activity and turn detection, idle timers, tracing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pipecat.frames.frames as pipecat_frames
from pipecat.frames.frames import (
    EndFrame,
    InterruptionFrame,
    LLMContextFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMAssistantAggregator
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings
from pipecat.workers.runner import WorkerRunner

from llm_sim.targets._context import view_of
from llm_sim.targets._port import Views
from llm_sim.targets._scripted import HeldText, ScriptedService, inner_stations, with_ends
from llm_sim.targets._shape import attribute
from llm_sim.targets._tools import build_bot
from llm_sim.targets.pipecat._worker_rig import WorkerRig

if TYPE_CHECKING:
    from llm_sim.scenario import Stimulus
    from llm_sim.targets._port import Plan

__all__ = ["WorkerRig", "open_session"]


class ScriptedLLMService(ScriptedService, LLMService):  # type: ignore[misc]
    """Pipecat's own service with a script for a model."""

    frames = pipecat_frames
    upstream = FrameDirection.UPSTREAM

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


class WorkerSession:
    """One live pipeline under a worker and a runner.

    Args:
        plan: What to build.
    """

    def __init__(self, plan: Plan) -> None:
        scenario = plan.scenario
        self._context = LLMContext()
        self._llm = ScriptedLLMService(
            run_in_parallel=scenario.mode == "parallel", settings=_settings()
        )
        self._llm.script(plan)
        self._assistant = LLMAssistantAggregator(self._context)
        bot = build_bot(plan, self._llm)
        inner = inner_stations(
            scenario, llm=self._llm, bot=bot, playout=Playout, assistant=self._assistant
        )
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

    async def inject(self, stimulus: Stimulus) -> None:
        """Bring a stimulus in at the source.

        An interruption goes straight into the pipeline, as Pipecat's worker does with one: its
        push queue stands still while an EndFrame is on its way.
        """
        match stimulus.kind:
            case "interrupt":
                await self._pipeline.queue_frame(InterruptionFrame())
            case "end":
                await self._worker.queue_frame(EndFrame())
            case "cancel":
                await self._worker.cancel()
            case "user_starts":
                await self._pipeline.queue_frame(UserStartedSpeakingFrame())
            case "user_stops":
                await self._pipeline.queue_frame(UserStoppedSpeakingFrame())
            case "error":
                await self._llm.report_error()
            case "register" | "unregister":
                self._llm.change_tools(stimulus.kind, stimulus.text)
            case "say":
                # What a user aggregator does at the end of a turn. Pipecat's own polls its turn
                # detectors for ever, so that a run with it never comes to rest.
                self._context.add_message({"role": "user", "content": stimulus.text})
                await self._pipeline.queue_frame(LLMContextFrame(self._context))

    def views(self) -> Views:
        """Return the three views of each call."""
        running = {
            item.tool_call_id: "running"
            for item in attribute(self._llm, "_function_call_tasks").values()
        }
        # Only sequential mode makes a queue, when the service is started.
        runner: Any = getattr(self._llm, "_sequential_runner_queue", None)
        queued = () if runner is None else attribute(runner, "_queue")
        opened = attribute(self._assistant, "_function_calls_in_progress")
        context = view_of(attribute(self._context, "messages"))
        return Views(
            service={item.tool_call_id: "queued" for item in queued} | running,
            aggregator={
                call: "started" if frame is None else "in_progress"
                for call, frame in opened.items()
            },
            context=context.calls,
            contents=context.contents,
            roles=context.roles,
            messages=context.messages,
        )


def open_session(plan: Plan) -> WorkerSession:
    """Build a fresh pipeline; called inside the loop that will run it."""
    return WorkerSession(plan)

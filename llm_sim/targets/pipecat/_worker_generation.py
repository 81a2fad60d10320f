"""Pipecat 1.3 and later: a PipelineWorker run by a WorkerRunner.

The pipeline is the one that users run, from the bot with its LLM service through whatever speaks
to the assistant aggregator, under the worker and the runner that they use. Left out is what polls
or brings the real world in: transports, voice activity and turn detection, idle timers, tracing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pipecat.frames.frames as pipecat_frames
from pipecat.frames.frames import EndFrame, LLMContextFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMAssistantAggregator
from pipecat.workers.runner import WorkerRunner

from llm_sim.targets._context import Views
from llm_sim.targets._port import Session
from llm_sim.targets._scripted import inner_stations, with_ends
from llm_sim.targets._shape import attribute
from llm_sim.targets.pipecat._service import PipecatPlayout, ScriptedPipecatLLMService
from llm_sim.targets.pipecat._worker_rig import WorkerRig

if TYPE_CHECKING:
    from llm_sim.targets._port import Plan

__all__ = ["WorkerRig", "open_session"]


class WorkerSession(Session):
    """One live pipeline under a worker and a runner.

    Args:
        plan: What to build.
    """

    target = "pipecat"
    frames = pipecat_frames

    def __init__(self, plan: Plan) -> None:
        self._context = LLMContext()
        self.llm = self._llm = ScriptedPipecatLLMService(parallel=plan.scenario.mode == "parallel")
        self._llm.script(plan)
        self._assistant = LLMAssistantAggregator(self._context)
        inner = inner_stations(
            plan, llm=self._llm, playout=PipecatPlayout, assistant=self._assistant
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
        opened = attribute(self._assistant, "_function_calls_in_progress")
        return Views.of(
            self._llm.calls_in_flight(),
            {call: "started" if frame is None else "in_progress" for call, frame in opened.items()},
            attribute(self._context, "messages"),
        )


def open_session(plan: Plan) -> WorkerSession:
    """Build a fresh pipeline; called inside the loop that will run it."""
    return WorkerSession(plan)

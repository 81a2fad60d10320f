"""The embedded core behind the port."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Final

from llm_sim import frames, service
from llm_sim.frames import FrameDirection
from llm_sim.targets._context import Views
from llm_sim.targets._port import Session, Station
from llm_sim.targets._releases import installed_release
from llm_sim.targets._scripted import HeldText, ScriptedService, inner_stations, with_ends
from llm_sim.targets.reference._logs import quiet
from llm_sim.targets.reference._naive import NaiveLLMService
from llm_sim.targets.reference._rig import ReferenceRig
from llm_sim.trace import USER

if TYPE_CHECKING:
    from llm_sim.targets._port import Plan
    from llm_sim.targets._rig import Rig, RigOptions

    _RealService = service.FrameProcessor
else:
    _RealService = object


class _AnyDirection(_RealService):
    """Takes Pipecat's words for the directions too: the handlers of a bot that ships use them."""

    def push_frame(
        self, frame: Any, direction: Any = FrameDirection.DOWNSTREAM
    ) -> Coroutine[Any, Any, None]:
        """Hand a frame to a neighbour."""
        return super().push_frame(frame, FrameDirection[direction.name])

    def queue_frame(
        self, frame: Any, direction: Any = FrameDirection.DOWNSTREAM, *rest: Any
    ) -> Coroutine[Any, Any, None]:
        """Queue a frame, as a neighbour does."""
        return super().queue_frame(frame, FrameDirection[direction.name], *rest)


class ScriptedLLMService(_AnyDirection, ScriptedService, service.LLMService):
    """The core's own service with a script for a model."""

    frames: ClassVar = frames
    upstream: ClassVar = FrameDirection.UPSTREAM


class ScriptedNaiveLLMService(_AnyDirection, ScriptedService, NaiveLLMService):
    """The naive service with a script for a model."""

    frames: ClassVar = frames
    upstream: ClassVar = FrameDirection.UPSTREAM


class Playout(HeldText, service.FrameProcessor):
    """Stands in for a TTS."""

    frames: ClassVar = frames


class ReferenceSession(Session):
    """One live pipeline.

    Args:
        plan: What to build.
        llm_class: The scripted service.
        target: The name of the target.
    """

    frames = frames

    def __init__(
        self,
        plan: Plan,
        llm_class: type[ScriptedLLMService | ScriptedNaiveLLMService],
        target: str,
    ) -> None:
        self.target = target
        self._context = service.LLMContext()
        self.llm = self._llm = llm_class(run_in_parallel=plan.scenario.mode == "parallel")
        self._llm.script(plan)
        pair = self._llm.create_context_aggregator(self._context)
        self._assistant = pair.assistant()
        inner = [
            Station(USER, pair.user()),
            *inner_stations(plan, llm=self._llm, playout=Playout, assistant=self._assistant),
        ]
        pipeline = service.Pipeline([station.processor for station in inner])
        self._task = service.PipelineTask(pipeline)
        self.stations = with_ends(pipeline.source, inner, pipeline.sink)

    async def run(self) -> None:
        """Run the pipeline until an end or a cancel has gone through it."""
        await service.PipelineRunner().run(self._task)

    async def queue(self, frame: Any) -> None:
        """Queue a frame at the source."""
        await self._task.queue_frame(frame)

    async def end(self) -> None:
        """Let the pipeline end when everything before has gone through it."""
        await self._task.stop_when_done()

    async def cancel(self) -> None:
        """Cancel the pipeline."""
        await self._task.cancel()

    async def say(self, text: str) -> None:
        """Let the user aggregator take what the user says into the context."""
        message = {"role": "user", "content": text}
        await self.queue(frames.LLMMessagesAppendFrame(messages=[message], run_llm=True))

    def views(self) -> Views:
        """Return the three views of each call."""
        return Views.of(
            self._llm.calls_in_flight(), self._assistant.calls_open(), self._context.messages
        )


class ReferenceTarget:
    """Runs bots on the embedded core.

    Args:
        name: The target's name.
        llm_class: The scripted service.
    """

    def __init__(
        self, name: str, llm_class: type[ScriptedLLMService | ScriptedNaiveLLMService]
    ) -> None:
        self.name = name
        self._llm_class = llm_class

    def version(self) -> str:
        """Return the version of this package."""
        return installed_release("llm_sim") or "(not installed)"

    def surroundings(self, report: Callable[[str], None]) -> AbstractContextManager[None]:
        """Keep the core's log quiet; its errors go out as frames."""
        del report
        return quiet()

    async def open(self, plan: Plan) -> Session:
        """Build a fresh pipeline."""
        return ReferenceSession(plan, self._llm_class, self.name)

    def rig(self, processor: service.FrameProcessor, options: RigOptions) -> Rig:
        """Build a pipeline of one processor."""
        return ReferenceRig(processor, options)


reference: Final = ReferenceTarget("reference", ScriptedLLMService)
naive: Final = ReferenceTarget("naive", ScriptedNaiveLLMService)

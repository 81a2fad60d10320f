"""The reference core with one part exchanged, as a target.

A planted part is a small subclass of the service, of the assistant aggregator or of the lanes of a
processor; everything around it is the reference core's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from llm_sim.frames import Frame, SystemFrame
from llm_sim.service import LLMAssistantAggregator, LLMContextAggregatorPair, OpenAILLMContext
from llm_sim.service._frame_lanes import Lanes
from llm_sim.targets.reference import ReferenceTarget, ScriptedLLMService

if TYPE_CHECKING:
    from llm_sim.targets import Plan, Session

_F = TypeVar("_F", bound=Frame)

Part = type[ScriptedLLMService] | type[LLMAssistantAggregator] | type[Lanes]
"""What can be exchanged."""


class ServiceWithAssistant(ScriptedLLMService):
    """The core's own service beside another assistant aggregator."""

    assistant_class: ClassVar[type[LLMAssistantAggregator]]

    def create_context_aggregator(
        self, context: OpenAILLMContext, **params: Any
    ) -> LLMContextAggregatorPair:
        pair = super().create_context_aggregator(context, **params)
        pair._assistant = self.assistant_class(context)
        return pair


def planted(part: Part) -> ReferenceTarget:
    """Return the reference core with a part in the place of its own."""
    if issubclass(part, ScriptedLLMService):
        return ReferenceTarget("planted", part)
    if issubclass(part, Lanes):
        return _TargetWithLanes(part)
    service = type("PlantedService", (ServiceWithAssistant,), {"assistant_class": part})
    return ReferenceTarget("planted", service)


def overtaking(frame_class: type[_F]) -> type[_F]:
    """Return a frame class of the same name whose frames are system frames."""
    return type(frame_class.__name__, (frame_class, SystemFrame), {"__slots__": ()})


def droppable(frame_class: type[_F]) -> type[_F]:
    """Return a frame class of the same name whose frames an interruption drops."""
    return type(frame_class.__name__, (frame_class,), {"__slots__": (), "interruptible": True})


class _TargetWithLanes(ReferenceTarget):
    """Gives every processor the planted lanes, before its first frame."""

    def __init__(self, lanes: type[Lanes]) -> None:
        super().__init__("planted", ScriptedLLMService)
        self._lanes = lanes

    async def open(self, plan: Plan) -> Session:
        session = await super().open(plan)
        for station in session.stations:
            station.processor._lanes = self._lanes(station.processor)
        return session

"""A port for one processor alone, between two ears."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Final, Protocol

from llm_sim.errors import UsageError

_TARGETS: Final = {
    "llm_sim.service._processor": "llm_sim.targets.reference:reference",
    "pipecat.processors.frame_processor": "llm_sim.targets.pipecat:pipecat",
}
"""Who builds a rig for which FrameProcessor, by the module that has the class."""


@dataclass(frozen=True, slots=True)
class RigOptions:
    """What Pipecat's pipelines take besides processors.

    Parameters:
        enable_rtvi: Whether the pipeline speaks RTVI.
        observers: Its observers.
        pipeline_params: Its parameters, or None for the defaults.
    """

    enable_rtvi: bool = False
    observers: Sequence[Any] = ()
    pipeline_params: Any = None


class Rig(Protocol):
    """A pipeline of one processor, built but not yet started."""

    frames: ClassVar[Any]
    """The module that has the frames of this core."""
    down: list[Any]
    """The frames that came out downstream, in the order of their arrival."""
    up: list[Any]
    """The frames that came out upstream."""
    started: asyncio.Event
    """Set when the start frame has come through."""

    async def run(self) -> None:
        """Run the pipeline until an end or a cancel has gone through it."""
        ...

    async def send(self, frame: Any, *, upstream: bool = False) -> None:
        """Queue a frame at the source; or at the sink, upstream."""
        ...


def open_rig(processor: object, options: RigOptions) -> Rig:
    """Build a pipeline of one processor; called inside the loop that will run it.

    Args:
        processor: The processor, whose class says which core it is of.
        options: What the pipeline gets besides.

    Raises:
        UsageError: It is no frame processor, or an option is one that its core does not have.
    """
    for cls in type(processor).__mro__:
        if cls.__name__ == "FrameProcessor" and cls.__module__ in _TARGETS:
            module, name = _TARGETS[cls.__module__].split(":")
            rig: Rig = getattr(import_module(module), name).rig(processor, options)
            return rig
    given = f"the class {processor.__name__}" if isinstance(processor, type) else repr(processor)
    raise UsageError(
        f"the processor must be a FrameProcessor of Pipecat or of llm_sim.service, not {given}"
    )

"""A pipeline of one processor, which tests send frames through."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class RigOptions:
    """What a pipeline of Pipecat takes besides its processors.

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

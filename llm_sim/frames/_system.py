"""The frames that start, end, interrupt and report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from llm_sim.frames._base import ControlFrame, SystemFrame


@dataclass(slots=True, eq=False)
class StartFrame(SystemFrame):
    """The first frame of a pipeline; a processor acts on nothing before it."""


@dataclass(slots=True, eq=False)
class EndFrame(ControlFrame):
    """End the pipeline after everything queued before it; no interruption drops it.

    Parameters:
        reason: Why, for people.
    """

    interruptible: ClassVar[bool] = False

    reason: Any = None


@dataclass(slots=True, eq=False)
class CancelFrame(SystemFrame):
    """End the pipeline at once, and drop what is queued.

    Parameters:
        reason: Why, for people.
    """

    reason: Any = None


@dataclass(slots=True, eq=False)
class ErrorFrame(SystemFrame):
    """Report an error upstream.

    Parameters:
        error: What happened, for people.
        exception: The exception behind it, if there is one.
        fatal: Whether the pipeline task must be cancelled.
        processor: The frame processor that reports it.
    """

    error: str
    exception: BaseException | None = None
    fatal: bool = False
    processor: Any = None


@dataclass(slots=True, eq=False)
class InterruptionFrame(SystemFrame):
    """The user interrupts: drop what was not said yet, cancel the calls that allow it."""


@dataclass(slots=True, eq=False)
class StartInterruptionFrame(InterruptionFrame):
    """The name of :class:`InterruptionFrame` before Pipecat 0.0.85, understood everywhere."""


@dataclass(slots=True, eq=False)
class UserStartedSpeakingFrame(SystemFrame):
    """The user's turn begins."""


@dataclass(slots=True, eq=False)
class UserStoppedSpeakingFrame(SystemFrame):
    """The user's turn is over."""


@dataclass(slots=True, eq=False)
class BotStartedSpeakingFrame(SystemFrame):
    """The bot is heard."""


@dataclass(slots=True, eq=False)
class BotStoppedSpeakingFrame(SystemFrame):
    """The bot is silent again."""


@dataclass(slots=True, eq=False)
class UserImageRequestFrame(SystemFrame):
    """Ask the user's transport for an image; travels upstream.

    Parameters:
        user_id: Whose camera.
        function_name: The function that asks, if one does.
        tool_call_id: The call that asks, if one does.
        context: The text that goes with the image.
        video_source: Which of the user's sources.
    """

    user_id: str
    function_name: str | None = None
    tool_call_id: str | None = None
    context: str | None = None
    video_source: str | None = None

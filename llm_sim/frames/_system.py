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
        fatal: Whether the pipeline task must be cancelled.
        processor: The frame processor that reports it.
        exception: The exception behind it, if there is one.
    """

    error: str
    fatal: bool = False
    processor: Any = None
    exception: BaseException | None = None


@dataclass(slots=True, eq=False)
class InterruptionFrame(SystemFrame):
    """The user interrupts: drop what was not said yet, cancel the calls that allow it."""


StartInterruptionFrame = InterruptionFrame
"""The name before Pipecat 0.0.85: one class, so code of either age understands what both push."""


@dataclass(slots=True, eq=False)
class FrameProcessorPauseFrame(ControlFrame):
    """Hold the data and control frames of one processor, once those before this one are processed.

    Parameters:
        processor: The processor.
    """

    processor: Any


@dataclass(slots=True, eq=False)
class FrameProcessorResumeFrame(ControlFrame):
    """Let a processor go on; it does as soon as this frame comes to its queue.

    In its place in the queue it would wait for itself.

    Parameters:
        processor: The processor.
    """

    processor: Any


@dataclass(slots=True, eq=False)
class FrameProcessorPauseUrgentFrame(SystemFrame):
    """Hold the data and control frames of one processor, those in its queue too.

    Parameters:
        processor: The processor.
    """

    processor: Any


@dataclass(slots=True, eq=False)
class FrameProcessorResumeUrgentFrame(SystemFrame):
    """Let a processor go on, ahead of what is queued before it.

    Parameters:
        processor: The processor.
    """

    processor: Any


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

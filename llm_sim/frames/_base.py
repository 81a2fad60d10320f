"""What every frame is, and the two ways it can travel."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import ClassVar

_next_id = count(1).__next__


class FrameDirection(Enum):
    """Where a frame travels: with the conversation, or back to its source."""

    DOWNSTREAM = 1
    UPSTREAM = 2


@dataclass(slots=True, eq=False)
class Frame:
    """The root of all frames; two frames are equal only if they are the same one.

    Parameters:
        interruptible: Whether an interruption may drop the frame from a queue, or cancel its
            processing. Decided by the class.
        id: Unique in the process, counted up.
    """

    interruptible: ClassVar[bool] = True

    id: int = field(init=False, default_factory=_next_id)

    @property
    def name(self) -> str:
        """Return ``"ClassName#id"``.

        It is composed on demand: most frames are never named, and a frame is built for every word.
        """
        return f"{type(self).__name__}#{self.id}"

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True, eq=False)
class SystemFrame(Frame):
    """A frame that keeps its order among system frames and may overtake all others."""

    interruptible: ClassVar[bool] = False


@dataclass(slots=True, eq=False)
class DataFrame(Frame):
    """A frame that carries content, in order."""


@dataclass(slots=True, eq=False)
class ControlFrame(Frame):
    """A frame that steers the processors, in order with the content."""

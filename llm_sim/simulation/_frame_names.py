"""Names of frames that are a slip of the pen."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from llm_sim.frames import Frame
from llm_sim.scenario import FramePattern
from llm_sim.trace import Miss, Trace

_PIPECAT: Final = "pipecat.frames.frames"
_NEAR: Final = 0.85
_PART: Final = 3


def misspelt(trace: Trace, *patterns: FramePattern | None) -> Miss | None:
    """Ask whether one of these is almost the name of a frame, and the name of none.

    What must not come is not there when all is well, so a slip of the pen would never be noticed.

    Args:
        trace: The record of a run.
        patterns: What may be misspelt; None is not.
    """
    wanted = [pattern.type for pattern in patterns if pattern is not None]
    unseen = set(wanted) - {frame.type for frame in trace.frames}
    if not unseen:
        return None
    known = sorted(_names())
    for name in sorted(unseen.difference(known)):
        near = get_close_matches(name, known, n=1, cutoff=_NEAR)
        # A name with another one in it is a word more, as VADUserStartedSpeaking is.
        if near and not (near[0] in name and len(name) - len(near[0]) >= _PART):
            meant = f"did you mean {near[0]!r}?"
            return Miss(f"nothing to look at: there is no frame {name!r} ({meant})")
    return None


def _names() -> Iterator[str]:
    """Yield the types of all frames that have been defined, whoever did so."""
    bases: list[type] = [Frame]
    if (frames := sys.modules.get(_PIPECAT)) is not None:
        bases.append(frames.Frame)
    return (FramePattern.named(cls.__name__).type for cls in _descendants(bases))


def _descendants(classes: Iterable[type]) -> Iterator[type]:
    for cls in classes:
        yield cls
        yield from _descendants(cls.__subclasses__())

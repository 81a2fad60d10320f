"""A frame of any target as a :class:`~llm_sim.trace.FrameRecord`.

Targets share names, not classes: Pipecat's frames and ours are told apart from other objects by
the attributes that they have, so one description serves both.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from llm_sim.frames import CALL_PHASES
from llm_sim.recorder._plain_values import plain, renumbered
from llm_sim.trace import FrameRecord

# What a reader or a law wants to know of a frame. Ids, timestamps and metadata stay out: they come
# from counters and clocks of the process and would make equal runs differ.
_TOLD: Final = tuple(
    dict.fromkeys(
        (
            *(name for phase in CALL_PHASES for name in phase.fields),
            "run_llm",
            "text",
            "error",
            "fatal",
            "reason",
        )
    )
)
_BASES: Final = ("Frame", "SystemFrame", "DataFrame", "ControlFrame")
_LIBRARIES: Final = ("llm_sim", "pipecat", "builtins")
_PROPERTIES: Final = ("run_llm", "is_final")


@cache
def type_name(cls: type) -> str:
    """Return a frame class's name without its ``Frame`` suffix."""
    return cls.__name__.removesuffix("Frame") or cls.__name__


@cache
def _lane(cls: type) -> str:
    ancestors = [ancestor.__name__ for ancestor in cls.__mro__]
    for name, lane in (("SystemFrame", "system"), ("ControlFrame", "control")):
        if name in ancestors:
            return lane
    return "data"


@cache
def _told(cls: type) -> tuple[str, ...]:
    known = getattr(cls, "__dataclass_fields__", {})
    # Fields that the application added to its own frame classes are recorded unfiltered.
    added = [name for name in known if name not in _library_fields(cls)]
    return tuple(name for name in _TOLD if name in known and name not in added) + tuple(added)


def _library_fields(cls: type) -> frozenset[str]:
    """Return the fields that a frame has from the library: of its nearest ancestor there."""
    ancestors = (
        ancestor
        for ancestor in cls.__mro__
        if ancestor.__name__ in _BASES or ancestor.__module__.partition(".")[0] in _LIBRARIES
    )
    return frozenset(getattr(next(ancestors), "__dataclass_fields__", {}))


def describe(frame: Any, number: int) -> FrameRecord:
    """Return what the trace keeps of a frame."""
    cls: type = type(frame)
    payload = {name: plain(getattr(frame, name)) for name in _told(cls)}
    if isinstance(payload.get("error"), str):
        payload["error"] = renumbered(payload["error"])
    calls: tuple[str, ...] = ()
    if "tool_call_id" in payload:
        calls = (str(payload["tool_call_id"]),)
    listed = getattr(frame, "function_calls", None)
    if listed is not None:
        payload["function_calls"] = [
            {
                "function_name": call.function_name,
                "tool_call_id": call.tool_call_id,
                "arguments": plain(call.arguments),
            }
            for call in listed
        ]
        calls = tuple(str(call.tool_call_id) for call in listed)
    properties = getattr(frame, "properties", None)
    if properties is not None:
        payload["properties"] = {name: getattr(properties, name, None) for name in _PROPERTIES}
    return FrameRecord(number, type_name(cls), _lane(cls), calls, payload, _kept(cls, frame))


@cache
def _marked_uninterruptible(cls: type) -> bool:
    """Tell frames of releases that mark them by a base class."""
    return any(ancestor.__name__ == "UninterruptibleFrame" for ancestor in cls.__mro__)


def _kept(cls: type, frame: Any) -> bool:
    return getattr(frame, "interruptible", True) is False or _marked_uninterruptible(cls)

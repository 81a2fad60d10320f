"""The targets by name; each is imported when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Final

from llm_sim.errors import TargetError, UsageError, did_you_mean
from llm_sim.targets._port import Target
from llm_sim.targets._rig import Rig, RigOptions


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a target is, and how one of its processors is recognised.

    Parameters:
        module: The module that has the target.
        attribute: Its name there.
        processors: The module that has the FrameProcessor of its library.
    """

    module: str
    attribute: str
    processors: str

    def load(self) -> Target:
        target: Target = getattr(import_module(self.module), self.attribute)
        return target


_REFERENCE: Final = ("llm_sim.targets.reference", "llm_sim.service._processor")
_PIPECAT: Final = ("llm_sim.targets.pipecat", "pipecat.processors.frame_processor")

TARGETS: Final = {
    "reference": _Place(_REFERENCE[0], "reference", _REFERENCE[1]),
    "naive": _Place(_REFERENCE[0], "naive", _REFERENCE[1]),
    "pipecat": _Place(_PIPECAT[0], "pipecat", _PIPECAT[1]),
}
"""Where each target lives; the first is the default."""

AUTO: Final = "auto"
"""The name that stands for the installed Pipecat, or for the embedded core without one."""

TARGET_NAMES: Final = (*TARGETS, AUTO)
"""Every name that :func:`get_target` knows."""


def get_target(name: str) -> Target:
    """Return the target of a name.

    ``auto`` is the installed Pipecat if its release is one that we drive, and the embedded core
    otherwise; the target's own name says which. This is decided at each call, from what is
    installed, without importing Pipecat.

    Raises:
        UsageError: There is no target of that name.
    """
    if name == AUTO:
        name = "pipecat" if _is_usable("pipecat") else "reference"
    if name not in TARGETS:
        hint = did_you_mean(name, TARGET_NAMES)
        raise UsageError(
            f"there is no target {name!r}{hint}; the targets are {', '.join(TARGET_NAMES)}"
        )
    return TARGETS[name].load()


def _is_usable(name: str) -> bool:
    try:
        TARGETS[name].load().version()
    except TargetError:
        return False
    return True


def open_rig(processor: object, options: RigOptions) -> Rig:
    """Build a pipeline of one processor; called inside the loop that will run it.

    Args:
        processor: The processor, whose class says which library it belongs to.
        options: What the pipeline gets besides.

    Raises:
        UsageError: It is no frame processor, or its library does not have one of the options.
    """
    places = {place.processors: place for place in reversed(TARGETS.values())}
    for cls in type(processor).__mro__:
        if cls.__name__ == "FrameProcessor" and cls.__module__ in places:
            return places[cls.__module__].load().rig(processor, options)
    given = f"the class {processor.__name__}" if isinstance(processor, type) else repr(processor)
    raise UsageError(
        f"the processor must be a FrameProcessor of Pipecat or of llm_sim.service, not {given}"
    )

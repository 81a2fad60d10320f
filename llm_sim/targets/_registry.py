"""The targets by name; each is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from llm_sim.errors import UsageError, did_you_mean
from llm_sim.targets._port import Target

TARGETS: Final = {
    "reference": "llm_sim.targets.reference:reference",
    "naive": "llm_sim.targets.reference:naive",
    "pipecat": "llm_sim.targets.pipecat:pipecat",
}
"""Where each target lives; the first is the default."""


def get_target(name: str) -> Target:
    """Return the target of a name.

    Raises:
        UsageError: There is no target of that name.
        TargetError: It is there, but what it needs is not installed.
    """
    try:
        module, attribute = TARGETS[name].split(":")
    except KeyError:
        hint = did_you_mean(name, tuple(TARGETS))
        raise UsageError(
            f"there is no target {name!r}{hint}; the targets are {', '.join(TARGETS)}"
        ) from None
    target: Target = getattr(import_module(module), attribute)
    return target

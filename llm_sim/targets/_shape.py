"""Reading what a target does not promise."""

from __future__ import annotations

from typing import Any

from llm_sim.errors import TargetError


def attribute(owner: Any, name: str) -> Any:
    """Return an attribute that a verdict depends on; its absence is loud.

    Raises:
        TargetError: A new release no longer has it.
    """
    try:
        return getattr(owner, name)
    except AttributeError:
        cls = owner if isinstance(owner, type) else type(owner)
        raise TargetError(
            f"{cls.__module__}.{cls.__qualname__} no longer has {name!r}, which llm_sim reads; "
            "this release needs a newer llm_sim"
        ) from None

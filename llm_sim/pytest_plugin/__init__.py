"""The pytest plugin: the fixture ``llm_sim``, and scenario files as tests.

Loading it imports nothing but pytest and the standard library; the simulator is imported by the
first test that needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llm_sim.pytest_plugin._simulator import Simulator

__all__ = ["Simulator"]

pytest_plugins = [
    f"{__name__}.{module}"
    for module in ("_settings", "_session", "_scenario_files", "_tests", "_outcomes")
]
"""Each has hooks or fixtures; pytest loads them with this one."""


def __getattr__(name: str) -> Any:
    if name != "Simulator":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from llm_sim.pytest_plugin._simulator import Simulator

    return Simulator

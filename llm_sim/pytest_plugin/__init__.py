"""The pytest plugin: the fixture ``llm_sim``, and scenario files as tests.

Loading it imports nothing but pytest and the standard library; the simulator is imported by the
first test that needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_sim.pytest_plugin._outcomes import pytest_runtest_makereport
from llm_sim.pytest_plugin._scenario_files import pytest_collect_file
from llm_sim.pytest_plugin._session import (
    pytest_configure,
    pytest_report_header,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from llm_sim.pytest_plugin._settings import pytest_addoption
from llm_sim.pytest_plugin._tests import (
    llm_sim,
    llm_sim_bot,
    llm_sim_config,
    pytest_itemcollected,
    pytest_report_collectionfinish,
    pytest_runtest_call,
    pytest_runtest_setup,
    pytest_runtest_teardown,
)

if TYPE_CHECKING:
    from llm_sim.pytest_plugin._simulator import Simulator

__all__ = [
    "Simulator",
    "llm_sim",
    "llm_sim_bot",
    "llm_sim_config",
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_configure",
    "pytest_itemcollected",
    "pytest_report_collectionfinish",
    "pytest_report_header",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
    "pytest_runtest_setup",
    "pytest_runtest_teardown",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
]


def __getattr__(name: str) -> Any:
    if name != "Simulator":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from llm_sim.pytest_plugin._simulator import Simulator

    return Simulator

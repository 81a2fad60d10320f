"""The pytest plugin: the fixture ``llm_sim``.

Loading it imports nothing but pytest and the standard library; the simulator is imported by the
first test that asks for the fixture.
"""

from llm_sim.pytest_plugin._plugin import (
    llm_sim,
    pytest_addoption,
    pytest_configure,
    pytest_runtest_call,
    pytest_runtest_setup,
    pytest_sessionfinish,
    pytest_terminal_summary,
)

__all__ = [
    "llm_sim",
    "pytest_addoption",
    "pytest_configure",
    "pytest_runtest_call",
    "pytest_runtest_setup",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
]

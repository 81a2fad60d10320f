"""Hooks and fixtures."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from llm_sim.pytest_plugin._simulator import Simulator

_SIMULATOR = pytest.StashKey["Simulator"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("llm_sim", "simulation of LLM function calling")
    group.addoption(
        "--llm-sim-target",
        default="reference",
        metavar="TARGET",
        help="what bots run on: reference (embedded, default), pipecat (installed) or naive",
    )


@pytest.fixture
def llm_sim(request: pytest.FixtureRequest) -> Simulator:
    """Simulate conversations with a bot, in virtual time.

    When the test's body is done, each run must have kept every law and used up its script.
    """
    from llm_sim.pytest_plugin._simulator import Simulator

    simulator = Simulator(
        request.node.nodeid, target=str(request.config.getoption("--llm-sim-target"))
    )
    request.node.stash[_SIMULATOR] = simulator
    return simulator


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Judge the runs of a test; where an assertion of its own fails, only add to its report."""
    try:
        yield
    except BaseException:
        if report := _failure(item):
            item.add_report_section("call", "llm_sim", report)
        raise
    if report := _failure(item):
        pytest.fail(report, pytrace=False)


def _failure(item: pytest.Item) -> str:
    simulator = item.stash.get(_SIMULATOR, None)
    return "" if simulator is None else simulator.failure()

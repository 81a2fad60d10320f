"""Hooks and fixtures."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from llm_sim.exploration import Baseline
    from llm_sim.pytest_plugin._simulator import Simulator

_SIMULATOR = pytest.StashKey["Simulator"]()
_BASELINE = pytest.StashKey["Baseline"]()
_FINISHED = pytest.StashKey[list[str]]()
_PROFILES: Final = "llm-sim-"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("llm_sim", "simulation of LLM function calling")
    group.addoption(
        "--llm-sim-target",
        default="reference",
        metavar="TARGET",
        help="what bots run on: reference (embedded, default), pipecat (installed) or naive",
    )
    group.addoption(
        "--llm-sim-baseline",
        metavar="FILE",
        help="what is known to be broken: a test that breaks nothing else passes",
    )
    group.addoption(
        "--llm-sim-baseline-update",
        action="store_true",
        help="add what is new to the baseline",
    )
    group.addoption(
        "--llm-sim-baseline-prune",
        action="store_true",
        help="remove from it what the tests that ran do not break any more",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Load what was asked for: profiles, before Hypothesis's plugin wants one; the baseline."""
    if str(config.getoption("--hypothesis-profile", "")).startswith(_PROFILES):
        from llm_sim.strategies import register_profiles

        register_profiles()
    _load_baseline(config)


def _load_baseline(config: pytest.Config) -> None:
    file = config.getoption("--llm-sim-baseline")
    update = bool(config.getoption("--llm-sim-baseline-update"))
    prune = bool(config.getoption("--llm-sim-baseline-prune"))
    if not (file or update or prune):
        return
    from llm_sim.errors import UsageError
    from llm_sim.exploration import Baseline

    try:
        config.stash[_BASELINE] = Baseline(file or None, update=update, prune=prune)
    except UsageError as error:
        raise pytest.UsageError(f"llm_sim: {error}") from None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Bring the baseline up to date, where that was asked for."""
    baseline = _baseline(session.config)
    if baseline is not None:
        session.config.stash[_FINISHED] = baseline.finish()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell what happened to the baseline."""
    lines = config.stash.get(_FINISHED, [])
    if lines:
        terminalreporter.section("llm_sim baseline")
    for line in lines:
        terminalreporter.line(line)


@pytest.fixture
def llm_sim(request: pytest.FixtureRequest) -> Simulator:
    """Simulate conversations with a bot, in virtual time.

    When the test's body is done, each run must have kept every law and used up its script.
    """
    from llm_sim.pytest_plugin._simulator import Simulator

    simulator = Simulator(
        request.node.nodeid,
        target=str(request.config.getoption("--llm-sim-target")),
        baseline=_baseline(request.config),
    )
    request.node.stash[_SIMULATOR] = simulator
    return simulator


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Prepare a fuzzed test, before Hypothesis's plugin looks at it."""
    if _is_fuzzed(item):
        from llm_sim.testing import allow_fixtures

        allow_fixtures(getattr(item, "obj", None))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Judge the runs of a test; where an assertion of its own fails, only add to its report."""
    if _is_fuzzed(item):
        yield from _fuzzed(item)
        return
    try:
        yield
    except BaseException:
        if report := _judged(item, whole=False):
            item.add_report_section("call", "llm_sim", report)
        raise
    if report := _judged(item, whole=True):
        pytest.fail(report, pytrace=False)


def _is_fuzzed(item: pytest.Item) -> bool:
    return hasattr(getattr(item, "obj", None), "llm_sim_fuzz")


def _fuzzed(item: pytest.Item) -> Generator[None, None, None]:
    """Let a fuzzed test run on a target, and fail with what it has to say and nothing else."""
    from llm_sim.errors import InvariantViolation, SimulationError, UsageError
    from llm_sim.testing import default_place, default_target

    target = default_target.set(str(item.config.getoption("--llm-sim-target")))
    place = default_place.set(item.nodeid)
    try:
        yield
        return
    except (InvariantViolation, UsageError) as failure:
        told = str(failure)
    except SimulationError as failure:
        told = f"no verdict: {failure}"
    finally:
        default_target.reset(target)
        default_place.reset(place)
    # Out here the report is not told to have come up while another one was handled.
    pytest.fail(told, pytrace=False)


def _baseline(config: pytest.Config) -> Baseline | None:
    return config.stash.get(_BASELINE, None)


def _judged(item: pytest.Item, *, whole: bool) -> str:
    """Return the failures of a test's runs; what is known is told beside them."""
    simulator = item.stash.get(_SIMULATOR, None)
    if simulator is None:
        return ""
    if known := simulator.known(whole=whole):
        item.add_report_section("call", "llm_sim baseline", known)
    return simulator.failure()

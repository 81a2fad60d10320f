"""A test that simulates: prepared, judged, reported."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

from llm_sim.pytest_plugin._examples import (
    ExampleError,
    has_only_ours,
    is_fuzzed,
    is_given,
    judged_one_by_one,
)
from llm_sim.pytest_plugin._fixtures import SIMULATOR
from llm_sim.pytest_plugin._session import session_of
from llm_sim.pytest_plugin._settings import MARKER, marked, merged, settings_of

if TYPE_CHECKING:
    from llm_sim.pytest_plugin._simulator import Simulator
    from llm_sim.pytest_plugin._verdict import Ended, Verdict

BROKEN: Final = "llm_sim_broken"
"""The property of a failed test's report that names a law it breaks."""

VERDICT: Final = pytest.StashKey["Verdict"]()
"""What the runs of a test came to."""

_CONFIG: Final = "llm_sim_config"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a fuzzed test hear of ``llm_sim_config``, which it does not ask for."""
    if is_fuzzed(item) and isinstance(item, pytest.Function) and _CONFIG not in item.fixturenames:
        item.fixturenames.append(_CONFIG)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Check a test's marker, and prepare one that draws before Hypothesis's plugin looks at it."""
    if item.get_closest_marker(MARKER) is not None:
        _check_marker(item)
    fuzzed = is_fuzzed(item)
    if not fuzzed and not _is_given_the_fixture(item):
        return
    from llm_sim.testing import allow_fixtures

    if fuzzed or has_only_ours(item):
        allow_fixtures(item.obj, all_checks=fuzzed)  # type: ignore[attr-defined]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Judge the runs of a test; where an assertion of its own fails, only add to its report."""
    simulator = item.stash.get(SIMULATOR, None)
    if is_fuzzed(item):
        yield from _fuzzed(item)
    elif simulator is not None:
        yield from _simulated(item, simulator)
    else:
        yield


def _check_marker(item: pytest.Item) -> None:
    from llm_sim.errors import UsageError

    try:
        merged(marked(item))
        if not _is_marked_in_vain(item):
            return
        wrong = f"the marker {MARKER} does nothing without the fixture: take llm_sim as an argument"
    except UsageError as error:
        wrong = str(error)
    pytest.fail(f"{item.nodeid}: {wrong}", pytrace=False)


def _is_marked_in_vain(item: pytest.Item) -> bool:
    """Return whether a test has a marker of its own and simulates nothing.

    One that comes from a class or a module is for those of its tests that do.
    """
    return (
        isinstance(item, pytest.Function)
        and any(mark.name == MARKER for mark in item.own_markers)
        and "llm_sim" not in item.fixturenames
        and not is_fuzzed(item)
    )


def _is_given_the_fixture(item: pytest.Item) -> bool:
    return "llm_sim" in getattr(item, "fixturenames", ()) and is_given(item)


def _simulated(item: pytest.Item, simulator: Simulator) -> Generator[None, None, None]:
    given = is_given(item)
    if given:
        # Each example would be swept.
        simulator.settings = simulator.settings._replace(sweep=None)
        simulator.warm_up()
    each = partial(_judged, item, simulator, "passed")
    failure = ""
    try:
        with judged_one_by_one(item, simulator, each) if given else nullcontext():
            yield
    except ExampleError as broken:
        _tell(item, broken.verdict)
        failure = "\n".join([broken.verdict.failure, *getattr(broken, "__notes__", ())])
    except BaseException as error:
        left = isinstance(error, pytest.skip.Exception | pytest.xfail.Exception)
        verdict = _judged(item, simulator, "left" if left else "failed")
        _tell(item, verdict)
        if verdict.failure:
            item.add_report_section("call", "llm_sim", verdict.failure)
        elif verdict.traces:
            item.add_report_section("call", "llm_sim traces", "\n".join(verdict.traces))
        raise
    else:
        verdict = _judged(item, simulator, "passed")
        _tell(item, verdict)
        failure = verdict.failure
    if failure:
        pytest.fail(failure, pytrace=False)


def _judged(item: pytest.Item, simulator: Simulator, ended: Ended) -> Verdict:
    from llm_sim.pytest_plugin._verdict import judge

    return judge(simulator, session_of(item.config), ended)


def _tell(item: pytest.Item, verdict: Verdict) -> None:
    """Put what stands beside a failure into the report."""
    item.stash[VERDICT] = verdict
    item.user_properties += [(BROKEN, law) for law in verdict.broken]
    sections = {
        "warnings": verdict.warnings,
        "baseline": verdict.known,
        "sweep": verdict.swept,
        "golden traces": verdict.written,
    }
    for title, lines in sections.items():
        if lines:
            item.add_report_section("call", f"llm_sim {title}", "\n".join(lines))


def _fuzzed(item: pytest.Item) -> Generator[None, None, None]:
    """Let a fuzzed test run under its settings, and fail with what it has to say."""
    from llm_sim.errors import InvariantViolation, SimulationError, UsageError
    from llm_sim.invariants import get_law
    from llm_sim.pytest_plugin._simulator import Simulator
    from llm_sim.testing import Defaults, defaults

    token = None
    try:
        settings = settings_of(item, getattr(item, "funcargs", {}).get(_CONFIG))
        how = Simulator(item.nodeid, settings, strict=())
        token = defaults.set(Defaults(settings.target, item.nodeid, how.laws, how.limits))
        yield
        return
    except InvariantViolation as failure:
        told = str(failure)
        names = [f"{code} {get_law(code).name}" for code in failure.laws if code.startswith("LS")]
        item.user_properties += [(BROKEN, name) for name in names]
    except UsageError as failure:
        told = str(failure)
    except SimulationError as failure:
        told = f"no verdict: {failure}"
    finally:
        if token is not None:
            defaults.reset(token)
    # Out here the report is not told to have come up while another one was handled.
    pytest.fail(told, pytrace=False)

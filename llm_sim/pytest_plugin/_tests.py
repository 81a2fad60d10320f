"""A test that simulates: what holds for it, what it is given, and how it is judged."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial, wraps
from inspect import iscoroutinefunction, signature
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import pytest

from llm_sim.pytest_plugin._outcomes import FailedRunsError
from llm_sim.pytest_plugin._scenario_files import ScenarioItem, left_out
from llm_sim.pytest_plugin._session import BROKEN, SIMULATOR, head_of_simulations, session_of
from llm_sim.pytest_plugin._settings import MARKER, marked, merged, settings_of

if TYPE_CHECKING:
    from contextvars import Token

    from llm_sim.pytest_plugin._judging import Ended, Judgement
    from llm_sim.pytest_plugin._simulator import Simulator
    from llm_sim.simulation import Defaults
    from llm_sim.targets import Bot

P = ParamSpec("P")

_CONFIG: Final = "llm_sim_config"
_OURS: Final = ("llm_sim", "llm_sim_bot", _CONFIG)
_SIMULATION: Final = "llm_sim.simulation"
_BEFORE: Final[pytest.StashKey[Token[Defaults]]] = pytest.StashKey()
"""What held before a test for calls that do not say."""


@pytest.fixture(scope="session")
def llm_sim_bot() -> Bot | None:
    """Override it to say what is under test where a call of ``llm_sim`` names no ``bot=``."""
    return None


@pytest.fixture(scope="session")
def llm_sim_config() -> Mapping[str, Any]:
    """Override it to give settings by name: target, sweep, trace, disable, timeout.

    They go before pytest's configuration; the marker and the command line go before them.
    """
    return {}


@pytest.fixture
def llm_sim(
    request: pytest.FixtureRequest,
    llm_sim_bot: Bot | None,
    llm_sim_config: Mapping[str, Any],
) -> Iterator[Simulator]:
    """Simulate conversations with a bot, in virtual time.

    When the test's body is done, each run must have kept every law and used up its script.
    """
    from llm_sim.errors import UsageError
    from llm_sim.pytest_plugin._simulator import Simulator
    from llm_sim.targets import Bot

    item = request.node
    with _told_of_the_test(item):
        if llm_sim_bot is not None and not isinstance(llm_sim_bot, Bot):
            raise UsageError(f"llm_sim_bot must give a Bot, not {llm_sim_bot!r}: return Bot(build)")
        session = session_of(request.config)
        simulator = Simulator(
            item.nodeid, settings_of(item, llm_sim_config), bot=llm_sim_bot, golden=session.golden
        )
    item.stash[SIMULATOR] = simulator
    yield simulator
    if simulator.judged is not None:
        from llm_sim.pytest_plugin._judging import judge_late

        late = judge_late(simulator, session)
        if late.findings:
            raise FailedRunsError(late.text, late.findings[0])


def is_fuzzed(item: pytest.Item) -> bool:
    """Return whether a test was made by ``@fuzz``."""
    return hasattr(getattr(item, "obj", None), "llm_sim_fuzz")


def pytest_report_collectionfinish(
    config: pytest.Config, items: Sequence[pytest.Item]
) -> list[str]:
    """Name scenario files that are left out, and say what simulations run with."""
    lines = [f"llm_sim: {each}" for each in left_out(config)]
    return lines + (head_of_simulations(config) if any(map(_simulates, items)) else [])


def _simulates(item: pytest.Item) -> bool:
    asks = "llm_sim" in getattr(item, "fixturenames", ())
    return asks or isinstance(item, ScenarioItem) or is_fuzzed(item)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a test that may simulate hear of ``llm_sim_config``, which it does not ask for."""
    if (
        isinstance(item, pytest.Function)
        and _may_simulate(item)
        and _CONFIG not in item.fixturenames
    ):
        item.fixturenames.append(_CONFIG)


def _may_simulate(item: pytest.Item) -> bool:
    """Return whether the simulator is loaded by now, or the test's own code imports it."""
    code = getattr(getattr(item, "function", None), "__code__", None)
    imports = any(name.startswith("llm_sim") for name in getattr(code, "co_names", ()))
    return imports or _SIMULATION in sys.modules


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Check a test's marker, and prepare one that draws before Hypothesis's plugin looks at it."""
    if item.get_closest_marker(MARKER) is not None:
        _check_marker(item)
    fuzzed = is_fuzzed(item)
    if fuzzed or ("llm_sim" in getattr(item, "fixturenames", ()) and _is_given(item)):
        from llm_sim.testing import allow_fixtures

        if fuzzed or _has_only_ours(item):
            allow_fixtures(item.obj, all_checks=fuzzed)  # type: ignore[attr-defined]
    _set_defaults(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Judge the runs of a test; where an assertion of its own fails, only add to its report."""
    simulator = item.stash.get(SIMULATOR, None)
    _set_defaults(item)  # once more: by now llm_sim_config has spoken
    if is_fuzzed(item):
        return (yield from _fuzzed(item))
    if simulator is not None:
        return (yield from _simulated(item, simulator))
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let nothing hold any more when the test is taken down."""
    try:
        return (yield)
    finally:
        if (before := item.stash.get(_BEFORE, None)) is not None:
            from llm_sim.simulation import DEFAULTS

            DEFAULTS.reset(before)
            del item.stash[_BEFORE]


def _set_defaults(item: pytest.Item) -> None:
    """Let ``run()``, ``sweep()``, ``smoke()`` and ``@fuzz`` follow what holds for a test.

    Nothing is loaded for a test that does not simulate.
    """
    if not _may_simulate(item):
        return
    from llm_sim.simulation import DEFAULTS

    simulator = item.stash.get(SIMULATOR, None)
    with _told_of_the_test(item):
        settings = (
            settings_of(item, getattr(item, "funcargs", {}).get(_CONFIG))
            if simulator is None
            else simulator.settings
        )
        before = DEFAULTS.set(settings.defaults(item.nodeid))
    item.stash.setdefault(_BEFORE, before)


@contextmanager
def _told_of_the_test(item: pytest.Item) -> Iterator[None]:
    """Fail a test with a mistake in what is said about it, without a traceback."""
    from llm_sim.errors import UsageError

    try:
        yield
    except UsageError as error:
        raise pytest.fail.Exception(f"{item.nodeid}: {error}", pytrace=False) from None


def _check_marker(item: pytest.Item) -> None:
    from llm_sim.errors import UsageError

    with _told_of_the_test(item):
        merged(marked(item))
        if _is_marked_in_vain(item):
            raise UsageError(
                f"the marker {MARKER} does nothing without the fixture: take llm_sim as an argument"
            )


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


def _simulated(item: pytest.Item, simulator: Simulator) -> Generator[None, Any, Any]:
    from llm_sim.pytest_plugin._judging import judge

    session = session_of(item.config)
    given = _is_given(item)
    if given:
        # Each example would be swept.
        simulator.settings = simulator.settings._replace(sweep=None)
        simulator.warm_up()
    each = partial(judge, simulator, session, "passed")
    try:
        with _judged_one_by_one(item, simulator, each) if given else nullcontext():
            result = yield
    except _ExampleError as broken:
        _tell(item, broken.judgement)
        text = "\n".join([broken.judgement.text, *getattr(broken, "__notes__", ())])
        raise FailedRunsError(text, broken.judgement.findings[0]) from None
    except BaseException as error:
        left = isinstance(error, pytest.skip.Exception | pytest.xfail.Exception)
        ended: Ended = "left" if left else "failed"
        _tell_beside(item, judge(simulator, session, ended))
        raise
    judgement = each()
    _tell(item, judgement)
    if judgement.findings:
        raise FailedRunsError(judgement.text, judgement.findings[0])
    return result


def _tell(item: pytest.Item, judgement: Judgement) -> None:
    """Put what stands beside the outcome into the report."""
    item.user_properties += [(BROKEN, law) for law in judgement.laws]
    for title, lines in judgement.beside.items():
        if lines:
            item.add_report_section("call", f"llm_sim {title}", "\n".join(lines))


def _tell_beside(item: pytest.Item, judgement: Judgement) -> None:
    """Put what the runs come to beside the failure of an assertion."""
    _tell(item, judgement)
    if judgement.findings:
        item.add_report_section("call", "llm_sim", judgement.text)
    elif judgement.traces:
        item.add_report_section("call", "llm_sim traces", "\n".join(judgement.traces))


def _fuzzed(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let a fuzzed test fail with what it has to say."""
    from llm_sim.errors import InvariantViolation, SimulationError, UsageError
    from llm_sim.invariants import get_law

    try:
        return (yield)
    except InvariantViolation as failure:
        names = [f"{code} {get_law(code).name}" for code in failure.laws if code.startswith("LS")]
        item.user_properties += [(BROKEN, name) for name in names]
        raise FailedRunsError(str(failure)) from None
    except UsageError as failure:
        raise FailedRunsError(str(failure)) from None
    except SimulationError as failure:
        raise FailedRunsError(f"no verdict: {failure}") from None


class _ExampleError(AssertionError):
    """The runs of an example fail it."""

    def __init__(self, judgement: Judgement) -> None:
        self.judgement = judgement
        super().__init__(judgement.text)


def _is_given(item: pytest.Item) -> bool:
    """Return whether a test was made by ``@given``."""
    test = getattr(item, "obj", None)
    drawn = getattr(test, "is_hypothesis_test", False) and hasattr(test, "hypothesis")
    return drawn and not is_fuzzed(item)


def _has_only_ours(item: pytest.Item) -> bool:
    """Return whether no other fixture than ours is set up once for all examples of a test."""
    assert isinstance(item, pytest.Function)
    # As Hypothesis asks: what a parameter is named by hand is no fixture here.
    manager = item._request._fixturemanager
    fixtures = manager.getfixtureinfo(item, item.function, None).name2fixturedefs
    asked = [name for name in signature(item.function).parameters if name in fixtures]
    return not any(fixtures[name][-1].scope == "function" for name in asked if name not in _OURS)


@contextmanager
def _judged_one_by_one(
    item: pytest.Item, simulator: Simulator, judge: Callable[[], Judgement]
) -> Iterator[None]:
    """Fail an example whose runs fail, so that Hypothesis shrinks it.

    Args:
        item: A test with ``@given``.
        simulator: What it runs its scenarios with.
        judge: Judges the runs of an example.
    """
    handle = item.obj.hypothesis  # type: ignore[attr-defined]
    body = handle.inner_test

    def check() -> None:
        __tracebackhide__ = True
        judgement = judge()
        if judgement.findings:
            raise _ExampleError(judgement)

    handle.inner_test = _between(body, simulator.made.clear, check)
    try:
        yield
    finally:
        handle.inner_test = body


def _between(
    body: Callable[P, Any], before: Callable[[], None], behind: Callable[[], None]
) -> Callable[P, Any]:
    """Return a function that runs a body between two others; it is async where the body is."""
    if iscoroutinefunction(body):

        @wraps(body)
        async def example(*args: P.args, **kwargs: P.kwargs) -> None:
            __tracebackhide__ = True
            before()
            await body(*args, **kwargs)
            behind()

    else:

        @wraps(body)
        def example(*args: P.args, **kwargs: P.kwargs) -> None:
            __tracebackhide__ = True
            before()
            body(*args, **kwargs)
            behind()

    return example

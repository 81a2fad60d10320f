"""A session: what it asks for, what it says at its head and end, and what it leaves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from llm_sim.pytest_plugin._settings import (
    DEFAULT_OUTPUT,
    MARKER,
    commanded,
    in_configuration,
    is_configured,
    is_switched_on,
    merged,
    on_command_line,
    path_of,
)

if TYPE_CHECKING:
    from llm_sim.kept import Baseline, FailureStore, GoldenTraces
    from llm_sim.pytest_plugin._simulator import Simulator

SIMULATOR: Final[pytest.StashKey[Simulator]] = pytest.StashKey()
"""What ran the scenarios of a test."""
BROKEN: Final = "llm_sim_broken"
"""The property of a failed test's report that names a law it breaks."""
FAILURES: Final = ".llm_sim/failures/*.failure.yaml"
"""What sweeps and fuzzed tests have saved; importing who writes it would cost every session."""

_PROFILES: Final = "llm-sim-"
_NOTED: Final = "llm_sim_noted"
_DISTRIBUTIONS: Final = {"pipecat": "pipecat-ai"}
_AUTO: Final = "auto"
_HEADED: Final = pytest.StashKey[bool]()
_SESSION: Final[pytest.StashKey[SimulationSession]] = pytest.StashKey()
_LAST_WORDS: Final[pytest.StashKey[tuple[list[str], list[str]]]] = pytest.StashKey()
"""What could not be written, and what happened to the baseline; in lines."""


@dataclass(frozen=True, slots=True)
class SimulationSession:
    """What holds for all tests of a session.

    Parameters:
        here: The directory in which pytest was started.
        output: Where traces are written.
        store: Where the failures of sweeps are kept.
        baseline: What is known to be broken.
        options: The words of the command line that hold for a replay as well.
        token: What is replayed on each test's scenarios instead of a sweep, or empty.
        golden: The golden traces that are written when the tests are done, or None: none are.
        lost: Why traces of the tests could not be written.
    """

    here: Path
    output: Path
    store: FailureStore
    baseline: Baseline
    options: tuple[str, ...] = ()
    token: str = ""
    golden: GoldenTraces | None = None
    lost: set[str] = field(default_factory=set)


def session_of(config: pytest.Config) -> SimulationSession:
    """Return what holds for all tests of a session; it is made when it is first asked for.

    Raises:
        UsageError: The baseline cannot be read.
    """
    session = config.stash.get(_SESSION, None)
    if session is None:
        session = config.stash[_SESSION] = _session(config)
    return session


def _session(config: pytest.Config) -> SimulationSession:
    from llm_sim.kept import FAILURES, Baseline, FailureStore, GoldenTraces

    here = config.invocation_params.dir
    given = on_command_line(config)
    return SimulationSession(
        here,
        here / (path_of(config, "output") or DEFAULT_OUTPUT),
        FailureStore(here / FAILURES),
        Baseline(
            path_of(config, "baseline") or None,
            update=is_switched_on(config, "baseline-update"),
            prune=is_switched_on(config, "baseline-prune"),
        ),
        tuple(
            word
            for name in ("target", "disable", "timeout")
            if name in given
            for word in (f"--llm-sim-{name}", str(given[name]))
        ),
        str(config.getoption("llm_sim_replay") or ""),
        GoldenTraces() if is_switched_on(config, "update") else None,
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Load what was asked for: profiles, before Hypothesis's plugin wants one; the baseline."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(target=, sweep=, trace=, disable=, timeout=): settings of a test with the "
        "fixture llm_sim, or with @fuzz",
    )
    if str(config.getoption("--hypothesis-profile", "")).startswith(_PROFILES):
        from llm_sim.strategies import register_profiles

        register_profiles()
    _check(config)


def _check(config: pytest.Config) -> None:
    """Refuse a command line that cannot hold."""
    token = config.getoption("llm_sim_replay")
    updates = is_switched_on(config, "baseline-update") or is_switched_on(config, "baseline-prune")
    baseline = updates or config.getoption("llm_sim_baseline")
    if not (token or baseline or on_command_line(config)):
        return
    from llm_sim.errors import UsageError

    try:
        if token:
            from llm_sim.schedule import decode

            decode(str(token))
        merged(commanded(config))
        if baseline:
            session_of(config)
    except UsageError as error:
        raise pytest.UsageError(f"llm_sim: {error}") from None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what the tests have left to write; a worker of pytest-xdist hands it over."""
    ours = session.config.stash.get(_SESSION, None)
    if ours is None:
        return
    to_controller = getattr(session.config, "workeroutput", None)
    if to_controller is not None:
        to_controller[_NOTED] = {
            "baseline": ours.baseline.noted(),
            "golden": {} if ours.golden is None else ours.golden.noted(),
            "lost": sorted(ours.lost),
        }
        return
    lost = [] if ours.golden is None else ours.golden.write()
    if lost:
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
    untraced = [f"traces are {why}" for why in sorted(ours.lost)]
    session.config.stash[_LAST_WORDS] = [*untraced, *lost], ours.baseline.finish()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of pytest-xdist noted."""
    noted = getattr(node, "workeroutput", {}).get(_NOTED)
    if noted is not None:
        ours = session_of(node.config)
        ours.lost.update(noted["lost"])
        ours.baseline.take_over(noted["baseline"])
        if ours.golden is not None:
            ours.golden.take_over(noted["golden"])


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what simulations run with, where anything is said about them or saved."""
    saved = sum(1 for _ in config.invocation_params.dir.glob(FAILURES))
    if not (saved or is_configured(config)):
        return []
    config.stash[_HEADED] = True
    return [_head(config, saved)]


def head_of_simulations(config: pytest.Config) -> list[str]:
    """Say what simulations run with, where a test simulates and the header has not said it."""
    if config.stash.get(_HEADED, False) or config.get_verbosity() < 0:
        return []
    return [_head(config, 0)]


def _head(config: pytest.Config, saved: int) -> str:
    given = {**in_configuration(config), **on_command_line(config)}
    target = str(given.pop("target", "reference"))
    trace = given.pop("trace", "off")
    parts = [f"{version('llm_sim')} on {_release(target)}", f"trace {trace}"]
    parts += [f"{name} {_words(value)}" for name, value in sorted(given.items())]
    if saved:
        parts.append(f"{saved} saved failure{'' if saved == 1 else 's'}")
    return f"llm_sim: {', '.join(parts)}"


def _words(value: Any) -> str:
    return value if isinstance(value, str) else " ".join(map(str, value))


def _release(target: str) -> str:
    """Return a target with the version of what it drives, where that is a package of its own."""
    if target == _AUTO:
        from llm_sim.targets import get_target

        return f"{_release(get_target(target).name)} ({target})"
    if target not in _DISTRIBUTIONS:
        return target
    try:
        return f"{target} {version(_DISTRIBUTIONS[target])}"
    except PackageNotFoundError:
        return f"{target} (not installed)"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell which laws were broken, what could not be written, and of the baseline."""
    for line in _broken(terminalreporter.stats.get("failed", [])):
        terminalreporter.line(line)
    lost, baseline = config.stash.get(_LAST_WORDS, ([], []))
    for line in lost:
        terminalreporter.line(f"llm_sim: {line}")
    if baseline:
        terminalreporter.section("llm_sim baseline")
    for line in baseline:
        terminalreporter.line(line)


def _broken(failed: Iterable[pytest.TestReport]) -> list[str]:
    tests: dict[str, list[str]] = {}
    for report in failed:
        # The report of a teardown repeats the properties of the call.
        if report.when == "call":
            laws = {str(law): None for name, law in report.user_properties if name == BROKEN}
            for law in laws:
                tests.setdefault(law, []).append(report.nodeid)
    return [
        f"llm_sim: {law}  {len(ids)} test{'' if len(ids) == 1 else 's'}  (first: {ids[0]})"
        for law, ids in sorted(tests.items())
    ]

"""A session: what it asks for, and what is written at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from llm_sim.pytest_plugin._options import (
    DEFAULT_OUTPUT,
    on_command_line,
    path_of,
)
from llm_sim.pytest_plugin._settings import MARKER, commanded, merged

if TYPE_CHECKING:
    from llm_sim.pytest_plugin._verdict import Session

_SESSION: Final = pytest.StashKey["Session"]()
FINISHED: Final = pytest.StashKey[list[str]]()
"""What happened to the baseline, in lines."""
LOST: Final = pytest.StashKey[list[str]]()
"""What could not be written, a line each."""

_PROFILES: Final = "llm-sim-"
_NOTED: Final = "llm_sim_noted"


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
    switches = ("baseline", "baseline_update", "baseline_prune")
    baseline = any(config.getoption(f"llm_sim_{name}") for name in switches)
    given = on_command_line(config)
    if not (token or baseline or given):
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


def session_of(config: pytest.Config) -> Session:
    """Return what holds for all tests of a session; it is made when it is first asked for.

    Raises:
        UsageError: The baseline cannot be read.
    """
    session = config.stash.get(_SESSION, None)
    if session is None:
        session = _session(config)
        config.stash[_SESSION] = session
    return session


def _session(config: pytest.Config) -> Session:
    from llm_sim.exploration import FAILURES, Baseline, FailureStore, GoldenTraces
    from llm_sim.pytest_plugin._verdict import Session

    here = config.invocation_params.dir
    given = on_command_line(config)
    return Session(
        here,
        here / (path_of(config, "output") or DEFAULT_OUTPUT),
        FailureStore(here / FAILURES),
        Baseline(
            path_of(config, "baseline") or None,
            update=bool(config.getoption("llm_sim_baseline_update")),
            prune=bool(config.getoption("llm_sim_baseline_prune")),
        ),
        tuple(
            word
            for name in ("target", "disable", "timeout")
            if name in given
            for word in (f"--llm-sim-{name}", str(given[name]))
        ),
        str(config.getoption("llm_sim_replay") or ""),
        GoldenTraces() if config.getoption("llm_sim_update") else None,
    )


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
    session.config.stash[LOST] = [*(f"traces are {why}" for why in sorted(ours.lost)), *lost]
    if lost:
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
    session.config.stash[FINISHED] = ours.baseline.finish()


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

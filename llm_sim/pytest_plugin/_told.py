"""What is told of a session: the line at its head, and the broken laws at its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

import pytest

from llm_sim.pytest_plugin._examples import is_fuzzed
from llm_sim.pytest_plugin._options import in_configuration, is_configured, on_command_line
from llm_sim.pytest_plugin._scenario_files import ScenarioItem, left_out
from llm_sim.pytest_plugin._session import FINISHED, LOST
from llm_sim.pytest_plugin._tests import BROKEN

if TYPE_CHECKING:
    from pathlib import Path

FAILURES: Final = ".llm_sim/failures/*.failure.yaml"
"""What sweeps and fuzzed tests have saved; importing who writes it would cost every session."""

_HEADED: Final = pytest.StashKey[bool]()
_DISTRIBUTIONS: Final = {"pipecat": "pipecat-ai"}


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what simulations run with, where anything is said about them or saved."""
    saved = _saved(config.invocation_params.dir)
    if not (saved or is_configured(config)):
        return []
    config.stash[_HEADED] = True
    return [_line(config, saved)]


def pytest_report_collectionfinish(
    config: pytest.Config, items: Sequence[pytest.Item]
) -> list[str]:
    """Name scenario files that are left out, and say what simulations run with.

    That is said where a test simulates and nothing has been said.
    """
    lines = [f"llm_sim: {each}" for each in left_out(config)]
    if config.stash.get(_HEADED, False) or config.get_verbosity() < 0:
        return lines
    if not any(_simulates(item) for item in items):
        return lines
    return [*lines, _line(config, 0)]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell which laws were broken, what could not be written, and of the baseline."""
    for line in _broken(terminalreporter.stats.get("failed", [])):
        terminalreporter.line(line)
    for line in config.stash.get(LOST, []):
        terminalreporter.line(f"llm_sim: {line}")
    finished = config.stash.get(FINISHED, [])
    if finished:
        terminalreporter.section("llm_sim baseline")
    for line in finished:
        terminalreporter.line(line)


def _simulates(item: pytest.Item) -> bool:
    asks = "llm_sim" in getattr(item, "fixturenames", ())
    return asks or isinstance(item, ScenarioItem) or is_fuzzed(item)


def _line(config: pytest.Config, saved: int) -> str:
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
    if target not in _DISTRIBUTIONS:
        return target
    try:
        return f"{target} {version(_DISTRIBUTIONS[target])}"
    except PackageNotFoundError:
        return f"{target} (not installed)"


def _saved(directory: Path) -> int:
    return sum(1 for _ in directory.glob(FAILURES))


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

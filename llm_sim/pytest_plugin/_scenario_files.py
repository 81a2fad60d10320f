"""Scenario files as test files: each scenario is a test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from llm_sim.pytest_plugin._session import SIMULATOR, session_of
from llm_sim.pytest_plugin._settings import settings_of

if TYPE_CHECKING:
    from llm_sim.scenario import Scenario

_SUFFIX: Final = ".sim.yaml"
_LEFT_OUT: Final = pytest.StashKey[list[Path]]()
_MISSPELT: Final = ".sim.yml"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioTests | None:
    """Collect ``test_*.sim.yaml`` everywhere, and ``*.sim.yaml`` in directories of scenarios."""
    if not file_path.name.endswith(_SUFFIX):
        if _is_meant(file_path, parent.config):
            parent.config.stash.setdefault(_LEFT_OUT, []).append(file_path)
        return None
    if (
        file_path.name.startswith("test_")
        or parent.session.isinitpath(file_path)
        or _is_among_scenarios(file_path.parent, parent.config)
    ):
        return ScenarioTests.from_parent(parent, path=file_path)
    return None


def left_out(config: pytest.Config) -> list[str]:
    """Return a line for each scenario file that only its name keeps from being collected."""
    here = config.invocation_params.dir
    return [
        f"{os.path.relpath(file, here)} is not collected: a scenario file's name ends in {_SUFFIX}"
        for file in config.stash.get(_LEFT_OUT, ())
    ]


def _is_meant(file: Path, config: pytest.Config) -> bool:
    """Return whether a file looks like scenarios, and only its name does not."""
    if file.suffix not in (".yaml", ".yml"):
        return False
    if not (file.name.endswith(_MISSPELT) or _is_among_scenarios(file.parent, config)):
        return False
    text = file.read_text(encoding="utf-8", errors="replace")
    return any(line.startswith("scenarios:") for line in text.splitlines())


def _is_among_scenarios(directory: Path, config: pytest.Config) -> bool:
    inside = directory.is_relative_to(config.rootpath)
    within = directory.relative_to(config.rootpath) if inside else directory
    chosen = (str(each).strip("/") for each in config.getini("llm_sim_scenarios"))
    return any(f"/{each}/" in f"/{within.as_posix()}/" for each in chosen)


class ScenarioTests(pytest.File):
    """A scenario file."""

    def collect(self) -> Iterator[ScenarioItem]:
        """Yield a test for each scenario of the file.

        Raises:
            CollectError: The file cannot be read, or something in it is wrong.
        """
        from llm_sim.errors import ScenarioError
        from llm_sim.scenario import load_scenarios

        file = os.path.relpath(self.path, self.config.invocation_params.dir)
        try:
            scenarios = load_scenarios(file)
        except ScenarioError as error:
            raise self.CollectError(str(error)) from None
        for scenario in scenarios:
            item = ScenarioItem.from_parent(self, name=scenario.name, scenario=scenario)
            for mark in scenario.marks:
                marker: pytest.MarkDecorator = getattr(pytest.mark, mark.name)
                item.add_marker(marker(reason=mark.reason) if mark.reason else marker)
            yield item


class ScenarioItem(pytest.Item):
    """A scenario as a test.

    Args:
        name: Its name.
        parent: Its file.
        scenario: What happens; it knows its place in the file.
    """

    def __init__(self, *, name: str, parent: pytest.Collector, scenario: Scenario) -> None:
        super().__init__(name=name, parent=parent)
        self.scenario = scenario

    def setup(self) -> None:
        """Prepare what runs the scenario.

        Raises:
            UsageError: What is said about the test cannot be.
        """
        from llm_sim.pytest_plugin._simulator import Simulator

        self.stash[SIMULATOR] = Simulator(
            str(self.scenario.place),
            settings_of(self),
            golden=session_of(self.config).golden,
            strict=(),
        )

    def runtest(self) -> None:
        """Run the scenario; its verdict is given when this is done."""
        root = str(self.config.rootpath)
        if root not in sys.path:
            # A bot may be named from the root directory, wherever pytest was started.
            sys.path.insert(0, root)
        self.stash[SIMULATOR].run(self.scenario)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the file, the line from 0, and the name of the test."""
        return self.path, self._line() - 1, self.name

    def place_of(self, wrong: object) -> tuple[int, str]:
        """Return the line in the file that a failure is about, and what is wrong there.

        Args:
            wrong: A finding, of which it is the line of the first expectation that was not met; or
                an error, which may name a line. Of anything else it is the scenario's line, and
                nothing is said.
        """
        from llm_sim.errors import ScenarioError
        from llm_sim.simulation import Finding, Unmet

        match wrong:
            case ScenarioError(problems=(first, *_)):
                return first.line or self._line(), first.message
            case Finding(verdict=Unmet(expectations=(missed, *_))):
                return self._line(missed.path), ""
        return self._line(), ""

    def _line(self, path: tuple[str | int, ...] = ()) -> int:
        position = self.scenario.place.position(path)
        return 1 if position is None else position[0]

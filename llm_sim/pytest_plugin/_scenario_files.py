"""Scenario files as test files: each scenario is a test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from _pytest._code.code import (
    ReprEntryNative,
    ReprExceptionInfo,
    ReprFileLocation,
    ReprTraceback,
    TerminalRepr,
)

from llm_sim.pytest_plugin._fixtures import SIMULATOR
from llm_sim.pytest_plugin._session import session_of
from llm_sim.pytest_plugin._settings import settings_of
from llm_sim.pytest_plugin._tests import VERDICT

if TYPE_CHECKING:
    from llm_sim.scenario import Mark, Scenario

_SUFFIX: Final = ".sim.yaml"
_LEFT_OUT: Final = pytest.StashKey[list[Path]]()
_MISSPELT: Final = ".sim.yml"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
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
        return ScenarioFile.from_parent(parent, path=file_path)
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


class ScenarioFile(pytest.File):
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
                item.add_marker(_marker(mark))
            yield item


def _marker(mark: Mark) -> pytest.MarkDecorator:
    marker: pytest.MarkDecorator = getattr(pytest.mark, mark.name)
    return marker(reason=mark.reason) if mark.reason else marker


class ScenarioItem(pytest.Item):
    """A scenario as a test.

    Args:
        scenario: What happens.
        **more: What pytest wants.
    """

    def __init__(self, *, scenario: Scenario, **more: Any) -> None:
        super().__init__(**more)
        self.scenario = scenario
        self.reference = str(scenario.place)
        self.line = self._line()

    def setup(self) -> None:
        """Prepare what runs the scenario."""
        from llm_sim.errors import UsageError
        from llm_sim.pytest_plugin._simulator import Simulator

        try:
            settings = settings_of(self)
            session = session_of(self.config)
        except UsageError as error:
            wrong = str(error)
        else:
            self.stash[SIMULATOR] = Simulator(
                self.reference, settings, source=self.reference, golden=session.golden, strict=()
            )
            return
        pytest.fail(wrong, pytrace=False)

    def runtest(self) -> None:
        """Run the scenario; its verdict is given when this is done."""
        from llm_sim.testing import check_names

        root = str(self.config.rootpath)
        if root not in sys.path:
            # Bots are named from the root directory, wherever pytest was started.
            sys.path.insert(0, root)
        check_names([self.scenario])
        self.stash[SIMULATOR].run(self.scenario)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the file, the line from 0, and the name of the test."""
        return self.path, self.line - 1, self.name

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> str | TerminalRepr:
        """Tell what failed, with the file's line that it is about; our own words have no trace."""
        from llm_sim.errors import LlmSimError, ScenarioError

        error = excinfo.value
        if not isinstance(error, pytest.fail.Exception | LlmSimError):
            return super().repr_failure(excinfo, style)
        told = str(error)
        file, line = self.scenario.place.file, self._line_of_failure()
        first = told.partition("\n")[0]
        if isinstance(error, ScenarioError):
            line, first = error.problems[0].line or line, error.problems[0].message
        lines = [f"{told}\n", f"\n{file}:{line}: {first}\n"]
        return ReprExceptionInfo(
            ReprTraceback([ReprEntryNative(lines)], None, "native"),
            ReprFileLocation(str(self.path), line, first),
        )

    def _line_of_failure(self) -> int:
        """Return the line of the first expectation that was not met, or of the scenario."""
        verdict = self.stash.get(VERDICT, None)
        first = None if verdict is None else verdict.first
        if first is None or not first.unmet or first.violations:
            return self.line
        return self._line(first.unmet[0].path)

    def _line(self, path: tuple[str | int, ...] = ()) -> int:
        position = self.scenario.place.position(path)
        return 1 if position is None else position[0]

"""The contracts of import-linter hold, and each of them fails when it is broken."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.command import environment
from tests.support.scenarios import ROOT

pytestmark = pytest.mark.slow

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


class Plant(NamedTuple):
    """A forbidden import.

    Parameters:
        contract: The contract that it breaks.
        package: The package that is given a module with it.
        source: The module.
        imported: What the contract's report names.
    """

    contract: str
    package: str
    source: str
    imported: str

    @property
    def module(self) -> str:
        """The module's name, one of its own for each plant."""
        return f"_planted_{PLANTS.index(self)}"


PLANTS = [
    Plant("layers", "loop", "import llm_sim.network", "llm_sim.network"),
    Plant("layers", "service", "from llm_sim.trace import Trace", "llm_sim.trace"),
    Plant("layers", "frames", "def f(): from llm_sim.loop import SimLoop", "llm_sim.loop"),
    Plant("doors", "cli", "import llm_sim.trace._codec", "llm_sim.trace._codec"),
    Plant("doors", "cli", "from llm_sim.trace import _codec", "llm_sim.trace._codec"),
    Plant(
        "doors",
        "testing",
        "import typing\nif typing.TYPE_CHECKING: import llm_sim.loop._clock",
        "llm_sim.loop._clock",
    ),
    Plant("machine", "schedulers", "from llm_sim.frames import Frame", "llm_sim.frames"),
    Plant("reports", "invariants", "from llm_sim.{reports} import timeline", "llm_sim.{reports}"),
    Plant("reports", "exploration", "def f(): import llm_sim.{reports}", "llm_sim.{reports}"),
    Plant("verdicts", "invariants", "from llm_sim.loop import SimLoop", "llm_sim.loop"),
    Plant("pipecat", "targets", "import pipecat", "pipecat"),
    Plant("pipecat", "targets.reference", "def f(): from loguru import logger", "loguru"),
    Plant("pytest", "testing", "def f(): import pytest", "pytest"),
    Plant("pytest", "cli", "from _pytest.outcomes import Failed", "_pytest"),
    Plant("hypothesis", "simulation", "def f(): import hypothesis.strategies", "hypothesis"),
]


def contracts() -> dict[str, dict[str, str]]:
    """Return the contracts of the project by their ids."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {one["id"]: one for one in settings["tool"]["importlinter"]["contracts"]}


CONTRACTS = contracts()
REPORTS = CONTRACTS["reports"]["protected_modules"][0].rpartition(".")[2]


def copied(to: Path) -> Path:
    """Copy the package and the contracts."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "llm_sim", to / "llm_sim", ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", to)
    return to


def linted(directory: Path) -> str:
    """Return what import-linter prints."""
    told = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--no-logo"],
        cwd=directory,
        env=environment(PYTHONPATH=str(directory), COLUMNS="200"),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert told.stderr == ""
    return told.stdout


def broken(printed: str) -> Iterator[tuple[str, str]]:
    """Yield each broken contract's name with the part of the report that is about it."""
    _, _, details = printed.partition("Broken contracts")
    parts = re.split(r"(?m)^(.+)\n-{10,}\n", details)
    yield from zip(parts[1::2], parts[2::2], strict=True)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what the check says of each contract when every plant is there."""
    directory = copied(tmp_path_factory.mktemp("planted"))
    for plant in PLANTS:
        package = directory.joinpath("llm_sim", *plant.package.split("."))
        source = plant.source.format(reports=REPORTS)
        (package / f"{plant.module}.py").write_text(source, encoding="utf-8")
    return dict(broken(linted(directory)))


def test_every_contract_holds(tmp_path: Path) -> None:
    printed = linted(copied(tmp_path))
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in printed


def test_every_contract_is_tried_here() -> None:
    assert {plant.contract for plant in PLANTS} == set(CONTRACTS)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.contract}-{plant.source}")
def test_a_forbidden_import_breaks_its_contract(plant: Plant, planted: dict[str, str]) -> None:
    imported = plant.imported.format(reports=REPORTS)
    told = planted[CONTRACTS[plant.contract]["name"]]
    assert f"llm_sim.{plant.package}.{plant.module} -> {imported} (" in told

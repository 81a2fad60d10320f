"""The names that users may rely on."""

from __future__ import annotations

import ast
import importlib
import re
from importlib.metadata import version

import pytest

import llm_sim
from tests.support.modules import Module, modules

DOORS = [module for module in modules() if module.is_package]
ROOT_DOOR = DOORS[0]


def as_ruff_sorts(name: str) -> tuple[int, str]:
    """Return a key by which constants come before classes, and these before the rest."""
    if re.fullmatch(r"[A-Z][A-Z0-9_]+", name):
        return 0, name
    return (1 if name[0].isupper() else 2), name


def listed(door: Module) -> list[str]:
    """Return the ``__all__`` of a package."""
    return list(getattr(importlib.import_module(door.name), "__all__", ()))


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_the_names_of_a_package_are_sorted_and_each_once(door: Module) -> None:
    names = listed(door)
    assert names == sorted(set(names), key=as_ruff_sorts)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_each_name_of_a_package_resolves(door: Module) -> None:
    package = importlib.import_module(door.name)
    assert [name for name in listed(door) if not hasattr(package, name)] == []


def test_every_package_with_code_says_what_is_public() -> None:
    silent = [door.name for door in DOORS if door.imports() - {"__future__"} and not listed(door)]
    assert silent == []


def test_the_names_of_the_package_are_these() -> None:
    assert llm_sim.__all__ == [
        "LAWS",
        "Bot",
        "Down",
        "ExpectationError",
        "F",
        "Finding",
        "FramePattern",
        "InvariantViolation",
        "LlmSimError",
        "Network",
        "Run",
        "Scenario",
        "Schedule",
        "Setup",
        "SimLoop",
        "SmokeReport",
        "Summary",
        "SweepReport",
        "Tool",
        "Trace",
        "Up",
        "Violation",
        "__version__",
        "after",
        "at",
        "at_step",
        "call",
        "cancel",
        "end",
        "fail",
        "fuzz",
        "hold",
        "interrupt",
        "load_scenarios",
        "replay",
        "run",
        "run_test",
        "say",
        "smoke",
        "sweep",
        "turn",
        "user_says",
        "user_starts",
        "user_stops",
        "wait",
    ]


def test_type_checkers_see_the_names_that_are_resolved() -> None:
    (block,) = [node for node in ast.parse(ROOT_DOOR.source).body if isinstance(node, ast.If)]
    seen = [
        alias.asname or alias.name
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert sorted([*seen, "__version__"]) == sorted(llm_sim.__all__)


def test_the_names_can_be_listed() -> None:
    assert dir(llm_sim) == sorted(llm_sim.__all__)


def test_a_name_that_is_not_there_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match=r"^module 'llm_sim' has no attribute 'swep'$"):
        llm_sim.swep  # noqa: B018


def test_the_version_is_that_of_the_installed_distribution() -> None:
    assert llm_sim.__version__ == version("llm_sim")

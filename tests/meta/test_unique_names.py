"""One name, one thing: what a class or a module is called says which one it is."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tests.support.modules import Module, modules

MOST_MODULES_OF_A_NAME = 2
"""A command and what it runs may share a name; a third thing needs one of its own."""


def package_modules() -> list[Module]:
    """Return the modules of the package, without the project that ``llm-sim init`` writes."""
    return [module for module in modules() if not module.name.startswith("llm_sim.cli.init")]


def shared_class_names(found: Iterable[Module]) -> dict[str, list[str]]:
    """Return the public class names that more than one module defines, with these modules."""
    places: dict[str, dict[str, None]] = defaultdict(dict)
    for module in found:
        for node in ast.walk(ast.parse(module.source)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name][module.name] = None
    return {name: list(where) for name, where in places.items() if len(where) > 1}


def crowded_module_names(found: Iterable[Module]) -> dict[str, list[str]]:
    """Return the names of private modules that too many packages use, with these packages."""
    places: dict[str, list[str]] = defaultdict(list)
    for module in found:
        package, _, name = module.name.rpartition(".")
        if name.startswith("_"):
            places[name].append(package)
    return {name: where for name, where in places.items() if len(where) > MOST_MODULES_OF_A_NAME}


def test_each_public_class_name_is_defined_once() -> None:
    assert shared_class_names(package_modules()) == {}


def test_no_module_name_stands_for_three_things() -> None:
    assert crowded_module_names(package_modules()) == {}


def test_what_is_called_alike_is_found(tmp_path: Path) -> None:
    sources = {
        "a": "class Run: ...\nclass _Watch: ...",
        "b": "if True:\n    class Run: ...\nclass _Watch: ...",
        "c": "class Trace: ...",
    }
    found = []
    for package, source in sources.items():
        file = tmp_path / package / "_fuzz.py"
        file.parent.mkdir()
        file.write_text(source, encoding="utf-8")
        found.append(Module(f"llm_sim.{package}._fuzz", file))
    assert shared_class_names(found) == {"Run": ["llm_sim.a._fuzz", "llm_sim.b._fuzz"]}
    assert crowded_module_names(found) == {"_fuzz": ["llm_sim.a", "llm_sim.b", "llm_sim.c"]}
    assert crowded_module_names(found[:2]) == {}

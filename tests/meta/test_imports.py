"""Each package stands on its own, and the modules of a package import each other in one direction.

The rules between packages are contracts of import-linter, see `test_import_rules`. It counts
typing-only imports, which siblings may have in both directions.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.command import environment
from tests.support.modules import Module, modules
from tests.support.scenarios import ROOT

pytestmark = pytest.mark.slow

# Each package is imported in a fork of its own, which has the libraries but none of llm_sim. A
# module in it brings its door along, so it is tried with it.
ALONE = """
import importlib, os, sys, traceback
import asyncio, pydantic, pytest, rich.console, rich.progress, typer, yaml

for name in sys.argv[1:]:
    child = os.fork()
    if not child:
        try:
            importlib.import_module(name)
        except BaseException:
            print(f"{name}: {traceback.format_exc()}", flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_each_package_can_be_imported_first() -> None:
    names = [module.name for module in modules() if module.is_package]
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", ALONE, *names],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert (told.stdout, told.stderr) == ("", "")


def test_importing_the_package_imports_none_of_its_parts() -> None:
    source = (
        "import llm_sim, sys; print(*sorted(n for n in sys.modules if n.startswith('llm_sim')))"
    )
    told = subprocess.run(
        [sys.executable, "-c", source],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert told.stdout.split() == ["llm_sim"]


def run_at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run when a module is imported: not those for type checkers."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield node
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            yield from run_at_import(getattr(node, "body", []))
        for part in ("orelse", "finalbody"):
            yield from run_at_import(getattr(node, part, []))
        for handler in getattr(node, "handlers", []):
            yield from run_at_import(handler.body)


def imported_by(module: Module, known: set[str]) -> Iterator[str]:
    """Yield the modules of llm_sim that a module imports when it is imported."""
    for node in run_at_import(ast.parse(module.source).body):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module.name} has a relative import"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in known else str(node.module) for name in inner]
        else:
            continue
        yield from (name for name in names if name in known)


def child(name: str, package: str) -> str:
    """Return the child of a package in which a module stands; the door is a child, too."""
    rest = name.removeprefix(package).lstrip(".")
    return rest.partition(".")[0] or "__init__"


def cycles(root: Path = ROOT) -> dict[str, list[str]]:
    """Return for each package a cycle among its children, if there is one."""
    found = list(modules(root))
    known = {module.name for module in found}
    arrows = [(m.name, other) for m in found for other in imported_by(m, known) if other != m.name]
    circles = {}
    for package in (module.name for module in found if module.is_package):
        graph: dict[str, set[str]] = {}
        for one, other in arrows:
            if all(f"{name}.".startswith(f"{package}.") for name in (one, other)):
                source, target = child(one, package), child(other, package)
                if source != target:
                    graph.setdefault(source, set()).add(target)
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circles[package] = error.args[1]
    return circles


def test_no_package_has_a_cycle_among_its_parts() -> None:
    assert cycles() == {}


def test_a_cycle_that_is_planted_in_a_copy_is_found(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "llm_sim", tmp_path / "llm_sim")
    with (tmp_path / "llm_sim" / "loop" / "_clock.py").open("a", encoding="utf-8") as file:
        file.write("import llm_sim.loop._sim_loop\n")
    assert set(cycles(tmp_path)) == {"llm_sim.loop"}


@pytest.mark.parametrize(
    ("one", "circles"),
    [
        ("from llm_sim.room._other import x", {"llm_sim.room"}),
        ("import llm_sim.room._other", {"llm_sim.room"}),
        ("from llm_sim.room import _other", {"llm_sim.room"}),
        ("try: import llm_sim.room._other\nexcept ImportError: pass", {"llm_sim.room"}),
        ("class A:\n    from llm_sim.room._other import x", {"llm_sim.room"}),
        ("from llm_sim.room import x", {"llm_sim.room"}),
        ("from llm_sim.attic import x", {"llm_sim"}),
        ("import typing\nif typing.TYPE_CHECKING: from llm_sim.room._other import x", set()),
        ("def f(): from llm_sim.room._other import x", set()),
        ("import other", set()),
    ],
)
def test_a_cycle_is_found_unless_it_is_for_type_checkers_or_in_a_function(
    tmp_path: Path, one: str, circles: set[str]
) -> None:
    sources = {
        "__init__": "",
        "room/__init__": "from llm_sim.room._other import x",
        "room/_other": "from llm_sim.room._one import y",
        "room/_one": one,
        "attic/__init__": "from llm_sim.room import x",
    }
    for name, source in sources.items():
        file = tmp_path / "llm_sim" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")
    assert set(cycles(tmp_path)) == circles

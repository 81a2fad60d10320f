"""Each package stands on its own."""

from __future__ import annotations

import subprocess
import sys

from tests.support.command import environment
from tests.support.modules import modules

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

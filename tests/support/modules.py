"""The modules of the package, from its files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.scenarios import ROOT


@dataclass(frozen=True)
class Module:
    """One module of llm_sim.

    Parameters:
        name: Its dotted name.
        path: Its file.
    """

    name: str
    path: Path

    @property
    def source(self) -> str:
        """Its text."""
        return self.path.read_text(encoding="utf-8")

    @property
    def is_package(self) -> bool:
        """Whether it is the door of a package."""
        return self.path.name == "__init__.py"

    def imports(self) -> set[str]:
        """Return the packages that it imports at its top level."""
        found: set[str] = set()
        for node in ast.parse(self.source).body:
            if isinstance(node, ast.Import):
                found.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
        return found


def modules(root: Path = ROOT) -> Iterator[Module]:
    """Yield every module of the package in alphabetical order.

    Args:
        root: The directory of the package.
    """
    for path in sorted((root / "llm_sim").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        yield Module(".".join(part for part in parts if part != "__init__"), path)

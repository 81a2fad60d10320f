"""House rule 9: no module over 400 lines, no function over 60; a docstring is not counted."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.support.modules import Module, modules

MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_FUNCTION = 60


def functions(module: Module) -> Iterator[tuple[str, int]]:
    """Yield each function of a module with its lines."""
    for node in ast.walk(ast.parse(module.source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield node.name, lines - len((ast.get_docstring(node) or "").splitlines())


def test_no_module_is_too_long() -> None:
    sizes = {module.name: len(module.source.splitlines()) for module in modules()}
    assert {n: size for n, size in sizes.items() if size > MOST_LINES_OF_A_MODULE} == {}


def test_no_function_is_too_long() -> None:
    long = [
        (module.name, name, lines)
        for module in modules()
        for name, lines in functions(module)
        if lines > MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []

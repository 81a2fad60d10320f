"""What a signature takes: a Setup as a whole, and no options that nobody can name."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

import pytest

from tests.support.modules import Module, modules

PACKAGES = ("simulation", "exploration", "testing", "cli", "pytest_plugin")
"""The high floors, where a Setup is passed on and its parts are not."""

PARTS = frozenset({"bot", "target", "limits", "laws", "place"})
"""The parts of a Setup that a signature may ask for only where a Setup is made."""

MOST_WITH_PARTS = 15
"""So many signatures may take two parts or more: the front doors, which make a Setup of them."""

_MAPPINGS = ("dict[str, Any]", "Mapping[str, Any]", "MutableMapping[str, Any]")

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules_of(package: str) -> list[Module]:
    """Return the modules of a package, without the project that ``llm-sim init`` writes."""
    door = f"llm_sim.{package}"
    return [
        module
        for module in modules()
        if module.name == door
        or (module.name.startswith(f"{door}.") and not module.name.startswith("llm_sim.cli.init"))
    ]


def functions(source: str) -> Iterator[_Function]:
    """Yield every function and method of a module, the inner ones too."""
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, _Function))


def parameters(function: _Function) -> list[ast.arg]:
    """Return what is given to a function by name or by place."""
    arguments = function.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def options_passed_on(function: _Function) -> list[str]:
    """Return the names of options of any kind that a function passes on.

    A wrapper (``@wraps``) passes on what the wrapped function declares: it has no signature of its
    own.
    """
    if any("wraps" in ast.unparse(each) for each in function.decorator_list):
        return []
    taken = {
        each.arg
        for each in parameters(function)
        if each.annotation is not None and ast.unparse(each.annotation) in _MAPPINGS
    }
    rest = function.args.kwarg
    # ``Unpack[How]`` says of each option what it is.
    if rest is not None and (rest.annotation is None or ast.unparse(rest.annotation) == "Any"):
        taken.add(rest.arg)
    return sorted(
        {
            keyword.value.id
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
            for keyword in node.keywords
            if keyword.arg is None
            and isinstance(keyword.value, ast.Name)
            and keyword.value.id in taken
        }
    )


def parts_taken(function: _Function) -> list[str]:
    """Return which parts of a Setup a function takes."""
    return sorted(PARTS.intersection(each.arg for each in parameters(function)))


def asked(
    found: Iterable[Module], ask: Callable[[_Function], list[str]], *, fewest: int
) -> list[str]:
    """Return what a question finds in the functions of modules, a line each.

    Args:
        found: The modules.
        ask: The question; it answers with names.
        fewest: With fewer names an answer is not told.
    """
    return [
        f"{module.name}.{function.name}: {', '.join(names)}"
        for module in found
        for function in functions(module.source)
        if len(names := ask(function)) >= fewest
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_signature_passes_options_on_that_it_does_not_name(package: str) -> None:
    assert asked(modules_of(package), options_passed_on, fewest=1) == []


def test_few_signatures_take_a_setup_in_parts() -> None:
    found = [module for package in PACKAGES for module in modules_of(package)]
    takers = asked(found, parts_taken, fewest=2)
    assert len(takers) <= MOST_WITH_PARTS, "\n".join(takers)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_looked_at(package: str) -> None:
    assert modules_of(package)


@pytest.mark.parametrize(
    ("source", "options", "parts"),
    [
        ("def f(*, bot: Any, target: Any) -> None: ...", [], ["bot", "target"]),
        ("def f(bot: Any) -> None: ...", [], ["bot"]),
        ("def f(**how: Any) -> None:\n    g(**how)", ["how"], []),
        ("async def f(how: dict[str, Any]) -> None:\n    g(1, **how)", ["how"], []),
        ("def f(how: Mapping[str, Any]) -> None:\n    return lambda: g(**how)", ["how"], []),
        ("def f(**how: Any) -> None:\n    print(how)", [], []),
        ("def f(**how: Unpack[How]) -> None:\n    g(**how)", [], []),
        ("def f(data: dict[str, Any]) -> Any:\n    return g(data, **other)", [], []),
        ("@wraps(test)\ndef f(*args: Any, **kwargs: Any) -> None:\n    g(**kwargs)", [], []),
    ],
)
def test_a_signature_is_read_as_it_is_written(
    source: str, options: list[str], parts: list[str]
) -> None:
    (function,) = functions(source)
    assert (options_passed_on(function), parts_taken(function)) == (options, parts)


def test_the_fields_of_a_class_are_no_signature() -> None:
    assert list(functions("@dataclass\nclass Setup:\n    bot: Bot\n    target: Target")) == []

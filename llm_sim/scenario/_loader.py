"""The loader: a reference to a file, or to one scenario in it, becomes scenarios."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from pydantic import ValidationError

from llm_sim.errors import Problem, ScenarioError, did_you_mean
from llm_sim.scenario._entries import Entries, base_of
from llm_sim.scenario._file import ScenarioFile
from llm_sim.scenario._mistakes import Mistake, mistakes_of, show
from llm_sim.scenario._model import Scenario
from llm_sim.scenario._place import Place, names_one
from llm_sim.scenario._plain import Plain

if TYPE_CHECKING:
    from llm_sim.scenario._yaml import Document

_Model = TypeVar("_Model", bound=Plain)


def load_scenarios(reference: str | Path) -> tuple[Scenario, ...]:
    """Load the scenarios of a file, or those of a name.

    An entry with ``extends: NAME``, or ``extends: FILE::NAME`` with a path from its own file,
    inherits everything but the name of another entry. Where both have a mapping under a key
    (``tools``, ``latency``), its items are put over the inherited ones, each as a whole; anything
    else under a key, a list too, replaces what is inherited.

    A list of durations as a latency makes one scenario of each: ``latency: {slow: [50ms, 5s]}`` in
    the entry ``name`` makes ``name[slow=50ms]`` and ``name[slow=5s]``; several lists make every
    combination.

    Args:
        reference: ``FILE`` or ``FILE::NAME``; the name of an entry with lists means all that it
            makes, ``FILE::NAME[slow=5s]`` one of them.

    Returns:
        The scenarios in the order of the file; the ``place`` of each finds its parts there.

    Raises:
        ScenarioError: The file cannot be read, or something in it is wrong: every mistake is
            listed with line and column, in the order of the file.
    """
    if not isinstance(reference, str | Path):
        wrong = f"reference must be FILE or FILE::NAME, not {show(reference)}"
        raise ScenarioError(Problem(wrong))
    place = Place.parse(reference)
    scenarios = _loaded(place.file)
    return _named(place.name, scenarios, place.file) if names_one(reference) else scenarios


def load_document(file: str | Path, model: type[_Model]) -> _Model:
    """Load a file of plain data.

    Args:
        file: Its path; messages name it as it is given.
        model: What the whole file must be.

    Raises:
        ScenarioError: The file cannot be read, or something in it is wrong: every mistake is
            listed with line and column, in the order of the file.
    """
    document = _document(str(file))
    return _validated(document, document.data, model)


def _text(file: str) -> str:
    path = Path(file)
    if not file:
        _fail("", "the reference names no file: write FILE or FILE::NAME")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        _fail(file, f"there is no such file{_neighbour(path)}")
    except IsADirectoryError:
        _fail(file, "this is a directory: name a file in it")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        _fail(file, f"the file cannot be read: {reason}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        wrong = f"byte 0x{content[error.start]:02x} is not UTF-8: save the file as UTF-8"
        raise ScenarioError(Problem(wrong, file, line, column)) from None


def _neighbour(path: Path) -> str:
    try:
        names = sorted(each.name for each in path.parent.iterdir() if each.is_file())
    except OSError:
        return ""
    return did_you_mean(path.name, names)


def _loaded(file: str) -> tuple[Scenario, ...]:
    """Return the scenarios of a file, each with its place."""
    document = _document(file)
    data = document.data
    scenarios = data.get("scenarios") if isinstance(data, Mapping) else None
    if not isinstance(scenarios, list) or not scenarios:
        return _validated(document, document.data, ScenarioFile).scenarios
    entries = Entries(document, _document)
    document.problems += entries.problems
    if not entries.all:
        _raise(document)
    whole = {**data, "scenarios": [entry.data for entry in entries.all]}

    def problem(mistake: Mistake) -> Problem:
        match mistake.path:
            case ("scenarios", int(index), *path):
                return entries.all[index].problem(replace(mistake, path=tuple(path)))
        return document.problem(mistake)

    scenarios = _validated(document, whole, ScenarioFile, problem).scenarios
    return tuple(
        scenario.placed(Place(file, scenario.name, written=entry))
        for scenario, entry in zip(scenarios, entries.all, strict=True)
    )


def _document(file: str) -> Document:
    """Read a file; what is wrong with it as YAML stands in its problems, if there is any of it."""
    from llm_sim.scenario._yaml import read

    document = read(_text(file), file)
    if document.root is None:
        empty = Problem("the file is empty: begin with `version: 1`", file, 1, 1)
        raise ScenarioError(*(document.problems or [empty]))
    return document


def _validated(
    document: Document,
    data: Any,
    model: type[_Model],
    problem: Callable[[Mistake], Problem] | None = None,
) -> _Model:
    problems = document.problems
    try:
        parsed = model.model_validate(data)
    except ValidationError as error:
        problems += [(problem or document.problem)(mistake) for mistake in mistakes_of(error)]
    if problems:
        _raise(document)
    return parsed


def _raise(document: Document) -> NoReturn:
    problems = document.problems
    # The file that was named comes first, then those that it extends; each in its own order.
    files = list(dict.fromkeys((document.file, *(problem.file for problem in problems))))
    in_order = sorted(problems, key=lambda each: (files.index(each.file), each.line, each.column))
    # Aliases and entries that are extended lead to one place in several ways.
    raise ScenarioError(*dict.fromkeys(in_order))


def _named(name: str, scenarios: tuple[Scenario, ...], file: str) -> tuple[Scenario, ...]:
    names = [scenario.name for scenario in scenarios]
    if name in names:
        return (scenarios[names.index(name)],)
    variants = tuple(scenario for scenario in scenarios if base_of(scenario.name) == name)
    if not variants:
        near = did_you_mean(name, names)
        _fail(file, f"there is no scenario {name!r}{near}: the file has {', '.join(names)}")
    return variants


def _fail(file: str, message: str) -> NoReturn:
    raise ScenarioError(Problem(message, file)) from None

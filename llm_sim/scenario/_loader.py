"""The loader: a reference to a file, or to one scenario in it, becomes scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import ValidationError

from llm_sim.errors import Problem, ScenarioError, did_you_mean
from llm_sim.scenario._file import ScenarioFile
from llm_sim.scenario._findings import findings_of, show
from llm_sim.scenario._model import Scenario
from llm_sim.scenario._plain import Plain

_SEPARATOR = "::"
_Document = TypeVar("_Document", bound=Plain)


def load_scenarios(reference: str | Path) -> tuple[Scenario, ...]:
    """Load the scenarios of a file, or one of them.

    Args:
        reference: ``FILE`` or ``FILE::NAME``.

    Returns:
        The scenarios in the order of the file; one if a name is given.

    Raises:
        ScenarioError: The file cannot be read, or something in it is wrong: every mistake is
            listed with line and column, in the order of the file.
    """
    if not isinstance(reference, str | Path):
        wrong = f"reference must be FILE or FILE::NAME, not {show(reference)}"
        raise ScenarioError(Problem(wrong))
    file, separator, name = str(reference).partition(_SEPARATOR)
    scenarios = load_document(file, ScenarioFile).scenarios
    return (_named(name, scenarios, file),) if separator else scenarios


def load_document(file: str | Path, model: type[_Document]) -> _Document:
    """Load a file of plain data.

    Args:
        file: Its path; messages name it as it is given.
        model: What the whole file must be.

    Raises:
        ScenarioError: The file cannot be read, or something in it is wrong: every mistake is
            listed with line and column, in the order of the file.
    """
    return _parse(_text(str(file)), str(file), model)


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


def _parse(text: str, file: str, model: type[_Document]) -> _Document:
    from llm_sim.scenario._yaml import read

    document = read(text, file)
    problems = document.problems
    if document.root is None and not problems:
        problems.append(Problem("the file is empty: begin with `version: 1`", file, 1, 1))
    if document.root is None:
        raise ScenarioError(*problems)
    try:
        parsed = model.model_validate(document.data)
    except ValidationError as error:
        problems += [document.problem(finding) for finding in findings_of(error)]
    if problems:
        in_order = sorted(problems, key=lambda problem: (problem.line, problem.column))
        # Aliases lead to one place in several ways.
        raise ScenarioError(*dict.fromkeys(in_order))
    return parsed


def _named(name: str, scenarios: tuple[Scenario, ...], file: str) -> Scenario:
    by_name = {scenario.name: scenario for scenario in scenarios}
    if name not in by_name:
        near = did_you_mean(name, list(by_name))
        _fail(file, f"there is no scenario {name!r}{near}: the file has {', '.join(by_name)}")
    return by_name[name]


def _fail(file: str, message: str) -> NoReturn:
    raise ScenarioError(Problem(message, file)) from None

"""What is wrong with plain data, in our own words, placed by its path.

pydantic collects the mistakes; every model hands them on as mistakes, whose text is complete, so
that whoever shows them only has to say where: a path in Python, a line and column in a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from llm_sim.errors import did_you_mean

Path = tuple[str | int, ...]
"""Keys and indices from the outermost value to the one that is meant."""

Kind = Literal["value", "key", "whole"]

_LONGEST_VALUE = 60
_KINDS: dict[str, Kind] = {"value": "value", "key": "key", "whole": "whole"}
_KEY_OF_A_MAPPING = "[key]"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in plain data.

    Parameters:
        path: Where it stands.
        message: For a ``value``, the rest of a sentence that begins with its name ("must be …");
            a whole sentence otherwise.
        kind: ``value`` and ``whole`` stand at the value, ``key`` stands at its key.
    """

    path: Path
    message: str
    kind: Kind = "value"

    def below(self, *parents: str | int) -> Mistake:
        """Return the mistake as seen from further out."""
        return Mistake((*parents, *self.path), self.message, self.kind)


def refusal(mistakes: Iterable[Mistake]) -> ValidationError:
    """Return the mistakes as the error that pydantic carries outwards."""
    return ValidationError.from_exception_data(
        "scenario",
        [
            InitErrorDetails(
                type=PydanticCustomError(mistake.kind, _printable(mistake.message)),
                loc=tuple(_utf8(part) for part in mistake.path),
                input=None,
            )
            for mistake in mistakes
        ],
    )


def mistakes_of(
    error: ValidationError, keys: tuple[str, ...] = (), remedies: Mapping[str, str] | None = None
) -> list[Mistake]:
    """Tell an error of pydantic in our words.

    Args:
        error: What pydantic collected for one model.
        keys: The keys that the model knows.
        remedies: What to add for a key that is missing.
    """
    return [_mistake(detail, keys, remedies or {}) for detail in error.errors(include_url=False)]


def show(value: Any) -> str:
    """Return a value as an error shows it: short, on one line, in the words of the file."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def name_of(path: Path) -> str:
    """Return the last key of a path with the indices after it, such as ``script[0]``."""
    start = max((i for i, part in enumerate(path) if isinstance(part, str)), default=0)
    return spell(path[start:])


def spell(path: Path) -> str:
    """Return a path as Python would write it, such as ``script[0][1].args``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return _printable(text.removeprefix("."))


def is_utf8(text: str) -> bool:
    """Return whether UTF-8 can write a text: no half of a surrogate pair stands in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _utf8(part: str | int) -> str | int:
    # pydantic refuses to carry the other texts.
    return part if isinstance(part, int) or is_utf8(part) else _printable(part)


def _mistake(detail: ErrorDetails, keys: tuple[str, ...], remedies: Mapping[str, str]) -> Mistake:
    path, kind = detail["loc"], detail["type"]
    if path and path[-1] == _KEY_OF_A_MAPPING:
        message = detail["msg"] if kind in _KINDS else "must be text"
        return Mistake(path[:-1], f"key {show(path[-2])} {message}", "key")
    if kind in _KINDS:
        return Mistake(path, detail["msg"], _KINDS[kind])
    if kind == "invalid_key":
        return Mistake(path, f"key {show(path[-1])} must be text", "key")
    if kind == "extra_forbidden":
        wrong = str(path[-1])
        return Mistake(path, f"unknown key {wrong!r}{did_you_mean(wrong, keys)}", "key")
    if kind == "missing":
        missing = str(path[-1])
        remedy = f": add `{remedies[missing]}`" if missing in remedies else ""
        return Mistake(path[:-1], f"missing key {missing!r}{remedy}", "whole")
    return Mistake(path, _must(kind, detail))


def _must(kind: str, detail: ErrorDetails) -> str:
    value = detail["input"]
    shown = show(value)
    match kind:
        case "string_type":
            quotes = isinstance(value, bool | int | float)
            return f"must be text, not {shown}" + (": put it in quotes" if quotes else "")
        case "string_unicode":
            return f"must be text that UTF-8 can write, not {shown}"
        case "bool_type":
            return f"must be true or false, not {shown}"
        case "int_type":
            return f"must be a whole number, not {shown}"
        case "greater_than_equal":
            return f"must be {detail['ctx']['ge']} or more, not {shown}"
        case "tuple_type":
            return f"must be a list, not {shown}"
        case "dict_type" | "model_type":
            return f"must be a mapping, not {shown}"
        case "value_error":
            return str(detail["ctx"]["error"])
        case "literal_error":
            words = re.findall(r"'(\w+)'", detail["ctx"]["expected"])
            near = did_you_mean(value, words) if isinstance(value, str) else ""
            return f"must be {' or '.join(words)}, not {shown}{near}"
    return f"must be something else, not {shown}: {detail['msg']}"

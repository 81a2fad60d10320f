"""JSON values: what a model can put into a call and a tool can answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetJsonSchemaHandler,
    StrictStr,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from llm_sim.scenario._mistakes import Mistake, Path, is_utf8, refusal, show

_DEEPEST = 100
_UTF8_TEXT = "must be text that UTF-8 can write"


def _validate(value: Any) -> Any:
    mistakes: list[Mistake] = []
    copied = _copied(value, (), mistakes)
    if mistakes:
        raise refusal(mistakes)
    return copied


def checked_object(value: Any) -> dict[str, Any]:
    """Return a copy of a mapping, or refuse what is no plain data in it."""
    if not isinstance(value, Mapping):
        raise refusal([Mistake((), f"must be a mapping, not {show(value)}")])
    return dict(_validate(value))


def _copied(value: Any, path: Path, mistakes: list[Mistake]) -> Any:
    if len(path) > _DEEPEST:
        mistakes.append(Mistake(path, f"must not be nested deeper than {_DEEPEST} levels"))
        return None
    match value:
        case None | bool() | int():
            return value
        case str():
            if not is_utf8(value):
                mistakes.append(Mistake(path, f"{_UTF8_TEXT}, not {show(value)}"))
            return value
        case float():
            if not math.isfinite(value):
                mistakes.append(Mistake(path, f"must be a finite number, not {show(value)}"))
            return value
        case list() | tuple():
            return [_copied(item, (*path, i), mistakes) for i, item in enumerate(value)]
        case Mapping():
            return _copied_mapping(value, path, mistakes)
    wanted = "must be plain data: text, a number, true, false, null, a list or a mapping"
    mistakes.append(Mistake(path, f"{wanted}, not {show(value)}"))
    return None


def _copied_mapping(
    value: Mapping[Any, Any], path: Path, mistakes: list[Mistake]
) -> dict[str, Any]:
    copied = {}
    for key, item in value.items():
        if not isinstance(key, str):
            wrong = f"key {show(key)} must be text: put it in quotes"
            mistakes.append(Mistake(path, wrong, "whole"))
        elif not is_utf8(key):
            wrong = f"key {show(key)} {_UTF8_TEXT}"
            mistakes.append(Mistake(path, wrong, "whole"))
        else:
            copied[key] = _copied(item, (*path, key), mistakes)
    return copied


def _validate_text(text: str) -> str:
    if is_utf8(text):
        return text
    raise refusal([Mistake((), f"{_UTF8_TEXT}, not {show(text)}")])


Text = Annotated[StrictStr, AfterValidator(_validate_text)]
"""Text that a file can hold."""

Json = Annotated[Any, BeforeValidator(_validate), WithJsonSchema({})]
"""Plain data; what is given is copied, so that a later change of it changes no scenario."""

JsonObject = Annotated[
    dict[str, Any], BeforeValidator(checked_object), WithJsonSchema({"type": "object"})
]
"""Plain data by name."""


IDENTIFIER = r"[^\s!-/:-@\[-^`{-~0-9][^\s!-/:-@\[-^`{-~]*"
"""What Python's identifiers match, as far as the regular expressions of every language agree."""


class Says:
    """An annotation: what the JSON Schema of a value says besides.

    Args:
        **words: Keywords of JSON Schema.
    """

    def __init__(self, **words: Any) -> None:
        self._words = words

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Add the keywords."""
        return {**handler(core_schema), **self._words}


def with_value(key: str) -> dict[str, Any]:
    """Return the JSON Schema of a mapping that says something under a key; null says nothing."""
    return {"required": [key], "properties": {key: {"not": {"type": "null"}}}}


def text_under(key: str) -> dict[str, Any]:
    """Return the JSON Schema of a mapping of one key to a text that is not empty."""
    return {
        "type": "object",
        "properties": {key: {"type": "string", "minLength": 1}},
        "required": [key],
        "additionalProperties": False,
    }

"""As much of JSON Schema as the schema of scenario files says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "null": (type(None),),
}
_SAYS_NOTHING = {"$defs", "$schema", "description", "title"}


def faults(value: Any, schema: dict[str, Any]) -> list[str]:
    """Return the places of a value that a schema does not take, each once."""
    return list(dict.fromkeys(_faults(value, schema, schema, "$")))


def _faults(value: Any, schema: Any, root: dict[str, Any], place: str) -> Iterator[str]:
    if schema is False:
        yield place
        return
    if schema is True:
        return
    for word, said in schema.items():
        if word == "$ref":
            yield from _faults(value, root["$defs"][said.rpartition("/")[2]], root, place)
        elif word in ("anyOf", "oneOf"):
            fitting = [each for each in said if not any(_faults(value, each, root, place))]
            if not fitting or (word == "oneOf" and len(fitting) > 1):
                yield place
        elif word == "allOf":
            for each in said:
                yield from _faults(value, each, root, place)
        elif word == "not":
            if not any(_faults(value, said, root, place)):
                yield place
        elif word in _INSIDE:
            yield from _INSIDE[word](value, schema, root, place)
        elif word not in _SAYS_NOTHING and not _ALONE[word](value, said):
            yield place


def _properties(value: Any, schema: Any, root: dict[str, Any], place: str) -> Iterator[str]:
    for key, inner in schema["properties"].items():
        if isinstance(value, dict) and key in value:
            yield from _faults(value[key], inner, root, f"{place}.{key}")


def _others(value: Any, schema: Any, root: dict[str, Any], place: str) -> Iterator[str]:
    for key in value if isinstance(value, dict) else ():
        if key not in schema.get("properties", {}):
            yield from _faults(value[key], schema["additionalProperties"], root, f"{place}.{key}")


def _items(value: Any, schema: Any, root: dict[str, Any], place: str) -> Iterator[str]:
    for i, item in enumerate(value if isinstance(value, list) else ()):
        yield from _faults(item, schema["items"], root, f"{place}[{i}]")


_INSIDE: dict[str, Callable[[Any, Any, dict[str, Any], str], Iterator[str]]] = {
    "properties": _properties,
    "additionalProperties": _others,
    "items": _items,
}
_ALONE: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, said: (
        isinstance(value, _TYPES[said]) and (said == "boolean" or not isinstance(value, bool))
    ),
    "enum": lambda value, said: value in said,
    "const": lambda value, said: type(value) is type(said) and value == said,
    "required": lambda value, said: not isinstance(value, dict) or all(k in value for k in said),
    "pattern": lambda value, said: not isinstance(value, str) or bool(re.search(said, value)),
    "minLength": lambda value, said: not isinstance(value, str) or len(value) >= said,
    "minItems": lambda value, said: not isinstance(value, list) or len(value) >= said,
    "minimum": lambda value, said: not isinstance(value, int) or value >= said,
    "minProperties": lambda value, said: not isinstance(value, dict) or len(value) >= said,
    "maxProperties": lambda value, said: not isinstance(value, dict) or len(value) <= said,
}

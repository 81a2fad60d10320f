"""The simplest arguments that fit a tool's schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from llm_sim.errors import UsageError, did_you_mean

_OF_FORMAT: Final = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "email": "user@example.com",
    "time": "00:00:00Z",
    "uri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def simplest_arguments(schema: Any) -> dict[str, Any]:
    """Return what a tool is called with where only its schema is known.

    Every required argument is there, and no other. Each has the first value that its schema names
    (``const``, ``default``, ``examples``, ``enum``), or a short one of its type: the same one each
    time, and not an empty one, which a model would hardly give.

    Args:
        schema: The tool's ``FunctionSchema``, or None for a tool without one.

    Raises:
        UsageError: A property has a type that JSON does not know.
    """
    if schema is None:
        return {}
    return _object({"properties": schema.properties, "required": schema.required}, schema.name)


def _value(schema: Mapping[str, Any], place: str) -> Any:
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    for name in ("anyOf", "oneOf"):
        if schema.get(name):
            return _value(schema[name][0], place)
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        kind = kind[0]
    if kind not in _BY_TYPE:
        raise UsageError(
            f"{place}: type {kind!r} is no type of JSON{did_you_mean(str(kind), list(_BY_TYPE))}"
        )
    return _BY_TYPE[kind](schema, place)


def _object(schema: Mapping[str, Any], place: str) -> dict[str, Any]:
    properties = schema.get("properties") or {}
    required = schema.get("required") or ()
    return {name: _value(properties.get(name) or {}, f"{place}.{name}") for name in required}


def _array(schema: Mapping[str, Any], place: str) -> list[Any]:
    item = _value(schema.get("items") or {}, f"{place}[]")
    return [item] * max(schema.get("minItems", 0), 1)


def _string(schema: Mapping[str, Any], place: str) -> str:
    del place
    text = _OF_FORMAT.get(schema.get("format", ""), "text")
    text = text.ljust(schema.get("minLength", 0), "x")
    return text[: schema.get("maxLength", len(text))]


def _number(schema: Mapping[str, Any], place: str) -> Any:
    del place
    most = min(schema.get("maximum", 1), 1)
    return max(schema.get("minimum", most), most)


_BY_TYPE: Final = {
    "string": _string,
    "integer": _number,
    "number": _number,
    "boolean": lambda schema, place: False,
    "null": lambda schema, place: None,
    "array": _array,
    "object": _object,
}

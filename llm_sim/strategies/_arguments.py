"""Arguments of a tool call, drawn from the tool's schema.

A tool's schema is a small part of JSON Schema: an object with typed properties. The library that
draws from the whole of it reaches into Hypothesis and breaks with its releases, so these few lines
stand on what Hypothesis promises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from hypothesis import strategies as st

from llm_sim.errors import UsageError, did_you_mean


class ToolSchema(Protocol):
    """What is read of a ``FunctionSchema``, Pipecat's or the embedded core's.

    Parameters:
        name: The tool's name.
        properties: The JSON schema of each argument by its name.
        required: The names of the arguments that a call must have.
    """

    @property
    def name(self) -> str: ...
    @property
    def properties(self) -> Mapping[str, Any]: ...
    @property
    def required(self) -> Sequence[str]: ...


def arguments(schema: ToolSchema) -> st.SearchStrategy[dict[str, Any]]:
    """Draw arguments that fit a tool's schema.

    Args:
        schema: The tool's schema. Understood of its properties are ``type``, ``enum``, ``const``,
            ``anyOf``, ``items``, ``properties``, ``required``, ``minimum``, ``maximum``,
            ``minLength`` and ``maxLength``.

    Returns:
        A strategy of dicts that have every required argument and some of the others.

    Raises:
        UsageError: A property has a type that JSON does not know.
    """
    return _object({"properties": schema.properties, "required": schema.required}, schema.name)


def _value(schema: Mapping[str, Any], place: str) -> st.SearchStrategy[Any]:
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(list(schema["enum"]))
    if schema.get("anyOf"):
        return st.one_of(*(_value(each, place) for each in schema["anyOf"]))
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        return st.one_of(*(_value({**schema, "type": each}, place) for each in kind))
    if kind not in _BY_TYPE:
        raise UsageError(
            f"{place}: type {kind!r} is no type of JSON{did_you_mean(str(kind), list(_BY_TYPE))}"
        )
    return _BY_TYPE[kind](schema, place)


def _object(schema: Mapping[str, Any], place: str) -> st.SearchStrategy[dict[str, Any]]:
    values = {
        name: _value(each, f"{place}.{name}")
        for name, each in (schema.get("properties") or {}).items()
    }
    required = {name: value for name, value in values.items() if name in schema.get("required", ())}
    optional = {name: value for name, value in values.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional)


def _array(schema: Mapping[str, Any], place: str) -> st.SearchStrategy[list[Any]]:
    items = _value(schema.get("items") or {}, f"{place}[]")
    least = schema.get("minItems", 0)
    return st.lists(items, min_size=least, max_size=schema.get("maxItems", least + 3))


def _string(schema: Mapping[str, Any], place: str) -> st.SearchStrategy[str]:
    del place
    least = schema.get("minLength", 0)
    most = schema.get("maxLength", max(least, 8))
    return st.text(
        st.characters(codec="utf-8", categories=["L", "N", "Z"]), min_size=least, max_size=most
    )


def _integer(schema: Mapping[str, Any], place: str) -> st.SearchStrategy[int]:
    del place
    return st.integers(schema.get("minimum"), schema.get("maximum"))


def _number(schema: Mapping[str, Any], place: str) -> st.SearchStrategy[float]:
    del place
    bounds = schema.get("minimum"), schema.get("maximum")
    return st.floats(*bounds, allow_nan=False, allow_infinity=False)


_BY_TYPE: Final = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": lambda schema, place: st.booleans(),
    "null": lambda schema, place: st.none(),
    "array": _array,
    "object": _object,
}

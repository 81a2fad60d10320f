"""The simplest arguments that fit a tool's schema."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any, Final

from llm_sim.errors import SimulationError, UsageError, did_you_mean

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
        SimulationError: No number is within the bounds of one.
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
    return _BY_TYPE[kind]({**schema, "type": kind}, place)


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
    whole = schema.get("type") == "integer"
    # As fractions: a tenth is not one in binary.
    numbers = [name for name in _OF_NUMBERS if type(schema.get(name)) in (int, float)]
    said = {name: Fraction(str(schema[name])) for name in numbers}
    least = [said[name] for name in ("minimum", "exclusiveMinimum") if name in said]
    most = [said[name] for name in ("maximum", "exclusiveMaximum") if name in said]
    step = said.get("multipleOf", Fraction(1))
    step = Fraction(step.numerator) if whole else step
    tried = [Fraction(1), step, *least, *most]
    if whole or "multipleOf" in said:
        tried += [at * step for each in tried for at in _around(each / step)]
    else:
        tried += [each + 1 for each in least] + [each - 1 for each in most]
        tried += [(low + high) / 2 for low in least for high in most]
    fitting = [each for each in tried if _fits(each, said, step if whole else None)]
    if not fitting:
        raise SimulationError(f"no number fits the schema of {place}: give an example")
    found = min(fitting, key=lambda each: abs(each - 1))
    return int(found) if found.denominator == 1 else float(found)


_OF_NUMBERS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def _around(number: Fraction) -> range:
    return range(floor(number) - 1, floor(number) + 3)


def _fits(number: Fraction, said: Mapping[str, Fraction], step: Fraction | None) -> bool:
    return (
        said.get("minimum", number) <= number <= said.get("maximum", number)
        and ("exclusiveMinimum" not in said or said["exclusiveMinimum"] < number)
        and ("exclusiveMaximum" not in said or number < said["exclusiveMaximum"])
        and ("multipleOf" not in said or number % said["multipleOf"] == 0)
        and (step is None or number % step == 0)
    )


_BY_TYPE: Final = {
    "string": _string,
    "integer": _number,
    "number": _number,
    "boolean": lambda schema, place: False,
    "null": lambda schema, place: None,
    "array": _array,
    "object": _object,
}

"""The schemas of a bot's tools, in whichever of their usual forms."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter
from typing import Any, Final, get_type_hints

from pydantic import TypeAdapter

from llm_sim.errors import BotError

_DEFINITION: Final = "#/$defs/"
_READ: Final = ("name", "properties", "required")


@dataclass(frozen=True, slots=True)
class Schema:
    """What is read of a tool's schema; Pipecat's ``FunctionSchema`` has these as well.

    Parameters:
        name: The tool's name.
        properties: The JSON schema of each argument by its name.
        required: The names of the arguments that a call must have.
    """

    name: str
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)
    required: tuple[str, ...] = ()


def schemas_of(tools: Any) -> tuple[Any, ...]:
    """Return the schemas of tools, each with a name, properties and required.

    Args:
        tools: Those of a ``ToolsSchema``; or several that :func:`schema_of` takes.

    Raises:
        BotError: They are neither.
    """
    each = getattr(tools, "standard_tools", tools)
    if isinstance(each, str | Mapping) or not isinstance(each, Iterable):
        raise BotError(f"tools={tools!r}: give a list of schemas, or a ToolsSchema")
    return tuple(schema_of(tool) for tool in each)


def schema_of(tool: Any) -> Any:
    """Return a tool's schema as an object with a name, properties and required.

    Args:
        tool: Such an object; or what a provider is sent, OpenAI's form or Anthropic's.

    Raises:
        BotError: It is neither.
    """
    if all(hasattr(tool, name) for name in _READ):
        return tool
    told = tool.get("function", tool) if isinstance(tool, Mapping) else {}
    if not isinstance(told, Mapping) or not isinstance(told.get("name"), str):
        raise BotError(
            f"tools: {tool!r} is no schema of a tool; give a FunctionSchema, or a mapping such as "
            '{"name": "lookup", "parameters": {"type": "object", "properties": {...}}}'
        )
    parameters = whole(told.get("parameters") or told.get("input_schema") or {})
    required = tuple(parameters.get("required", ()))
    return Schema(told["name"], parameters.get("properties", {}), required)


def schema_of_function(function: Callable[..., Any]) -> Schema | None:
    """Return the schema that the signature of a direct function implies.

    Its first parameter is not the model's to give. One without an annotation takes anything.

    Args:
        function: Takes Pipecat's params, and then the arguments by name.

    Returns:
        The schema, or None where the type of an argument is none that JSON has.
    """
    _, *arguments = inspect.signature(function).parameters.values()
    named = [each for each in arguments if each.kind not in _COLLECTS]
    try:
        properties = {each.name: _schema_of_type(each.annotation, function) for each in named}
    except Exception:
        # What a type's own code raises where it is asked, besides the errors of Pydantic.
        return None
    required = tuple(each.name for each in named if each.default is Parameter.empty)
    return Schema(function.__name__, properties, required)


_COLLECTS: Final = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def _schema_of_type(annotation: Any, function: Callable[..., Any]) -> dict[str, Any]:
    if annotation is Parameter.empty:
        return {}
    # One by one: the type of the first parameter is often imported for checkers only.
    names = getattr(inspect.unwrap(function), "__globals__", {})
    alone = type("alone", (), {"__annotations__": {"it": annotation}})
    hint = get_type_hints(alone, names, include_extras=True)["it"]
    schema: dict[str, Any] = whole(TypeAdapter(hint).json_schema())
    return schema


def whole(schema: Any, defined: Mapping[str, Any] | None = None, within: Sequence[str] = ()) -> Any:
    """Return a JSON schema with what it refers to in its place.

    Args:
        schema: What Pydantic makes of models, for one: it refers to its ``$defs``.
        defined: The ``$defs`` around it.
        within: The definitions that it stands in; what refers to one of them may be anything.
    """
    if isinstance(schema, list):
        return [whole(each, defined, within) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    known = {**(defined or {}), **schema.get("$defs", {})}
    name = str(schema.get("$ref", "")).removeprefix(_DEFINITION)
    rest = {
        key: whole(value, known, within)
        for key, value in schema.items()
        if key not in ("$defs", "$ref")
    }
    if name not in known:
        return rest
    return {**({} if name in within else whole(known[name], known, (*within, name))), **rest}

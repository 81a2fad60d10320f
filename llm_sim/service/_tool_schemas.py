"""Tools, described once for every provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final, final

from llm_sim.errors import UsageError


@final
class NotGiven:
    """The class of `NOT_GIVEN`; false, like the absence that it stands for."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "NOT_GIVEN"


NOT_GIVEN: Final = NotGiven()
"""Say nothing about it in the request, as in OpenAI's client; None would be sent."""


class AdapterType(Enum):
    """Whose form a custom tool has."""

    GEMINI = "gemini"
    OPENAI = "openai"


class FunctionSchema:
    """One function that the model may call.

    Args:
        name: The function.
        description: What it does, for the model.
        properties: A JSON schema for each parameter.
        required: The parameters that the model must give.
    """

    def __init__(
        self,
        name: str,
        description: str,
        properties: Mapping[str, Any],
        required: Sequence[str],
    ) -> None:
        self._name = name
        self._description = description
        self._properties = dict(properties)
        self._required = list(required)

    @property
    def name(self) -> str:
        """Return the function's name."""
        return self._name

    @property
    def description(self) -> str:
        """Return what the function does."""
        return self._description

    @property
    def properties(self) -> dict[str, Any]:
        """Return the JSON schema of each parameter."""
        return self._properties

    @property
    def required(self) -> list[str]:
        """Return the parameters that the model must give."""
        return self._required

    def to_default_dict(self) -> dict[str, Any]:
        """Return name, description and parameters, the latter as the JSON schema of an object."""
        return {
            "name": self._name,
            "description": self._description,
            "parameters": {
                "type": "object",
                "properties": self._properties,
                "required": self._required,
            },
        }


class ToolsSchema:
    """The tools of a conversation.

    Args:
        standard_tools: Functions, for any provider.
        custom_tools: What only one provider knows, in its own form.

    Raises:
        UsageError: A standard tool is not a `FunctionSchema`.
    """

    def __init__(
        self,
        standard_tools: Sequence[FunctionSchema],
        custom_tools: Mapping[AdapterType, list[dict[str, Any]]] | None = None,
    ) -> None:
        for tool in standard_tools:
            if not isinstance(tool, FunctionSchema):
                raise UsageError(
                    f"a standard tool must be a FunctionSchema, got {tool!r}; "
                    "put a provider's own form into custom_tools"
                )
        self._standard_tools = list(standard_tools)
        self.custom_tools = custom_tools

    @property
    def standard_tools(self) -> list[FunctionSchema]:
        """Return the functions for any provider."""
        return self._standard_tools

    @property
    def custom_tools(self) -> Mapping[AdapterType, list[dict[str, Any]]] | None:
        """Return what only one provider knows."""
        return self._custom_tools

    @custom_tools.setter
    def custom_tools(self, value: Mapping[AdapterType, list[dict[str, Any]]] | None) -> None:
        self._custom_tools = value

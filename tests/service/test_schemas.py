"""Tools, described once, and what a provider is sent of them."""

from __future__ import annotations

from typing import Any

import pytest

from llm_sim.errors import UsageError
from llm_sim.service import (
    NOT_GIVEN,
    AdapterType,
    BaseLLMAdapter,
    FunctionSchema,
    LLMService,
    OpenAILLMAdapter,
    OpenAILLMContext,
    ToolsSchema,
)

WEATHER = FunctionSchema(
    name="get_weather",
    description="Tell the weather.",
    properties={"city": {"type": "string"}, "day": {"type": "string"}},
    required=["city"],
)
AS_DICT = {
    "name": "get_weather",
    "description": "Tell the weather.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "day": {"type": "string"}},
        "required": ["city"],
    },
}
IN_OPENAIS_FORM = [{"type": "function", "function": AS_DICT}]


def test_a_function_schema_keeps_its_parts() -> None:
    assert (WEATHER.name, WEATHER.description) == ("get_weather", "Tell the weather.")
    assert (list(WEATHER.properties), WEATHER.required) == (["city", "day"], ["city"])
    assert WEATHER.to_default_dict() == AS_DICT


def test_a_tools_schema_keeps_standard_and_custom_tools() -> None:
    search: dict[AdapterType, Any] = {AdapterType.GEMINI: [{"google_search": {}}]}
    tools = ToolsSchema(standard_tools=[WEATHER], custom_tools=search)
    assert (tools.standard_tools, tools.custom_tools) == ([WEATHER], search)
    tools.custom_tools = None
    assert tools.custom_tools is ToolsSchema([WEATHER]).custom_tools is None


def test_a_standard_tool_must_be_a_function_schema() -> None:
    with pytest.raises(UsageError, match="must be a FunctionSchema"):
        ToolsSchema([{"name": "f"}])  # type: ignore[list-item]


def test_the_adapter_converts_a_tools_schema_and_nothing_else() -> None:
    adapter = OpenAILLMAdapter()
    assert adapter.from_standard_tools(ToolsSchema([WEATHER])) == IN_OPENAIS_FORM
    for tools in (IN_OPENAIS_FORM, NOT_GIVEN, None):
        assert adapter.from_standard_tools(tools) is tools


def test_the_adapter_adds_the_custom_tools_of_its_own_provider() -> None:
    own: Any = {"type": "web_search"}
    custom = {AdapterType.GEMINI: [{"google_search": {}}], AdapterType.OPENAI: [own]}
    tools = ToolsSchema([WEATHER], custom)
    assert OpenAILLMAdapter().to_provider_tools_format(tools) == [*IN_OPENAIS_FORM, own]


def test_an_adapter_needs_one_method() -> None:
    class Names(BaseLLMAdapter):
        def to_provider_tools_format(self, tools_schema: ToolsSchema) -> list[Any]:
            return [tool.name for tool in tools_schema.standard_tools]

    context = OpenAILLMContext(tools=ToolsSchema([WEATHER]))
    assert Names().get_llm_invocation_params(context) == {
        "messages": [],
        "tools": ["get_weather"],
        "tool_choice": NOT_GIVEN,
    }


def test_a_context_shows_its_tools_in_the_form_of_the_service_that_aggregates_it() -> None:
    tools = ToolsSchema([WEATHER])
    context = OpenAILLMContext(tools=tools)
    assert (context.tools, context.get_llm_adapter()) == (tools, None)
    llm = LLMService()
    llm.create_context_aggregator(context)
    assert context.get_llm_adapter() is llm.get_llm_adapter()
    assert context.tools == IN_OPENAIS_FORM


def test_not_given_is_false_and_says_so() -> None:
    assert (bool(NOT_GIVEN), repr(NOT_GIVEN)) == (False, "NOT_GIVEN")

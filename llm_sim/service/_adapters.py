"""Turn a context into the request of a provider."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from llm_sim.service._tool_schemas import AdapterType, ToolsSchema

if TYPE_CHECKING:
    from llm_sim.service._llm_context import OpenAILLMContext


class BaseLLMAdapter(ABC):
    """Turn a context into what a provider is sent."""

    @abstractmethod
    def to_provider_tools_format(self, tools_schema: ToolsSchema) -> list[Any]:
        """Return tools in the provider's form.

        Args:
            tools_schema: The tools.
        """

    def from_standard_tools(self, tools: Any) -> Any:
        """Return tools in the provider's form, whichever form they have.

        Args:
            tools: A tools schema, which is converted; anything else is the provider's form already.
        """
        return self.to_provider_tools_format(tools) if isinstance(tools, ToolsSchema) else tools

    def get_llm_invocation_params(self, context: OpenAILLMContext) -> dict[str, Any]:
        """Return the parts of a request that come from the context, by OpenAI's names.

        Args:
            context: The context.
        """
        return {
            # A copy: the conversation goes on while the provider is asked.
            "messages": list(context.messages),
            "tools": self.from_standard_tools(context.tools),
            "tool_choice": context.tool_choice,
        }


class OpenAILLMAdapter(BaseLLMAdapter):
    """Speak OpenAI's form, as the context does."""

    def to_provider_tools_format(self, tools_schema: ToolsSchema) -> list[Any]:
        """Return the functions as OpenAI's tools, and OpenAI's custom tools behind them.

        Args:
            tools_schema: The tools.
        """
        functions = [
            {"type": "function", "function": tool.to_default_dict()}
            for tool in tools_schema.standard_tools
        ]
        return [*functions, *(tools_schema.custom_tools or {}).get(AdapterType.OPENAI, [])]

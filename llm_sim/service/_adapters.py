"""Between the context and a provider's request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from llm_sim.service._context import OpenAILLMContext


class BaseLLMAdapter(ABC):
    """Turn a context into what a provider is sent."""

    @abstractmethod
    def get_llm_invocation_params(self, context: OpenAILLMContext) -> dict[str, Any]:
        """Return the parts of a request that come from the context.

        Args:
            context: The context.
        """

    @abstractmethod
    def to_provider_tools_format(self, tools: Any) -> Any:
        """Return tools in the provider's form.

        Args:
            tools: The tools, as the context has them.
        """


class OpenAILLMAdapter(BaseLLMAdapter):
    """Leave everything as it is: the context speaks OpenAI's form."""

    def get_llm_invocation_params(self, context: OpenAILLMContext) -> dict[str, Any]:
        """Return messages, tools and tool choice.

        Args:
            context: The context.
        """
        return {
            "messages": list(context.messages),
            "tools": self.to_provider_tools_format(context.tools),
            "tool_choice": context.tool_choice,
        }

    def to_provider_tools_format(self, tools: Any) -> Any:
        """Return the tools.

        Args:
            tools: The tools, as the context has them.
        """
        return tools

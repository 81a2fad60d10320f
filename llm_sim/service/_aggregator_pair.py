"""The two aggregators of one context."""

from __future__ import annotations

from llm_sim.service._assistant_aggregator import (
    LLMAssistantAggregator,
    LLMAssistantAggregatorParams,
)
from llm_sim.service._llm_context import OpenAILLMContext
from llm_sim.service._user_aggregator import LLMUserAggregator, LLMUserAggregatorParams


class LLMContextAggregatorPair:
    """Build the user's and the assistant's aggregator on one context.

    Args:
        context: The context.
        user_params: The settings of the user's side.
        assistant_params: The settings of the assistant's side.
    """

    def __init__(
        self,
        context: OpenAILLMContext,
        *,
        user_params: LLMUserAggregatorParams | None = None,
        assistant_params: LLMAssistantAggregatorParams | None = None,
    ) -> None:
        self._user = LLMUserAggregator(context, params=user_params)
        self._assistant = LLMAssistantAggregator(context, params=assistant_params)

    def user(self) -> LLMUserAggregator:
        """Return the user's side, to stand before the LLM service."""
        return self._user

    def assistant(self) -> LLMAssistantAggregator:
        """Return the assistant's side, to stand behind everything that speaks."""
        return self._assistant

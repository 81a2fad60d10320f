"""The conversation, as the model is given it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Message = dict[str, Any]

IN_PROGRESS = "IN_PROGRESS"
"""The content of a tool message whose call is not settled."""

CANCELLED = "CANCELLED"
"""The content of a tool message whose call was settled without a result."""


class OpenAILLMContext:
    """Messages in OpenAI's form, and the tools that go with them.

    The context also knows which of its calls are unsettled, because a model that is run with one
    of them reads "IN_PROGRESS" as an answer. A run that is asked for meanwhile is put off; the
    aggregator makes up for it when the last call is settled.

    Args:
        messages: The messages to begin with.
        tools: The tools, in the provider's form.
        tool_choice: The tool choice, in the provider's form.
    """

    def __init__(
        self,
        messages: Iterable[Message] | None = None,
        tools: Any = None,
        tool_choice: Any = None,
    ) -> None:
        self._messages: list[Message] = list(messages or ())
        self._tools = tools
        self._tool_choice = tool_choice
        self._unsettled: dict[str, None] = {}
        self._run_owed = False

    @property
    def messages(self) -> list[Message]:
        """Return the messages; the list itself, not a copy."""
        return self._messages

    @property
    def tools(self) -> Any:
        """Return the tools, in the provider's form."""
        return self._tools

    @property
    def tool_choice(self) -> Any:
        """Return the tool choice, in the provider's form."""
        return self._tool_choice

    def get_messages(self) -> list[Message]:
        """Return the messages; the list itself, not a copy."""
        return self._messages

    def add_message(self, message: Message) -> None:
        """Add a message at the end.

        Args:
            message: The message.
        """
        self._messages.append(message)

    def add_messages(self, messages: Iterable[Message]) -> None:
        """Add messages at the end, in order.

        Args:
            messages: The messages.
        """
        self._messages.extend(messages)

    def set_messages(self, messages: Iterable[Message]) -> None:
        """Replace all messages; whoever holds the list sees it.

        Args:
            messages: The new messages.
        """
        self._messages[:] = list(messages)

    def set_tools(self, tools: Any) -> None:
        """Replace the tools.

        Args:
            tools: The tools, in the provider's form.
        """
        self._tools = tools

    def set_tool_choice(self, tool_choice: Any) -> None:
        """Replace the tool choice.

        Args:
            tool_choice: The tool choice, in the provider's form.
        """
        self._tool_choice = tool_choice

    def set_tool_content(self, tool_call_id: str, content: str) -> bool:
        """Replace the content of a call's tool message.

        Args:
            tool_call_id: The call. The last message counts, should a provider reuse an id.
            content: The new content.

        Returns:
            Whether there is such a message; `set_messages` may have removed it.
        """
        for message in reversed(self._messages):
            if message.get("role") == "tool" and message.get("tool_call_id") == tool_call_id:
                message["content"] = content
                return True
        return False

    def call_opened(self, tool_call_id: str) -> None:
        """Note an announced call.

        Args:
            tool_call_id: The call.
        """
        self._unsettled[tool_call_id] = None

    def call_settled(self, tool_call_id: str) -> None:
        """Note a settled call.

        Args:
            tool_call_id: The call.
        """
        self._unsettled.pop(tool_call_id, None)

    def has_unsettled_calls(self) -> bool:
        """Return whether a call was announced and is not settled."""
        return bool(self._unsettled)

    def put_off_run(self) -> bool:
        """Return whether a run of the model must wait; it is owed then."""
        if self._unsettled:
            self._run_owed = True
        return bool(self._unsettled)

    def take_owed_run(self) -> bool:
        """Return whether a run is owed and can be made up for; it is no longer owed then."""
        due = self._run_owed and not self._unsettled
        if due:
            self._run_owed = False
        return due

    def forget_owed_run(self) -> None:
        """Owe no run: the user interrupted what asked for it."""
        self._run_owed = False


LLMContext = OpenAILLMContext

"""The conversation as the model reads it."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from llm_sim.service._adapters import BaseLLMAdapter
from llm_sim.service._image_messages import image_message
from llm_sim.service._tool_schemas import NOT_GIVEN

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
        messages: The messages to begin with. A list is kept, not copied: who holds it goes on
            writing the conversation with it.
        tools: A tools schema, or tools in the provider's form.
        tool_choice: The tool choice, in the provider's form.
    """

    def __init__(
        self,
        messages: Iterable[Message] | None = None,
        tools: Any = NOT_GIVEN,
        tool_choice: Any = NOT_GIVEN,
    ) -> None:
        self._messages = messages if isinstance(messages, list) else list(messages or ())
        self._tools = tools
        self._tool_choice = tool_choice
        self._adapter: BaseLLMAdapter | None = None
        # How often each id is open: a provider may use one again while a slow processor still holds
        # the old result.
        self._unsettled: Counter[str] = Counter()
        self._run_owed = False

    @staticmethod
    def from_messages(messages: Iterable[Message]) -> OpenAILLMContext:
        """Return a context with copies of messages, each with a name: its role, if it has none.

        Args:
            messages: The messages.
        """
        return OpenAILLMContext([{"name": message["role"], **message} for message in messages])

    def get_llm_adapter(self) -> BaseLLMAdapter | None:
        """Return the adapter that turns a tools schema into the provider's form."""
        return self._adapter

    def set_llm_adapter(self, llm_adapter: BaseLLMAdapter) -> None:
        """Set the adapter; `LLMService.create_context_aggregator` does.

        Args:
            llm_adapter: The adapter.
        """
        self._adapter = llm_adapter

    @property
    def messages(self) -> list[Message]:
        """Return the messages; the list itself, not a copy."""
        return self._messages

    @property
    def tools(self) -> Any:
        """Return the tools, in the provider's form once there is an adapter."""
        if self._adapter is None:
            return self._tools
        return self._adapter.from_standard_tools(self._tools)

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

    def get_messages_json(self) -> str:
        """Return the messages as indented JSON."""
        return json.dumps(self._messages, ensure_ascii=False, indent=2)

    def get_messages_for_logging(self) -> str:
        """Return the messages as JSON in one line, without the bytes of their images."""
        return json.dumps([_without_bytes(m) for m in self._messages], ensure_ascii=False)

    def from_standard_message(self, message: Message) -> Message:
        """Return a message of the standard form in this context's form; here both are the same.

        Args:
            message: The message.
        """
        return message

    def to_standard_messages(self, obj: Message) -> list[Message]:
        """Return a message of this context's form in the standard form; here both are the same.

        Args:
            obj: The message.
        """
        return [obj]

    def get_messages_for_initializing_history(self) -> list[Message]:
        """Return the messages that a new conversation can begin with; the list itself."""
        return self._messages

    def get_messages_for_persistent_storage(self) -> list[Message]:
        """Return the messages in the standard form, in a new list."""
        return [one for message in self._messages for one in self.to_standard_messages(message)]

    def add_image_frame_message(
        self, *, format: str | None, size: tuple[int, int], image: bytes, text: str | None = None
    ) -> None:
        """Add an image of the user at the end.

        Args:
            format: ``"L"``, ``"RGB"`` or ``"RGBA"`` for pixels; a MIME type for an encoded image.
            size: Width and height in pixels.
            image: The pixels, row by row, or the encoded image.
            text: What goes with it.

        Raises:
            UsageError: The format is none of these, or the pixels do not fill the size.
        """
        self.add_message(image_message(format, size, image, text))

    def set_tools(self, tools: Any = NOT_GIVEN) -> None:
        """Replace the tools.

        Args:
            tools: A tools schema, or tools in the provider's form. No tools are not given: a
                provider refuses an empty list.
        """
        self._tools = NOT_GIVEN if tools == [] else tools

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
        self._unsettled[tool_call_id] += 1

    def call_settled(self, tool_call_id: str) -> None:
        """Note a settled call.

        Args:
            tool_call_id: The call.
        """
        # The difference of counters drops what reaches zero. An entry of zero would keep the
        # counter true, and the run would be put off for ever
        # (test_what_the_user_says_while_a_call_runs_on_waits_for_the_call).
        self._unsettled -= Counter({tool_call_id: 1})

    def has_unsettled_calls(self) -> bool:
        """Return whether a call was announced and is not settled."""
        return bool(self._unsettled)

    def put_off_run(self) -> bool:
        """Return whether a run of the model must wait; if so, remember that a run is owed."""
        if self._unsettled:
            self._run_owed = True
        return bool(self._unsettled)

    def take_owed_run(self) -> bool:
        """Return whether an owed run can be made up for; if so, it is no longer owed."""
        due = self._run_owed and not self._unsettled
        if due:
            self._run_owed = False
        return due

    def forget_owed_run(self) -> None:
        """Owe no run: the user interrupted what asked for it."""
        self._run_owed = False


# Pipecat's name for it since 0.0.82.
LLMContext = OpenAILLMContext


def update_message(tool_call_id: str, result: str) -> Message:
    """Return the message that tells of an update, in the form of Pipecat 1.x.

    It is no tool message: a provider accepts one for each call, and that one is the result's.

    Args:
        tool_call_id: The call.
        result: The update as JSON.
    """
    note = {
        "type": "async_tool",
        "status": "running",
        "tool_call_id": tool_call_id,
        "result": result,
    }
    return {"role": "developer", "content": json.dumps(note)}


def _without_bytes(message: Message) -> Message:
    shown = copy.deepcopy(message)
    content = shown.get("content")
    for part in content if isinstance(content, list) else ():
        if part["type"] == "image_url" and part["image_url"]["url"].startswith("data:image/"):
            part["image_url"]["url"] = "data:image/..."
    if shown.get("mime_type", "").startswith("image/"):
        shown["data"] = "..."
    return shown

"""The frames between the user, the context and the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llm_sim.frames._base import ControlFrame, DataFrame


@dataclass(slots=True, eq=False)
class TextFrame(DataFrame):
    """A piece of text on its way to the user.

    Parameters:
        text: The text.
    """

    text: str


@dataclass(slots=True, eq=False)
class LLMTextFrame(TextFrame):
    """A piece of the model's response, with the spaces that belong to it."""


@dataclass(slots=True, eq=False)
class TranscriptionFrame(TextFrame):
    """What the user said.

    Parameters:
        user_id: Who said it.
        timestamp: When, as the speech service wrote it.
    """

    user_id: str = ""
    timestamp: str = ""


@dataclass(slots=True, eq=False)
class LLMFullResponseStartFrame(ControlFrame):
    """A response of the model begins."""


@dataclass(slots=True, eq=False)
class LLMFullResponseEndFrame(ControlFrame):
    """The response of the model is complete."""


@dataclass(slots=True, eq=False)
class LLMContextFrame(DataFrame):
    """Run the model on a context; understood from either direction.

    Parameters:
        context: The conversation so far. Not a copy: what is added later is seen.
    """

    context: Any


OpenAILLMContextFrame = LLMContextFrame
"""The name before Pipecat 0.0.82: one class, so code of either age understands what both push."""


@dataclass(slots=True, eq=False)
class LLMRunFrame(DataFrame):
    """Run the model on the context as it is."""


@dataclass(slots=True, eq=False)
class LLMMessagesAppendFrame(DataFrame):
    """Add messages to the context.

    Parameters:
        messages: The messages, in order.
        run_llm: Whether to run the model afterwards.
    """

    messages: list[dict[str, Any]]
    run_llm: bool | None = None


@dataclass(slots=True, eq=False)
class LLMMessagesUpdateFrame(DataFrame):
    """Replace the messages of the context.

    Parameters:
        messages: The new messages.
        run_llm: Whether to run the model afterwards.
    """

    messages: list[dict[str, Any]]
    run_llm: bool | None = None


@dataclass(slots=True, eq=False)
class LLMSetToolsFrame(DataFrame):
    """Replace the tools of the context.

    Parameters:
        tools: A tools schema, or tools in the provider's form.
    """

    tools: Any


@dataclass(slots=True, eq=False)
class LLMSetToolChoiceFrame(DataFrame):
    """Replace the tool choice of the context.

    Parameters:
        tool_choice: ``"none"``, ``"auto"``, ``"required"`` or one tool, in the provider's form.
    """

    tool_choice: Any

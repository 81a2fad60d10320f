"""What a live pipeline says of each tool call, its OpenAI-style context included."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

_ASYNC = "async_tool"


@dataclass(slots=True)
class Views:
    """What the three keepers think of each call, by its tool-call id.

    Parameters:
        service: ``queued`` or ``running``; settled calls are absent.
        aggregator: ``started`` (announced) or ``in_progress``; settled calls are absent.
        context: ``in_progress``, ``cancelled``, ``settled``, or ``missing`` where a tool call has
            no tool message.
        contents: The content of each call's tool message, or of the note that took its place.
        roles: The roles of the context's messages, in order.
        messages: The messages themselves.
    """

    service: Mapping[str, str] = field(default_factory=dict)
    aggregator: Mapping[str, str] = field(default_factory=dict)
    context: dict[str, str] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    roles: list[str] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)

    @classmethod
    def of(
        cls, service: Mapping[str, str], aggregator: Mapping[str, str], messages: Iterable[Any]
    ) -> Self:
        """Return the views, that of the context read from its messages.

        Read are the plain tool message (``IN_PROGRESS``, ``CANCELLED`` or a result) and the notes
        that Pipecat 1.x writes about calls which do not hold the model up: a tool message that says
        ``running``, and a later developer message that says ``finished``. An update, a developer
        message that says ``running``, tells nothing of the call's end, which may stand before it.

        Args:
            service: What the service thinks of each call.
            aggregator: What the assistant aggregator thinks of each call.
            messages: The context's messages.
        """
        views = cls(service, aggregator, messages=list(messages))
        for message in views.messages:
            views._read(message)
        return views

    def _read(self, message: Any) -> None:
        if not isinstance(message, Mapping):
            self.roles.append("?")
            return
        self.roles.append(str(message.get("role", "?")))
        for call in message.get("tool_calls") or ():
            self.context.setdefault(str(call["id"]), "missing")
        content = message.get("content")
        note = _note(content)
        if note is not None:
            call_id = str(note.get("tool_call_id"))
            finished = note.get("status") == "finished"
            if finished or message.get("role") == "tool":
                self.context[call_id] = "settled" if finished else "in_progress"
                self.contents[call_id] = str(note.get("result", ""))
        elif message.get("role") == "tool":
            call_id = str(message.get("tool_call_id"))
            self.context[call_id] = _state(content)
            self.contents[call_id] = str(content)


def _state(content: Any) -> str:
    return {"IN_PROGRESS": "in_progress", "CANCELLED": "cancelled"}.get(str(content), "settled")


def _note(content: Any) -> dict[str, Any] | None:
    if not isinstance(content, str) or _ASYNC not in content:
        return None
    try:
        note = json.loads(content)
    except ValueError:
        return None
    return note if isinstance(note, dict) and note.get("type") == _ASYNC else None

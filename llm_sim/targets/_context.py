"""What an OpenAI-style context says of each tool call."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_ASYNC = "async_tool"


@dataclass(slots=True)
class ContextView:
    """What a context says.

    Parameters:
        calls: The state of each tool call by its id.
        contents: The content that tells of each call's end, or of its being in progress.
        roles: The role of each message, in order.
        messages: The messages themselves.
    """

    calls: dict[str, str] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    roles: list[str] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)


def view_of(messages: Iterable[Any]) -> ContextView:
    """Read a context.

    Read are the plain tool message (``IN_PROGRESS``, ``CANCELLED`` or a result) and the notes that
    Pipecat 1.x writes about calls which do not hold the model up: a tool message that says
    ``running``, and a later developer message that says ``finished``. An update, a developer
    message that says ``running``, tells nothing of the call's end, which may stand before it.
    """
    view = ContextView()
    for message in messages:
        view.messages.append(message)
        if not isinstance(message, Mapping):
            view.roles.append("?")
            continue
        view.roles.append(str(message.get("role", "?")))
        for call in message.get("tool_calls") or ():
            view.calls.setdefault(str(call["id"]), "missing")
        content = message.get("content")
        note = _note(content)
        if note is not None:
            call_id = str(note.get("tool_call_id"))
            finished = note.get("status") == "finished"
            if finished or message.get("role") == "tool":
                view.calls[call_id] = "settled" if finished else "in_progress"
                view.contents[call_id] = str(note.get("result", ""))
        elif message.get("role") == "tool":
            call_id = str(message.get("tool_call_id"))
            view.calls[call_id] = _state(content)
            view.contents[call_id] = str(content)
    return view


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

"""What an OpenAI-style context says of each tool call."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

_ASYNC = "async_tool"


def calls_in_context(messages: Iterable[Any]) -> dict[str, str]:
    """Return the state of each tool call by its id.

    Read are the plain tool message (``IN_PROGRESS``, ``CANCELLED`` or a result) and the notes that
    Pipecat 1.x writes about calls which do not hold the model up: a tool message that says
    ``running``, and a later developer message that says ``finished``.
    """
    states: dict[str, str] = {}
    for message in messages:
        if not isinstance(message, Mapping):
            continue
        for call in message.get("tool_calls") or ():
            states.setdefault(str(call["id"]), "missing")
        note = _note(message.get("content"))
        if note is not None:
            state = "settled" if note.get("status") == "finished" else "in_progress"
            states[str(note.get("tool_call_id"))] = state
        elif message.get("role") == "tool":
            states[str(message.get("tool_call_id"))] = _state(message.get("content"))
    return states


def roles(messages: Iterable[Any]) -> list[str]:
    """Return the role of each message, in order."""
    return [
        str(message.get("role", "?")) if isinstance(message, Mapping) else "?"
        for message in messages
    ]


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

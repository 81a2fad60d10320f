"""A function call on its way through the service."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from llm_sim.frames import FunctionCallFromLLM
from llm_sim.service._types import FunctionCallRunnerItem, StartCallback


# Equality is identity: an id can come back, and then there are two calls with equal fields.
@dataclass(slots=True, eq=False)
class OngoingCall:
    """A call from its announcement to the end of its handler.

    Parameters:
        item: The call and its registration.
        start_callback: What to call before it is in progress; deprecated.
        task: The task of its handler; None while it is queued.
        in_progress: Whether its in-progress frames were pushed.
        timer: Ends it at its timeout; once it is settled, ends its handler for the queue's sake.
        outstayed: Whether its handler works on long after its result.
        image: Set when the image that its handler asked for has come or is no longer needed.
        cancelled: Whether the handler was cancelled by the service; never twice.
        left_behind: Whether the handler ignored its cancellation and nobody waits for it any more.
        gone: Set when the handler has ended or was left behind.
    """

    item: FunctionCallRunnerItem
    start_callback: StartCallback | None = None
    task: asyncio.Task[None] | None = None
    in_progress: bool = False
    timer: asyncio.TimerHandle | None = None
    outstayed: bool = False
    image: asyncio.Event | None = None
    cancelled: bool = False
    left_behind: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def __str__(self) -> str:
        return f"{self.item.function_name}:{self.item.tool_call_id}"

    @property
    def tool_call_id(self) -> str:
        """Return the call's id."""
        return self.item.tool_call_id

    def stop_timer(self) -> None:
        """Stop the timer, if one runs."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def frame_fields(self) -> dict[str, Any]:
        """Return what every frame about the call says."""
        return {"function_name": self.item.function_name, "tool_call_id": self.item.tool_call_id}


def is_update(properties: Any) -> bool:
    """Return whether a result is an update, so that the final result is still to come.

    Args:
        properties: What the handler said about it; of our class, of Pipecat's, or None.
    """
    # By attribute, because a bot on this core may pass Pipecat's own properties, which have the
    # field since 1.0 only.
    return getattr(properties, "is_final", True) is False


def without_duplicates(
    function_calls: Sequence[FunctionCallFromLLM], taken: dict[str, OngoingCall]
) -> tuple[list[FunctionCallFromLLM], list[FunctionCallFromLLM]]:
    """Sort a batch into calls that can run and calls whose id is in use.

    Args:
        function_calls: The batch.
        taken: The unsettled calls.
    """
    fresh: dict[str, FunctionCallFromLLM] = {}
    duplicates = []
    for function_call in function_calls:
        if function_call.tool_call_id in taken or function_call.tool_call_id in fresh:
            duplicates.append(function_call)
        else:
            fresh[function_call.tool_call_id] = function_call
    return list(fresh.values()), duplicates

"""One function call on its way through the service, and what the service itself answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from llm_sim.frames import FunctionCallFromLLM
from llm_sim.service._types import FunctionCallRunnerItem


@dataclass(slots=True, eq=False)
class Call:
    """A call from its announcement to the end of its handler.

    Parameters:
        item: The call and its registration.
        task: The task of its handler; None while it is queued.
        timer: What ends it at its timeout.
        cancelled: Whether the handler was cancelled by the service; never twice.
        left_behind: Whether the handler ignored its cancellation and nobody waits for it any more.
        gone: Set when the handler has ended or was left behind.
    """

    item: FunctionCallRunnerItem
    task: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None
    cancelled: bool = False
    left_behind: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def __str__(self) -> str:
        return f"{self.item.function_name}:{self.item.tool_call_id}"

    @property
    def tool_call_id(self) -> str:
        """Return the call's id."""
        return self.item.tool_call_id

    def frame_fields(self) -> dict[str, Any]:
        """Return what every frame about the call says."""
        return {"function_name": self.item.function_name, "tool_call_id": self.item.tool_call_id}


def without_duplicates(
    function_calls: Sequence[FunctionCallFromLLM], taken: dict[str, Call]
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

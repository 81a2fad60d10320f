"""Named events with handlers, sync or async; one that fails is reported, and stops nothing."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from llm_sim.errors import UsageError, did_you_mean
from llm_sim.service._task_owner import TaskOwner

_H = TypeVar("_H", bound=Callable[..., Any])


class EventSource(TaskOwner):
    """Call handlers by the name of an event.

    Args:
        name: For log lines and error frames.
        cancel_timeout_secs: How long a cancelled handler may take to end.
    """

    def __init__(self, name: str, cancel_timeout_secs: float) -> None:
        super().__init__(name, cancel_timeout_secs)
        self._event_handlers: dict[str, list[Callable[..., Any]]] = {}

    def event_handler(self, event_name: str) -> Callable[[_H], _H]:
        """Decorate a function as a handler of an event.

        Args:
            event_name: The event.

        Returns:
            A decorator that leaves the function as it is.
        """

        def decorate(handler: _H) -> _H:
            self.add_event_handler(event_name, handler)
            return handler

        return decorate

    def add_event_handler(self, event_name: str, handler: Callable[..., Any]) -> None:
        """Add a handler; handlers of one event are called in the order they were added.

        Args:
            event_name: The event.
            handler: Called with the source of the event and the event's arguments. An async one
                runs in a task of its own.

        Raises:
            UsageError: There is no such event.
        """
        if event_name not in self._event_handlers:
            known = list(self._event_handlers)
            raise UsageError(
                f"{self} has no event {event_name!r}{did_you_mean(event_name, known)}; "
                f"it has: {', '.join(known) or 'none'}"
            )
        self._event_handlers[event_name].append(handler)

    def _register_event_handler(self, event_name: str) -> None:
        self._event_handlers.setdefault(event_name, [])

    async def _call_event_handler(self, event_name: str, *args: Any, **kwargs: Any) -> None:
        # A copy, because a handler may add another one.
        for handler in tuple(self._event_handlers[event_name]):
            try:
                outcome = handler(self, *args, **kwargs)
            except Exception as error:
                await self._report(
                    f"{self}: a handler of the event {event_name!r} failed: {error!r}", error
                )
                continue
            # Not awaited here: an event is called between two frames that belong together, and a
            # handler that waits must not open a gap in which an interruption can land.
            if inspect.isawaitable(outcome):
                self.create_task(_awaited(outcome), event_name)


async def _awaited(outcome: Awaitable[Any]) -> None:
    await outcome

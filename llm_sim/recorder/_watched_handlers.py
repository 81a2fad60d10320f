"""The life of a handler, seen from around it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import wraps
from typing import Any

from llm_sim.recorder._plain_values import plain, renumbered, type_name
from llm_sim.recorder._recorder import Recorder

Handler = Callable[..., Awaitable[None]]


def watched(recorder: Recorder, handler: Handler) -> Handler:
    """Return ``handler`` with its start, its answers and its end recorded.

    The wrapper keeps the handler's signature, which services read to tell old handlers from new
    ones, and awaits it directly, so it adds no step.

    Args:
        recorder: Where it is recorded.
        handler: Takes one params object, or Pipecat's six old arguments.
    """

    @wraps(handler)
    async def wrapper(*args: Any) -> None:
        name, call, args = _watch_answers(recorder, args)
        arguments = args[0].arguments if len(args) == 1 else args[2]
        before = plain(arguments)
        seq = recorder.record("handler", name, call=call, data={"phase": "started"})
        recorder.begin(seq)
        # Asked now: a handler that never ends is closed outside any loop.
        task = asyncio.current_task()
        phase, raised = "raised", None
        awaited = _Awaited(_handle(handler, args), recorder)
        try:
            await awaited
            phase = "returned"
        except asyncio.CancelledError:
            phase = "cancelled"
            raise
        except Exception as error:
            raised = plain(error)
            raise
        finally:
            data: dict[str, Any] = {"phase": phase}
            if raised is not None:
                data["error"] = raised
            data["cancels"] = 0 if task is None else awaited.cancellations(task)
            if phase == "returned" and data["cancels"] and awaited.thrown_at is not None:
                # Who has answered owes nothing any more: it may well return from its clean-up.
                done = _has_answered(recorder, call, seq, awaited.thrown_at)
                data |= {} if done else {"swallowed": True}
            if plain(arguments) != before:
                data["arguments"] = {"before": before, "after": plain(arguments)}
            recorder.record("handler", name, call=call, data=data)

    return wrapper


async def _handle(handler: Handler, args: tuple[Any, ...]) -> None:
    await handler(*args)


class _Awaited(Generator[Any, Any, None]):
    """What a handler is awaited through: it counts the cancellations that the handler is thrown.

    A task counts requests to cancel it, and those that come before its next step are thrown as one.
    """

    # Slots, so that a report of who waits for what finds its way through to the handler.
    __slots__ = ("_recorder", "_steps", "_thrown", "thrown_at")

    def __init__(self, coroutine: Coroutine[Any, Any, None], recorder: Recorder) -> None:
        self._steps = coroutine.__await__()
        self._recorder = recorder
        self._thrown = 0
        self.thrown_at: int | None = None
        """The number of the next event when it was first thrown a cancellation, or None."""

    def __await__(self) -> Generator[Any, Any, None]:
        return self

    def send(self, value: Any) -> Any:
        return self._steps.send(value)

    def throw(self, error: Any, *more: Any) -> Any:
        if isinstance(error, asyncio.CancelledError):
            self._thrown += 1
            if self.thrown_at is None:
                self.thrown_at = len(self._recorder.trace.events)
        return self._steps.throw(error, *more)

    def close(self) -> None:
        self._steps.close()

    def cancellations(self, task: asyncio.Task[Any]) -> int:
        """Return how often somebody else cancelled the handler, which ran in ``task``."""
        # A handler's own `asyncio.timeout` throws too, and takes its request back. A request that
        # something awaited swallows was made all the same.
        return min(task.cancelling(), max(1, self._thrown))


def _has_answered(recorder: Recorder, call: str, first: int, behind: int) -> bool:
    """Return whether a call was given its final answer between two events."""
    return any(
        event.kind == "answer" and event.call == call and event.data.get("final", True)
        for event in recorder.trace.events[first:behind]
    )


def _watch_answers(recorder: Recorder, args: tuple[Any, ...]) -> tuple[str, str, tuple[Any, ...]]:
    if len(args) == 1:
        params = args[0]
        name, call = str(params.function_name), str(params.tool_call_id)
        params.result_callback = _watched_callback(recorder, name, call, params.result_callback)
        return name, call, args
    name, call = str(args[0]), str(args[1])
    return name, call, (*args[:-1], _watched_callback(recorder, name, call, args[-1]))


def _watched_callback(recorder: Recorder, name: str, call: str, callback: Any) -> Any:
    @wraps(callback)
    def answer(result: Any, *args: Any, **kwargs: Any) -> Any:
        data = {"result": plain(result), **_not_json(result)}
        if getattr(kwargs.get("properties"), "is_final", None) is False:
            data["final"] = False
        recorder.record("answer", name, call=call, data=data)
        return callback(result, *args, **kwargs)

    return answer


def _not_json(result: Any) -> dict[str, str]:
    try:
        json.dumps(result, allow_nan=False, default=_refuse)
    except (TypeError, ValueError, RecursionError) as error:
        return {"not_json": renumbered(str(error))}
    return {}


def _refuse(value: Any) -> Any:
    raise TypeError(f"a {type_name(value)} is not JSON serializable")


def registered(recorder: Recorder, name: str | None, *, cancel: bool | None) -> None:
    """Record a registration; the one at the time of a call decides what may happen to it (LS106).

    Args:
        recorder: Where it is recorded.
        name: The function's name; None for the catch-all.
        cancel: Whether an interruption cancels its calls; None when it was unregistered.
    """
    recorder.record("register", name or "", data={"cancel_on_interruption": cancel})

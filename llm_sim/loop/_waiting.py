"""Who waits for what: one line a task, from the objects that asyncio itself suspends."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Generator, Iterable, Iterator
from pathlib import PurePath
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any

from llm_sim.loop._numbered_tasks import name_of


def describe_future(future: asyncio.Future[Any]) -> str:
    """Name a future without its address."""
    if isinstance(future, asyncio.Task):
        return f"task {name_of(future)!r}"
    return type(future).__name__.lstrip("_")


def describe_task(task: asyncio.Task[Any], timers: Iterable[asyncio.TimerHandle]) -> str:
    """Return ``name: file:line in function awaits something`` for a pending task.

    The place is the innermost frame outside asyncio, and what asyncio function it called there is
    what it waits for: ``Queue.get`` tells more than a line inside ``queues.py``, and the same on
    every Python.

    Args:
        task: A task that is not done.
        timers: The armed timers, among which a sleeping task finds its moment.
    """
    frames = list(frames_of(task.get_coro()))
    own = [frame for frame in frames if not _is_asyncio(frame)]
    called = frames[frames.index(own[-1]) + 1 :] if own else frames
    place = f" {_place(own[-1])}" if own else ""
    return f"{name_of(task)}:{place} {_condition(task, called, timers)}"


def frames_of(awaitable: object) -> Iterator[FrameType]:
    """Yield the suspended frames from a coroutine inwards."""
    while True:
        if isinstance(awaitable, CoroutineType):
            frame, inner = awaitable.cr_frame, awaitable.cr_await
        elif isinstance(awaitable, GeneratorType):
            frame, inner = awaitable.gi_frame, awaitable.gi_yieldfrom
        elif isinstance(awaitable, AsyncGeneratorType):
            frame, inner = awaitable.ag_frame, awaitable.ag_await
        else:
            awaitable = _wrapped(awaitable)
            if awaitable is None:
                return
            continue
        if frame is None:
            return
        yield frame
        awaitable = inner


def _wrapped(awaitable: object) -> object:
    """Return what an ``anext()``, ``asend()`` or ``__await__()`` wraps, or a generator class.

    Those wrappers have no attribute for it, but they show it to the garbage collector.
    """
    if not isinstance(awaitable, Generator):
        return None
    for referent in gc.get_referents(awaitable):
        if isinstance(referent, CoroutineType | GeneratorType | AsyncGeneratorType):
            return referent
        if isinstance(referent, Generator):
            return _wrapped(referent)
    return None


def _is_asyncio(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == "asyncio"


def _place(frame: FrameType) -> str:
    code = frame.f_code
    return f"{PurePath(code.co_filename).name}:{frame.f_lineno} in {code.co_qualname}"


def _condition(
    task: asyncio.Task[Any], called: list[FrameType], timers: Iterable[asyncio.TimerHandle]
) -> str:
    awaited: asyncio.Future[Any] | None = getattr(task, "_fut_waiter", None)
    if awaited is None or awaited.done():
        return "is ready to run"
    names = _public([frame.f_code.co_qualname for frame in called])
    # The future of a sleep has nothing that tells its moment; the timer that will resolve it has.
    if names and names[-1] == "sleep":
        names[-1] = _sleep(awaited, timers)
    elif isinstance(awaited, asyncio.Task) or not names:
        names.append(describe_future(awaited))
    return f"awaits {' > '.join(names)}"


def _public(names: list[str]) -> list[str]:
    """Leave asyncio's internal helpers out, whose names vary with the Python."""
    last_parts = [(name, name.rpartition(".")[2]) for name in names]
    return [name for name, last in last_parts if not last.startswith("_") or last.endswith("__")]


def _sleep(awaited: asyncio.Future[Any], timers: Iterable[asyncio.TimerHandle]) -> str:
    for timer in timers:
        if any(argument is awaited for argument in timer._args or ()):
            return f"sleep until {timer.when():.3f} s"
    return "sleep"

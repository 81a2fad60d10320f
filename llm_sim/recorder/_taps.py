"""A tap on one processor.

Every target hands a frame over by calling ``neighbour.queue_frame(frame, direction)`` and begins to
work on it by calling ``self.process_frame(frame, direction)``. A tap stands in for these two on the
instance: a plain function that notes the call and returns the coroutine of the original, so the
event loop sees the very same steps with and without it (LS502).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from llm_sim.recorder._recorder import Recorder
from llm_sim.trace import DOWN, UP

_BATCH_EVENT: Final = "on_function_calls_started"


def _direction(direction: Any) -> str:
    # `_name_`, because the property `name` of an Enum is looked up through its metaclass, at every
    # hop of every frame.
    return UP if direction is not None and direction._name_ == "UPSTREAM" else DOWN


def tap(
    recorder: Recorder,
    processor: Any,
    label: str,
    *,
    before: str = "",
    after: str = "",
    causes: bool = True,
) -> Callable[[], None]:
    """Record what is handed to a processor and what it processes.

    Args:
        recorder: Where it is recorded.
        processor: The live processor.
        label: Its name in the trace.
        before: The label of the neighbour that pushes downstream to it.
        after: The label of the neighbour that pushes upstream to it.
        causes: Whether the processor works in tasks of its own. One that runs inside its
            neighbour's task must not become the cause of what that neighbour does next.

    Returns:
        A function that takes the tap off again.
    """
    own = vars(processor)
    kept = {name: own[name] for name in ("queue_frame", "process_frame") if name in own}
    queue_frame, process_frame = processor.queue_frame, processor.process_frame
    neighbours = {DOWN: before, UP: after}

    def tapped_queue_frame(frame: Any, direction: Any = None, *args: Any, **kwargs: Any) -> Any:
        way = _direction(direction)
        recorder.record("push", label, way, frame, data={"by": neighbours[way]})
        if direction is None:
            return queue_frame(frame, *args, **kwargs)
        return queue_frame(frame, direction, *args, **kwargs)

    def tapped_process_frame(frame: Any, direction: Any) -> Any:
        seq = recorder.record("process", label, _direction(direction), frame)
        if causes:
            recorder.begin(seq)
        return process_frame(frame, direction)

    processor.queue_frame = tapped_queue_frame
    processor.process_frame = tapped_process_frame

    def undo() -> None:
        del processor.queue_frame, processor.process_frame
        own.update(kept)

    return undo


def tap_events(recorder: Recorder, service: Any, label: str) -> Callable[[], None]:
    """Record the events about calls that a service fires.

    Args:
        recorder: Where it is recorded.
        service: The live service.
        label: Its name in the trace.

    Returns:
        A function that takes the tap off again.
    """
    call_event_handler = service._call_event_handler

    def tapped(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == _BATCH_EVENT:
            calls = [str(call.tool_call_id) for call in args[0]]
            recorder.record("event", label, data={"name": name, "calls": calls})
        return call_event_handler(name, *args, **kwargs)

    service._call_event_handler = tapped

    def undo() -> None:
        del service._call_event_handler

    return undo

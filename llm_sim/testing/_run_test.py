"""``run_test``: one processor between a source and a sink, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from warnings import catch_warnings

from llm_sim.errors import DeadlockError, ExpectationError, UsageError
from llm_sim.frames import FrameDirection
from llm_sim.loop import SimLoop, outside_refused
from llm_sim.scripted import SECOND_NS
from llm_sim.simulation import wall_clock_of
from llm_sim.targets import Rig, RigOptions, open_rig
from llm_sim.testing._comparison import ExpectedFrame, side_by_side

_MAX_STEPS: Final = 1_000_000
_MAX_TIME_NS: Final = 24 * 3600 * SECOND_NS
_TEARDOWN_STEPS: Final = 20_000
_CANCELLATIONS: Final = 3
"""So often is cancelled what is left; a clean-up may wait for what is gone already."""


@dataclass(frozen=True, slots=True)
class SleepFrame:
    """Stands between two frames that are sent, and lets virtual time pass; it is not sent itself.

    Pipecat's own of that name does the same.

    Parameters:
        sleep: How long, in seconds.
    """

    sleep: float = 0.2


async def run_test(
    processor: Any,
    *,
    frames_to_send: Sequence[Any],
    frames_to_send_direction: Any = FrameDirection.DOWNSTREAM,
    expected_down_frames: Sequence[Any] | None = None,
    expected_up_frames: Sequence[Any] | None = None,
    ignore_start: bool = True,
    send_end_frame: bool = True,
    start_timeout: float = 1.0,
    enable_rtvi: bool = False,
    observers: Sequence[Any] | None = None,
    pipeline_params: Any = None,
) -> tuple[list[Any], list[Any]]:
    """Send frames through one processor and compare what comes out with what is expected.

    It takes the arguments of Pipecat's ``run_test``, and runs on a loop of its own, to its end
    inside this call: the test's own loop stands still meanwhile, and no real time passes; the
    process's clocks, which begin at a fixed moment, read the loop's time. An
    expected frame is a class; or a frame, whose payload must be equal then; or anything with an
    ``==`` of its own.

    Args:
        processor: A FrameProcessor of Pipecat or of `llm_sim.service`.
        frames_to_send: What is sent, in order, once the pipeline has started.
        frames_to_send_direction: Whether they enter at the source, downstream, or at the sink.
        expected_down_frames: What must come out downstream, no more and no less; None: anything.
        expected_up_frames: What must come out upstream.
        ignore_start: Whether start frames are left out of what came.
        send_end_frame: Whether an end frame is sent behind the others; it is left out then.
        start_timeout: How long the start frame may take, in virtual seconds.
        enable_rtvi: Whether Pipecat's pipeline speaks RTVI.
        observers: The observers of Pipecat's pipeline.
        pipeline_params: The parameters of Pipecat's pipeline.

    Returns:
        The frames that came out downstream, and those that came out upstream.

    Raises:
        ExpectationError: They are not what was expected, or the pipeline never ended. It is an
            AssertionError.
        TimeoutError: The start frame did not come through in time.
        UsageError: An argument cannot be used.
        SimulationError: The processor asked for the real world, or the run has no end.
    """
    __tracebackhide__ = True
    upstream = _is_upstream(frames_to_send_direction)
    options = RigOptions(enable_rtvi, tuple(observers or ()), pipeline_params)
    _check_number("start_timeout", start_timeout)
    sent = _Sent(tuple(frames_to_send), upstream, send_end_frame, start_timeout)
    loop = SimLoop(max_steps=_MAX_STEPS, max_time_ns=_MAX_TIME_NS)
    with outside_refused(loop), wall_clock_of(loop):
        try:
            rig = loop.run_until_complete(_built(processor, options))
            for frame in sent.frames:
                _check_sent(frame, rig)
            _run(loop, rig, processor, sent)
        finally:
            _close(loop)
    starts = (rig.frames.StartFrame,) if ignore_start else ()
    ends = (rig.frames.EndFrame,) if send_end_frame else ()
    down = [frame for frame in rig.down if not isinstance(frame, starts + ends)]
    up = [frame for frame in rig.up if not isinstance(frame, starts)]
    # Who compares frames reads their deprecated fields too, and Pipecat has that told whatever the
    # filters say.
    with catch_warnings(record=True):
        came = {"downstream": down, "upstream": up}
        _compare(rig, came, expected_down_frames, expected_up_frames)
    return down, up


@dataclass(frozen=True, slots=True)
class _Sent:
    """What is sent, and how."""

    frames: Sequence[Any]
    upstream: bool
    end: bool
    start_timeout: float


def _is_upstream(direction: Any) -> bool:
    name = getattr(direction, "name", "")
    if name not in ("DOWNSTREAM", "UPSTREAM"):
        raise UsageError(
            f"frames_to_send_direction must be a FrameDirection, not {direction!r}; "
            "it is FrameDirection.DOWNSTREAM or FrameDirection.UPSTREAM"
        )
    return bool(name == "UPSTREAM")


def _check_sent(frame: Any, rig: Rig) -> None:
    if isinstance(frame, type):
        raise UsageError(
            f"frames_to_send has the class {frame.__name__}: send a frame, {frame.__name__}(...)"
        )
    if type(frame).__name__ == SleepFrame.__name__:
        _check_number("the sleep of a SleepFrame", frame.sleep)
    elif not isinstance(frame, rig.frames.Frame):
        raise UsageError(
            f"frames_to_send has {frame!r}, which is no frame of the processor's library: send one "
            f"of {rig.frames.__name__}"
        )


def _check_number(what: str, secs: Any) -> None:
    if isinstance(secs, bool) or not isinstance(secs, int | float):
        raise UsageError(f"{what} must be a number of seconds, not {secs!r}")


async def _built(processor: Any, options: RigOptions) -> Rig:
    return open_rig(processor, options)


def _run(loop: SimLoop, rig: Rig, processor: Any, sent: _Sent) -> None:
    """Run the pipeline to its end."""
    __tracebackhide__ = True
    stuck: DeadlockError | None = None
    try:
        loop.run_until_complete(_play(rig, processor, sent))
    except DeadlockError as error:
        stuck = error
    # A processor contains a refusal like any other error; what it did without is worth nothing.
    if loop.refusals:
        raise loop.refusals[0]
    if stuck is not None:
        waits = [line for line in stuck.waiting if line.startswith(str(processor))]
        timeline = [*(f"  waits   {line}" for line in waits), *_errors(rig)]
        raise ExpectationError(
            "an end of the pipeline", _without_end(rig, processor, sent), tuple(timeline)
        )


async def _play(rig: Rig, processor: Any, sent: _Sent) -> None:
    running = asyncio.create_task(rig.run(), name="pipeline")
    try:
        await asyncio.wait_for(rig.started.wait(), sent.start_timeout)
    except TimeoutError:
        if running.done():
            running.result()
        raise TimeoutError(
            f"no StartFrame came through {processor} within {sent.start_timeout:g} s: its "
            "process_frame must await super().process_frame(...) and push the frame on"
        ) from None
    for frame in sent.frames:
        if type(frame).__name__ == SleepFrame.__name__:
            await asyncio.sleep(frame.sleep)
        else:
            await rig.send(frame, upstream=sent.upstream)
    if sent.end:
        await rig.send(rig.frames.EndFrame())
    await running


def _without_end(rig: Rig, processor: Any, sent: _Sent) -> str:
    ends = (rig.frames.EndFrame, rig.frames.CancelFrame)
    if sent.end or any(isinstance(frame, ends) for frame in sent.frames):
        return (
            f"no EndFrame or CancelFrame came through {processor}: its process_frame must push "
            "what it does not keep, await self.push_frame(frame, direction)"
        )
    return (
        "nothing that was sent ends it: leave send_end_frame=True, or send an EndFrame or a "
        "CancelFrame"
    )


def _close(loop: SimLoop) -> None:
    loop.set_exception_handler(lambda *_: None)
    loop.max_steps = loop.steps + _TEARDOWN_STEPS
    for _ in range(_CANCELLATIONS):
        for task in loop.tasks():
            task.cancel()
        loop.run_until_idle()
    loop.close()


def _compare(
    rig: Rig,
    came: Mapping[str, Sequence[Any]],
    expected_down: Sequence[Any] | None,
    expected_up: Sequence[Any] | None,
) -> None:
    """Refuse frames that are not those that were expected."""
    __tracebackhide__ = True
    unmet: list[str] = []
    tables: list[str] = []
    for way, expected in (("downstream", expected_down), ("upstream", expected_up)):
        if expected is None:
            continue
        other = "upstream" if way == "downstream" else "downstream"
        wanted = [ExpectedFrame(one, isinstance(one, rig.frames.Frame)) for one in expected]
        if table := side_by_side(wanted, came[way], came[other], other):
            unmet.append(f"{_counted(wanted)} {way}, {len(came[way])} came")
            tables += [f"  {way}", *table]
    if unmet:
        raise ExpectationError(
            " and ".join(unmet), "the first difference is marked >>>", (*tables, *_errors(rig))
        )


def _counted(frames: Sequence[Any]) -> str:
    return f"{len(frames)} frame{'' if len(frames) == 1 else 's'}"


def _errors(rig: Rig) -> Iterator[str]:
    """Yield what went wrong inside, which is often why."""
    for frame in rig.up:
        if isinstance(frame, rig.frames.ErrorFrame):
            yield f"  error   {frame.error}"

"""LS301 to LS304: how a run ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from llm_sim.invariants._facts import ENDS, Facts
from llm_sim.invariants._law import Law, Violation, kebab, of_call
from llm_sim.trace import SERVICE, SINK, Event


def _an_end_ends(facts: Facts) -> Iterator[Violation]:
    waiting: Event | None = None
    over = False
    for event in facts.conversation:
        # Nothing more is due once an end or a cancel has arrived: the pipeline is over. Until then
        # the last one counts, since a cancel overtakes an end that waits.
        if event.kind == "stimulus" and event.data["do"] in ("end", "cancel") and not over:
            waiting = event
        elif event.kind == "process" and event.where == SINK and facts.frame(event).type in ENDS:
            waiting, over = None, True
    if waiting is not None:
        do = str(waiting.data["do"])
        message = f"the {do.capitalize()}Frame never reaches the sink"
        yield Violation("LS301", message, event=waiting.seq, kind=f"{do}-lost")


def _nothing_after_end(facts: Facts) -> Iterator[Violation]:
    end = next(facts.processed(ENDS, SINK), None)
    if end is not None:
        yield from _handlers_after(facts, end)
    yield from _call_frames_after(facts)
    close = facts.trace.last("close")
    if close is not None:
        for task in close.data["tasks"]:
            lines = [line.partition(f"{task}: ")[2] for line in close.data.get("waiting", ())]
            where = next((f"; waiting: {line}" for line in lines if line), "")
            message = f"task {task!r} is left after the end{where}"
            yield Violation("LS302", message, event=close.seq, kind="task-left")
        # A handler that was told to stop and goes on may hold one timer: the one it sleeps on.
        stubborn = 0 if end is None else sum(1 for _ in _told_to_stop(facts, end))
        if close.data["timers"] > stubborn:
            timers = close.data["timers"]
            left = "1 timer is" if timers == 1 else f"{timers} timers are"
            message = f"{left} left after the end"
            yield Violation("LS302", message, event=close.seq, kind="timer-left")


def _handlers_after(facts: Facts, end: Event) -> Iterator[Violation]:
    told_to_stop = {event.seq for event in _told_to_stop(facts, end)}
    running: dict[str, Event] = {}
    for event in facts.trace.of("handler"):
        if event.data["phase"] != "started":
            began = running.pop(event.call, None)
            # A handler that is over in the very instant of the end was cancelled by it.
            runs_on = event.seq > end.seq and event.time_ns > end.time_ns
            if began is not None and runs_on and event.seq not in told_to_stop:
                yield _runs_after(facts, event, end, "still runs")
        elif event.seq > end.seq:
            yield _runs_after(facts, event, end, "starts")
        else:
            running[event.call] = event
    for event in running.values():
        yield _runs_after(facts, event, end, "still runs")


def _told_to_stop(facts: Facts, end: Event) -> Iterator[Event]:
    """Yield the ends of handlers that swallowed their cancellation and ran on behind the end.

    A service can do no more than cancel a handler; what it swallows is its own fault.
    """
    for event in facts.trace.of("handler"):
        if event.seq > end.seq and event.data.get("cancels") and event.data["phase"] != "cancelled":
            yield event


def _runs_after(facts: Facts, event: Event, end: Event, does: str) -> Violation:
    type_ = facts.frame(end).type
    wrong = f"its handler {does} after the {type_}Frame has gone through"
    kind = kebab("handler", does.removeprefix("still "), "after", type_)
    message = f"{event.call} `{event.where}`: {wrong}"
    return Violation("LS302", message, event.call, event.seq, kind=kind)


def _call_frames_after(facts: Facts) -> Iterator[Violation]:
    # By direction: an end goes down first, and what is settled because of it may still go up.
    gone: dict[str, str] = {}
    for event in facts.trace.of("push"):
        if event.data["by"] != SERVICE:
            continue
        frame = facts.frame(event)
        if frame.type in ENDS:
            gone.setdefault(event.direction, frame.type)
        elif frame.calls and event.direction in gone:
            end = gone[event.direction]
            wrong = f"the service pushes {frame.type} after its {end}Frame"
            kind = kebab(frame.type, "after", end)
            yield of_call(facts, "LS302", frame.calls[0], event, wrong, kind)


def _no_exception_unseen(facts: Facts) -> Iterator[Violation]:
    seen_in = {
        event.step
        for event in facts.trace.of("push")
        if facts.trace.frames[event.frame or 0].type == "Error"
    }
    for event in facts.trace.of("error"):
        source = event.data["source"]
        # What is logged while an ErrorFrame goes out in the same step has been told.
        if source == "log" and event.step in seen_in:
            continue
        message = event.data["message"]
        yield Violation(
            "LS303",
            f"unseen ({source}): {message}",
            event=event.seq,
            kind=kebab(source, *_exception_in(message)),
        )


def _exception_in(message: str) -> Iterator[str]:
    """Yield the name of the exception class that a message tells of, if there is one.

    Of an exception that was logged, or given to the loop's handler, the trace has the text alone.
    That text is Python's or Pipecat's and full of ids and values, so only the class says what went
    wrong. By Python's convention its name ends in ``Error`` or ``Exception``.
    """
    named = (word for word in re.split(r"\W+", message) if word.endswith(_OF_EXCEPTIONS))
    yield from islice((name for name in named if name not in _OF_EXCEPTIONS), 1)


_OF_EXCEPTIONS: Final = ("Error", "Exception")


def _comes_to_rest(facts: Facts) -> Iterator[Violation]:
    if facts.rest is None or facts.rest.data["how"] == "idle":
        return
    bound = facts.rest.data.get("bound", facts.rest.data["how"])
    waiting = facts.rest.data["waiting"]
    who = f"; waiting: {'; '.join(waiting)}" if waiting else ""
    yield Violation(
        "LS304",
        f"the run did not come to rest within its bound of {bound}{who}",
        event=facts.rest.seq,
        kind=kebab("bound of", facts.rest.data["how"]),
    )


LAWS: Final = (
    Law(
        "LS301",
        "an-end-ends",
        "An EndFrame reaches the sink, also when it is raced by an interruption; a CancelFrame "
        "overtakes an end that waits.",
        "A pipeline that does not end keeps its call, its memory and its bill.",
        "pipecat-ai/pipecat#3524",
        _an_end_ends,
    ),
    Law(
        "LS302",
        "nothing-after-end",
        "After End or Cancel no handler runs, no task is left, no frame about a call is pushed and "
        "no timer is pending.",
        "A handler that runs on after the call has hung up acts for nobody, and leaks.",
        "pipecat-ai/pipecat#5790, #4948",
        _nothing_after_end,
    ),
    Law(
        "LS303",
        "no-exception-unseen",
        "No exception goes unseen: none in the loop's exception handler, none swallowed in a task, "
        "no coroutine never awaited; an ErrorFrame counts as seen.",
        "What nobody hears of, nobody repairs.",
        "pipecat-ai/pipecat PR #5291",
        _no_exception_unseen,
    ),
    Law(
        "LS304",
        "comes-to-rest",
        "The run comes to rest within its bound of virtual time and steps.",
        "A pipeline that spins or waits for ever holds its user's line.",
        "a run that never rests has no verdict on anything else",
        _comes_to_rest,
    ),
)

"""LS105, LS107 to LS109 and LS111: how a service dispatches calls and tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from llm_sim.invariants._facts import Facts
from llm_sim.invariants._law import Law, Violation, kebab, of_call
from llm_sim.trace import DOWN, SERVICE, UP, CallLife, calls, phase_of


def _both_ways(facts: Facts) -> Iterator[Violation]:
    for call, life in facts.lives.items():
        down = [(phase, facts.frame(event).fields) for phase, event in life.pushes.get(DOWN, ())]
        up = [(phase, facts.frame(event).fields) for phase, event in life.pushes.get(UP, ())]
        if down == up:
            continue
        # Only the first difference: what follows it mostly follows from it.
        at = next(
            (
                place
                for place, (one, other) in enumerate(zip(down, up, strict=False))
                if one != other
            ),
            min(len(down), len(up)),
        )
        event = (life.pushes.get(DOWN) or life.pushes[UP])[-1][1]
        kind, wrong = _one_sided(down, up, at)
        yield of_call(facts, "LS105", call, event, wrong, kind)


def _one_sided(down: list[Any], up: list[Any], at: int) -> tuple[str, str]:
    """Return how the two ways differ: the kind, and in words."""
    if at < len(down) and at < len(up):
        one, other = down[at][0], up[at][0]
        if one == other:
            message = f"{one} has another content upstream than downstream"
            return kebab("other content in", one), message
        message = f"downstream comes {one} where upstream comes {other}"
        return kebab(one, "downstream", other, "upstream"), message
    longer, way = (down, "downstream") if len(down) > len(up) else (up, "upstream")
    return kebab(longer[at][0], way, "only"), f"{longer[at][0]} goes {way} only"


def _one_at_a_time(facts: Facts) -> Iterator[Violation]:
    if facts.trace.header.mode != "sequential":
        return
    running: str | None = None
    order = {call: place for place, call in enumerate(facts.lives)}
    latest = -1
    for event in facts.conversation:
        if event.kind != "handler":
            continue
        if event.data["phase"] != "started":
            running = None if running == event.call else running
            continue
        # A handler that ignores the end of its call may still run. The service has no means to stop
        # it, and must not let the calls behind it wait.
        if running is not None and not facts.lives[running].settled_before(event):
            behind = facts.name(running)
            wrong = f"its handler starts while {behind} is still running"
            yield of_call(facts, "LS107", event.call, event, wrong, "two-at-once")
        if order.get(event.call, latest) < latest:
            wrong = "its handler starts out of turn"
            yield of_call(facts, "LS107", event.call, event, wrong, "out-of-turn")
        latest = max(latest, order.get(event.call, latest))
        running = event.call
    yield from _stopped_behind(facts)


def _stopped_behind(facts: Facts) -> Iterator[Violation]:
    """Find calls that wait for ever although everything before them is settled.

    The run is at rest, so a call that has been announced and no more will never run.
    """
    if facts.ended:
        # What the end of the conversation leaves open, LS101 and LS302 tell.
        return
    before: list[CallLife] = []
    for call, life in facts.lives.items():
        waits = life.phases_in(DOWN) == ["started"] and not life.handler
        if waits and before and all(other.settled_by(DOWN) for other in before):
            behind = facts.name(before[-1].id)
            message = f"never runs: it is queued behind {behind}, which is settled"
            yield Violation(
                "LS107",
                f"{facts.name(call)} {message}",
                call,
                life.pushes[DOWN][-1][1].seq,
                kind="never-runs",
            )
        before.append(life)


def _announced_once(facts: Facts) -> Iterator[Violation]:
    announced: list[tuple[str, ...]] = []
    for event in facts.conversation:
        if event.kind == "event":
            batch = tuple(event.data["calls"])
            if not batch:
                message = "the event fires for an empty batch"
                yield Violation("LS108", message, event=event.seq, kind="event-of-empty-batch")
            elif batch in announced:
                message = f"the event fires twice for {facts.names(batch)}"
                yield Violation("LS108", message, batch[0], event.seq, kind="event-twice")
            announced.append(batch)
        elif event.kind == "push" and event.data.get("by") == SERVICE and event.direction == DOWN:
            frame = facts.frame(event)
            phase = phase_of(frame)
            if phase is None or phase.name != "started":
                continue
            if not frame.calls:
                message = "a frame announces an empty batch"
                yield Violation("LS108", message, event=event.seq, kind="frame-of-empty-batch")
            elif frame.calls not in announced:
                message = f"{facts.names(frame.calls)}: its frame comes before its event"
                yield Violation(
                    "LS108", message, frame.calls[0], event.seq, kind="frame-before-event"
                )


def _late_results_are_dropped(facts: Facts) -> Iterator[Violation]:
    state = facts.state()
    for call, life in facts.lives.items():
        end = life.settled_by(DOWN)
        if end is None:
            continue
        late = [e for e in facts.trace.of("answer") if e.call == call and e.seq > end.seq]
        pushed = [
            event
            for phase, event in life.pushes[DOWN]
            if phase in ("result", "update") and event.seq > end.seq
        ]
        if pushed:
            wrong = "a result that came after the call had ended is pushed"
            yield of_call(facts, "LS109", call, pushed[0], wrong, "pushed-after-the-end")
        # After a result the context is settled anyway. After a cancel it must not be.
        if life.is_cancelled and state.get("context", {}).get(call) == "settled" and late:
            wrong = "a result that came after the call was cancelled is in the context"
            yield of_call(facts, "LS109", call, late[0], wrong, "in-context-after-cancel")


def _still_works(facts: Facts) -> Iterator[Violation]:
    probe = facts.trace.last("probe")
    if probe is None:
        return
    life = calls(facts.trace).get(probe.call)
    if life is None:
        message = "a fresh call is not even announced"
        yield Violation("LS111", message, probe.call, probe.seq, kind="not-announced")
    elif "result" not in life.phases_in(DOWN):
        phase, event = life.pushes[DOWN][-1]
        message = f"a fresh call stays {phase.replace('_', ' ')}"
        yield Violation("LS111", message, probe.call, event.seq, kind=kebab("stays", phase))


LAWS: Final = (
    Law(
        "LS105",
        "both-ways",
        "Started, in-progress, result and cancel frames go both downstream and upstream, with "
        "equal content.",
        "A mute filter or a user interface on the other side never hears that a call is over.",
        "the reference text of LLMService; pipecat-ai/pipecat PR #3672",
        _both_ways,
    ),
    Law(
        "LS107",
        "one-at-a-time",
        "In sequential mode at most one handler runs at a time, in call order, and a cancelled, "
        "failed or timed-out call never stops the ones behind it.",
        "After one interrupted call no function ever runs again.",
        "pipecat-ai/pipecat#2043",
        _one_at_a_time,
    ),
    Law(
        "LS108",
        "announced-once",
        "on_function_calls_started fires once per batch, before any frame of the batch; an empty "
        "batch does nothing.",
        "Applications say 'one moment' from it.",
        "the reference text of LLMService",
        _announced_once,
    ),
    Law(
        "LS109",
        "late-results-dropped",
        "A result that comes after the call was settled is dropped; it changes no frame and no "
        "context.",
        "A model that is told both that a call was cancelled and what it gave says either.",
        "pipecat-ai/pipecat#4936, PR #3647",
        _late_results_are_dropped,
    ),
    Law(
        "LS111",
        "still-works",
        "After any fault or interruption a fresh call of the same service still runs and settles.",
        "A service that has survived only in name fails the next caller.",
        "pipecat-ai/pipecat#2043",
        _still_works,
    ),
)

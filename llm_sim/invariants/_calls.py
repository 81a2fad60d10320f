"""LS101 to LS106: the life of a call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llm_sim.invariants._facts import INTERRUPTIONS, SERVICE, Facts
from llm_sim.invariants._law import Law, Violation
from llm_sim.trace import DOWN, UP, CallLife, Event

CANCEL_BOUND_NS: Final = 1_000_000_000
"""How long after an interruption a call may take to be cancelled: one virtual second."""

_OPEN: Final = frozenset(("queued", "running", "in_progress", "missing"))


def _settles_once(facts: Facts) -> Iterator[Violation]:
    for call, life in facts.lives.items():
        if "started" not in life.phases(DOWN):
            continue
        ends = [
            (phase, event) for phase, event in life.pushes[DOWN] if phase in ("result", "cancelled")
        ]
        if not ends:
            told = life.phases(DOWN)[-1].replace("_", " ")
            yield Violation(
                "LS101",
                f"{facts.name(call)} is never settled: last heard of as {told}",
                call,
                life.pushes[DOWN][-1][1].seq,
            )
        for phase, event in ends[1:]:
            yield Violation(
                "LS101",
                f"{facts.name(call)} is settled twice: {ends[0][0]}, then {phase}",
                call,
                event.seq,
            )


def _nothing_after_the_end(facts: Facts) -> Iterator[Violation]:
    settled: dict[tuple[str, str, str], str] = {}
    told: set[str] = set()
    for event in facts.conversation:
        if event.kind != "process" or event.frame is None:
            continue
        frame = facts.trace.frames[event.frame]
        if frame.type not in _AFTER:
            continue
        for call in frame.calls:
            key = (event.where, event.direction, call)
            before = settled.get(key)
            if before is not None and call not in told:
                told.add(call)
                yield Violation(
                    "LS102",
                    f"{event.where} sees {frame.type} of {facts.name(call)} after its {before}",
                    call,
                    event.seq,
                )
            if _is_terminal(frame.type, frame.fields):
                settled.setdefault(key, frame.type)


_AFTER: Final = frozenset(("FunctionCallInProgress", "FunctionCallResult", "FunctionCallCancel"))


def _is_terminal(type_: str, fields: dict[str, object]) -> bool:
    if type_ == "FunctionCallCancel":
        return True
    properties = fields.get("properties")
    final = not isinstance(properties, dict) or properties.get("is_final") is not False
    return type_ == "FunctionCallResult" and final


def _views_agree(facts: Facts) -> Iterator[Violation]:
    state = facts.state()
    views = {view: state.get(view, {}) for view in ("service", "aggregator", "context")}
    seen = [*facts.lives, *(call for view in views.values() for call in view)]
    for call in dict.fromkeys(seen):
        said = {view: views[view].get(call) for view in views}
        if not any(word in _OPEN for word in said.values()):
            continue
        said["service"] = said["service"] or _ended_as(facts.lives.get(call))
        spelled = "  ".join(f"{view}={word or 'settled'}" for view, word in said.items())
        yield Violation("LS103", f"{facts.name(call)}: {spelled}", call, _last_word(facts, call))


def _ended_as(life: CallLife | None) -> str:
    end = None if life is None else life.settled_by(DOWN)
    if life is None or end is None:
        return "forgotten"
    return next(phase for phase, event in life.pushes[DOWN] if event is end)


def _last_word(facts: Facts, call: str) -> int | None:
    """Return the last thing any processor heard of the call: that is what misled it."""
    for event in reversed(facts.conversation):
        if event.kind == "process" and call in facts.frame(event).calls:
            return event.seq
    return None


def _in_order(facts: Facts) -> Iterator[Violation]:
    for call, life in facts.lives.items():
        for direction in (DOWN, UP):
            seen: set[str] = set()
            for phase, event in life.pushes.get(direction, ()):
                missing = _REQUIRES.get(phase)
                if missing is not None and missing not in seen:
                    yield Violation(
                        "LS104",
                        f"{facts.name(call)}: {phase} without {missing} before it, "
                        f"{direction}stream",
                        call,
                        event.seq,
                    )
                seen.add(phase)


_REQUIRES: Final = {
    "in_progress": "started",
    "result": "in_progress",
    "update": "in_progress",
    "cancelled": "started",
}


def _interruption_cancels(facts: Facts) -> Iterator[Violation]:
    for interruption in facts.processed(INTERRUPTIONS, SERVICE):
        if facts.rest is not None and interruption.seq > facts.rest.seq:
            return
        for call, life in facts.lives.items():
            if not _open_at(life, interruption):
                continue
            cancellable = _cancellable(facts, life)
            if cancellable:
                yield from _not_cancelled(facts, call, life, interruption)
            elif cancellable is False:
                yield from _wrongly_cancelled(facts, call, life, interruption)


def _open_at(life: CallLife, moment: Event) -> bool:
    pushes = life.pushes.get(DOWN, ())
    announced = any(phase == "started" and event.seq < moment.seq for phase, event in pushes)
    end = life.settled_by(DOWN)
    return announced and (end is None or end.seq > moment.seq)


def _cancellable(facts: Facts, life: CallLife) -> bool | None:
    """Return what the registration at the time of the call says; None where it is not known."""
    announced = life.pushes[DOWN][0][1].seq
    said: dict[str, bool | None] = {}
    for event in facts.trace.of("register"):
        if event.seq < announced:
            said[event.where] = event.data.get("cancel_on_interruption")
    if life.name in said and said[life.name] is not None:
        return said[life.name]
    # No handler of its own: the catch-all's registration decides; without one there is nothing to
    # cancel, because the call is answered at once.
    return said.get("")


def _not_cancelled(
    facts: Facts, call: str, life: CallLife, interruption: Event
) -> Iterator[Violation]:
    # What happens in the very instant of the interruption is still on its way: a handler whose
    # first step was queued before may begin, if it is cancelled at once.
    at = interruption.time_ns
    begun = next((e for e in life.handler if e.data["phase"] == "started" and e.time_ns > at), None)
    end = life.settled_by(DOWN)
    if begun is not None:
        message, event = "its handler starts after the interruption", begun
    elif end is None:
        message, event = "the interruption does not cancel it", interruption
    elif end.time_ns > at + CANCEL_BOUND_NS:
        late = (end.time_ns - at) / 1e9
        message, event = f"it is settled {late:g} s after the interruption", end
    elif end.time_ns > at and facts.frame(end).type == "FunctionCallResult":
        message, event = "it runs on after the interruption and answers", end
    else:
        return
    yield Violation("LS106", f"{facts.name(call)}: {message}", call, event.seq)


def _wrongly_cancelled(
    facts: Facts, call: str, life: CallLife, interruption: Event
) -> Iterator[Violation]:
    end = life.settled_by(DOWN)
    if end is None or facts.frame(end).type != "FunctionCallCancel":
        return
    if end.cause == interruption.seq:
        message = "the interruption cancels it although cancel_on_interruption is False"
        yield Violation("LS106", f"{facts.name(call)}: {message}", call, end.seq)


LAWS: Final = (
    Law(
        "LS101",
        "settled-once",
        "Every started call settles exactly once: one final result, or one cancel.",
        "A model that waits for a result that never comes says nothing more; one that gets two "
        "answers twice.",
        "pipecat-ai/pipecat#4300, #3342, #3273",
        _settles_once,
    ),
    Law(
        "LS102",
        "nothing-after-the-end",
        "Nothing about a call follows its terminal frame, in the order in which any one processor "
        "sees them.",
        "A processor that hears of a call again after its end opens it again, for ever.",
        "pipecat-ai/pipecat PR #3647",
        _nothing_after_the_end,
    ),
    Law(
        "LS103",
        "views-disagree",
        "At rest the service holds no running call, the aggregator none in progress, and the "
        "context has one settled tool message for each tool call.",
        "A call that one of them still waits for blocks the conversation, or sends the model a "
        "context that says IN_PROGRESS for ever.",
        "pipecat-ai/pipecat#5779, #3661, #3548",
        _views_agree,
    ),
    Law(
        "LS104",
        "frames-in-order",
        "FunctionCallsStarted comes before the call's in-progress, and that before its result, in "
        "each direction.",
        "Whoever follows a call from outside (mute filters, user interfaces) relies on it.",
        "the reference text of LLMService",
        _in_order,
    ),
    Law(
        "LS106",
        "interruption-cancels",
        "An interruption cancels the running and the queued calls whose registration says "
        "cancel_on_interruption, within a bound of virtual time; the others run on and settle.",
        "A call that the user no longer wants still hangs up, pays or transfers.",
        "pipecat-ai/pipecat#4997",
        _interruption_cancels,
    ),
)

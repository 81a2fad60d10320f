"""LS101 to LS104: the life of a call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llm_sim.frames import CALL_PHASES
from llm_sim.invariants._facts import Facts
from llm_sim.invariants._law import Law, Violation, kebab, of_call
from llm_sim.trace import DOWN, UP, CallLife, Event, phase_of

# What a view says of a call that it still waits for. "missing" is what the context says of a tool
# call without a tool message, which every provider refuses.
_OPEN: Final = frozenset(("queued", "running", "in_progress", "missing"))


def _settles_once(facts: Facts) -> Iterator[Violation]:
    for call, life in facts.lives.items():
        # Nobody waits for a call that was never announced; that it was not is LS104's matter.
        if "started" not in life.phases_in(DOWN):
            continue
        ends = [(phase, event) for phase, event in life.pushes[DOWN] if phase in _TERMINAL]
        if not ends:
            phase, event = life.pushes[DOWN][-1]
            told = phase.replace("_", " ")
            yield Violation(
                "LS101",
                f"{facts.name(call)} is never settled: last heard of as {told}",
                call,
                event.seq,
                kind=kebab("never settled after", phase),
            )
        for phase, event in ends[1:]:
            yield Violation(
                "LS101",
                f"{facts.name(call)} is settled twice: {ends[0][0]}, then {phase}",
                call,
                event.seq,
                kind=kebab("settled twice", ends[0][0], phase),
            )


def _nothing_after_the_end(facts: Facts) -> Iterator[Violation]:
    # By processor and direction: two processors may rightly see the same frames at different times,
    # and what goes up crosses what goes down.
    settled: dict[tuple[str, str, str], str] = {}
    # Each call once: a frame that comes late at one processor comes late at those behind it, too.
    told: set[str] = set()
    for event in facts.conversation:
        if event.kind != "process" or event.frame is None:
            continue
        frame = facts.trace.frames[event.frame]
        phase = phase_of(frame)
        if phase is None or phase.after is None:
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
                    kind=kebab(event.where, "sees", frame.type, "after", before),
                )
            if phase.ends:
                settled.setdefault(key, frame.type)


def _views_agree(facts: Facts) -> Iterator[Violation]:
    state = facts.state()
    views = {view: state.get(view, {}) for view in ("service", "aggregator", "context")}
    seen = [*facts.lives, *(call for view in views.values() for call in view)]
    for call in dict.fromkeys(seen):
        # Views that have all let go of a call may use different words for it: a call that was
        # cancelled before it ran has no tool message. Only one that still waits does harm.
        said = {view: views[view].get(call) for view in views}
        if not any(word in _OPEN for word in said.values()):
            continue
        said["service"] = said["service"] or _ended_as(facts.lives.get(call))
        absent = {"aggregator": "settled", "context": "absent"}
        words = {view: word or absent[view] for view, word in said.items()}
        spelled = "  ".join(f"{view}={word}" for view, word in words.items())
        yield Violation(
            "LS103",
            f"{facts.name(call)}: {spelled}",
            call,
            _last_word(facts, call),
            kind=kebab(*(part for pair in words.items() for part in pair)),
        )


def _ended_as(life: CallLife | None) -> str:
    return (life and life.settled_as(DOWN)) or "forgotten"


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
                    wrong = f"{phase} without {missing} before it, {direction}stream"
                    kind = kebab(phase, "without", missing, f"{direction}stream")
                    yield of_call(facts, "LS104", call, event, wrong, kind)
                seen.add(phase)
    yield from _taken_up_in_order(facts)


def _taken_up_in_order(facts: Facts) -> Iterator[Violation]:
    """Find results whose in-progress frame was pushed, but lost on its way to a processor.

    One that comes late is not lost: LS102 tells of it. Nor is it lost where it was never pushed, or
    where the processor sees neither frame, as behind a filter.
    """
    taken_up: dict[str, dict[tuple[str, str, str], Event]] = {}
    for event in facts.conversation:
        if event.kind == "process" and event.frame is not None:
            frame = facts.trace.frames[event.frame]
            for call in frame.calls:
                key = (call, event.where, event.direction)
                taken_up.setdefault(frame.type, {}).setdefault(key, event)
    told: set[str] = set()
    in_progress = taken_up.get("FunctionCallInProgress", {})
    for key, event in taken_up.get("FunctionCallResult", {}).items():
        call, where, direction = key
        life = facts.lives.get(call)
        pushed = life is not None and "in_progress" in life.phases_in(direction)
        if pushed and call not in told and key not in in_progress:
            told.add(call)
            wrong = f"{where} takes up its result, and never its in-progress frame"
            kind = kebab("in progress lost before", where)
            yield of_call(facts, "LS104", call, event, wrong, kind)


_TERMINAL: Final = frozenset(phase.name for phase in CALL_PHASES if phase.ends)
_REQUIRES: Final[dict[str, str]] = {
    phase.name: phase.after for phase in CALL_PHASES if phase.after is not None
}


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
        "each direction and at each processor.",
        "Whoever follows a call from outside (mute filters, user interfaces) relies on it.",
        "the reference text of LLMService",
        _in_order,
    ),
)

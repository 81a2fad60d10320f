"""LS201 to LS203 and LS207: the way of frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llm_sim.invariants._facts import ENDS, INTERRUPTIONS, Facts
from llm_sim.invariants._law import Law, Violation, kebab
from llm_sim.stimuli import STIMULUS_KINDS, StimulusKind
from llm_sim.trace import DOWN, SERVICE, SINK, SOURCE, Event

BOUND_NS: Final = 2_000_000_000
"""How long an interruption or a cancel may take to the far end: two virtual seconds."""

_TEXT: Final = frozenset(("LLMText",))


def _keeps_order(facts: Facts) -> Iterator[Violation]:
    handed: dict[tuple[str, str, int], int] = {}
    latest: dict[tuple[str, str, bool], int] = {}
    for event in facts.conversation:
        if event.frame is None:
            continue
        if event.kind == "push":
            handed.setdefault((event.where, event.direction, event.frame), event.seq)
        elif event.kind == "process":
            # A frame is compared by when it was handed to this processor, not by when it was made:
            # each hop has its own queue, and keeps the order of that.
            pushed = handed.get((event.where, event.direction, event.frame))
            if pushed is None:
                continue
            system = facts.frame(event).lane == "system"
            lane = (event.where, event.direction, system)
            if pushed < latest.get(lane, -1):
                frame = facts.frame(event)
                yield Violation(
                    "LS201",
                    f"{event.where} takes up {frame.type} after a frame that was queued later",
                    frame.calls[0] if frame.calls else "",
                    event.seq,
                    kind=kebab(event.where, frame.type, "overtaken"),
                )
            # The highest, not the last: a frame that overtakes two others has overtaken both.
            latest[lane] = max(pushed, latest.get(lane, -1))


def _responses_are_whole(facts: Facts) -> Iterator[Violation]:
    is_open = False
    for event in facts.conversation:
        if event.kind != "push" or event.direction != DOWN or event.data.get("by") != SERVICE:
            continue
        type_ = facts.frame(event).type
        if type_ == "LLMFullResponseStart":
            if is_open:
                yield _odd("a response starts inside another", event, "start-inside")
            is_open = True
        elif type_ == "LLMFullResponseEnd":
            if not is_open:
                yield _odd("a response ends that has not started", event, "end-without-start")
            is_open = False
        elif type_ in _TEXT and not is_open:
            yield _odd("text lies outside a response", event, "text-outside")
    yield from _no_text_of_the_interrupted(facts)
    yield from _no_text_after_the_interruption(facts)


def _odd(message: str, event: Event, kind: str) -> Violation:
    return Violation("LS202", message, event=event.seq, kind=kind)


def _no_text_of_the_interrupted(facts: Facts) -> Iterator[Violation]:
    """Find text that a processor takes up although it has seen the interruption of its response.

    What was handed over in the very instant of the interruption may pass: the two cross.
    """
    said: dict[int, int] = {}
    interrupted_ns: dict[str, int] = {}
    for event in facts.conversation:
        if event.frame is None or event.direction != DOWN:
            continue
        type_ = facts.frame(event).type
        if event.kind == "push" and type_ in _TEXT:
            said.setdefault(event.frame, event.time_ns)
        elif event.kind == "process" and type_ in INTERRUPTIONS:
            interrupted_ns[event.where] = event.time_ns
        elif event.kind == "process" and type_ in _TEXT and event.where in interrupted_ns:
            since = said.get(event.frame, event.time_ns)
            if since < interrupted_ns[event.where]:
                message = f"{event.where} takes up text of a response that was interrupted"
                yield _odd(message, event, kebab(event.where, "takes interrupted text"))


def _no_text_after_the_interruption(facts: Facts) -> Iterator[Violation]:
    """Find a service that goes on with a response although it has seen the interruption."""
    interrupted_ns: int | None = None
    for event in facts.conversation:
        if event.frame is None or event.direction != DOWN:
            continue
        type_ = facts.frame(event).type
        if event.kind == "process" and event.where == SERVICE and type_ in INTERRUPTIONS:
            interrupted_ns = event.time_ns
        elif event.kind != "push" or event.data.get("by") != SERVICE:
            continue
        elif type_ == "LLMFullResponseStart":
            interrupted_ns = None
        elif type_ in _TEXT and interrupted_ns is not None and event.time_ns > interrupted_ns:
            message = "the service goes on with a response that was interrupted"
            yield _odd(message, event, "service-goes-on")


def _what_survives(facts: Facts) -> Iterator[Violation]:
    """Compare what lay in each processor's queue at an interruption with what it took up later."""
    ends = {e.where: e.seq for e in facts.conversation if _is_end(facts, e)}
    for interruption in facts.conversation:
        if interruption.kind != "process" or interruption.frame is None:
            continue
        if facts.frame(interruption).type not in INTERRUPTIONS:
            continue
        where = interruption.where
        for queued, taken_up in _queued_at(facts, interruption):
            frame = facts.frame(queued)
            # After an end nothing is owed any more. And what was queued in the very instant of the
            # interruption may pass: the two cross.
            if frame.kept and taken_up is None and where not in ends:
                message = f"{where} loses {frame.type}, which no interruption may drop"
                does = "loses"
            elif not frame.kept and taken_up and queued.time_ns < interruption.time_ns:
                message = f"{where} takes up {frame.type}, which the interruption should drop"
                does = "keeps"
            else:
                continue
            yield Violation(
                "LS203",
                message,
                frame.calls[0] if frame.calls else "",
                queued.seq,
                kind=kebab(where, does, frame.type),
            )


def _is_end(facts: Facts, event: Event) -> bool:
    return event.kind == "process" and facts.frame(event).type in ENDS


def _queued_at(facts: Facts, interruption: Event) -> Iterator[tuple[Event, Event | None]]:
    """Yield what was handed over before and not taken up, with where it is taken up later."""
    taken: dict[tuple[int, str], Event] = {}
    for event in facts.conversation:
        if (
            event.kind == "process"
            and event.where == interruption.where
            and event.frame is not None
        ):
            taken.setdefault((event.frame, event.direction), event)
    for event in facts.conversation[: interruption.seq]:
        if event.kind != "push" or event.where != interruption.where or event.frame is None:
            continue
        if facts.frame(event).lane == "system" or event.where in (SINK, SOURCE):
            continue
        taken_up = taken.get((event.frame, event.direction))
        if taken_up is None or taken_up.seq > interruption.seq:
            yield event, taken_up


def _reaches_the_far_end(facts: Facts) -> Iterator[Violation]:
    over = False
    for event in facts.conversation:
        row = STIMULUS_KINDS.get(event.data["do"]) if event.kind == "stimulus" else None
        if row is None or not row.far:
            continue
        if not over and not _arrives(facts, event, row):
            message = f"the {row.word} does not reach the far end in time"
            yield Violation("LS207", message, event=event.seq, kind=f"{row.word}-late")
        over = over or row.ends


def _arrives(facts: Facts, stimulus: Event, row: StimulusKind) -> bool:
    for event in facts.conversation[stimulus.seq :]:
        if event.kind != "process" or event.where != SINK:
            continue
        type_ = facts.frame(event).type
        if type_ in row.enters_as or type_ in ENDS:
            # An end waits for what was said before it; the others must not wait. Where the
            # pipeline is over first, nothing else is due.
            return row.does == "end" or event.time_ns - stimulus.time_ns <= BOUND_NS
    return False


LAWS: Final = (
    Law(
        "LS201",
        "order-kept",
        "Data and control frames keep their order per direction and hop; system frames keep theirs "
        "among themselves, and may overtake.",
        "Every processor is written on that promise.",
        "the reference text; Pipecat's frame processor",
        _keeps_order,
    ),
    Law(
        "LS202",
        "responses-whole",
        "LLMFullResponseStart and End are balanced, text lies between them, and after an "
        "interruption no text of the interrupted response passes.",
        "A bot that goes on with the sentence it was interrupted in has not listened.",
        "Pipecat's services",
        _responses_are_whole,
    ),
    Law(
        "LS203",
        "survivors-survive",
        "Frames marked uninterruptible survive an interruption; interruptible ones that are queued "
        "are dropped.",
        "A result that is lost in an interruption leaves its call open for ever.",
        "pipecat-ai/pipecat#3478",
        _what_survives,
    ),
    Law(
        "LS207",
        "reaches-the-far-end",
        "Each injected interruption, end and cancel frame reaches the far end within a bound of "
        "virtual time, whatever handlers do.",
        "Until it does, the bot goes on talking.",
        "pipecat-ai/pipecat PR #2552, #5291",
        _reaches_the_far_end,
    ),
)

"""LS106, LS110 and LS112: what an interruption does to calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llm_sim.invariants._facts import Facts
from llm_sim.invariants._law import Law, Violation, of_call
from llm_sim.trace import DOWN, SERVICE, CallLife, Event

BOUND_NS: Final = 1_000_000_000
"""How long an interruption may take to cancel a call and to pass the service: a virtual second."""


def _interruption_cancels(facts: Facts) -> Iterator[Violation]:
    for interruption in facts.interruptions:
        for call, life in facts.lives.items():
            if not open_at(life, interruption):
                continue
            wanted = cancellable(facts, life)
            if wanted:
                yield from _not_cancelled(facts, call, life, interruption)
            elif wanted is False:
                yield from _wrongly_cancelled(facts, call, life, interruption)


def open_at(life: CallLife, moment: Event) -> bool:
    """Tell whether a call was announced before a moment, and not settled by then."""
    pushes = life.pushes.get(DOWN, ())
    announced = any(phase == "started" and event.seq < moment.seq for phase, event in pushes)
    end = life.settled_by(DOWN)
    return announced and (end is None or end.seq > moment.seq)


def cancellable(facts: Facts, life: CallLife) -> bool | None:
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
        wrong, event, kind = "its handler starts after the interruption", begun, "starts-later"
    elif end is None:
        if facts.ended:
            # What the end of the conversation leaves open, LS101 and LS302 tell.
            return
        wrong, event, kind = "the interruption does not cancel it", interruption, "not-cancelled"
    elif end.time_ns > at + BOUND_NS:
        late = (end.time_ns - at) / 1e9
        wrong, event, kind = f"it is settled {late:g} s after the interruption", end, "too-late"
    elif end.time_ns > at and life.settled_as(DOWN) == "result":
        wrong = "its handler runs on after the interruption and answers"
        event, kind = end, "runs-on"
    else:
        return
    yield of_call(facts, "LS106", call, event, wrong, kind)


def _wrongly_cancelled(
    facts: Facts, call: str, life: CallLife, interruption: Event
) -> Iterator[Violation]:
    end = life.settled_by(DOWN)
    if end is not None and life.is_cancelled and end.cause == interruption.seq:
        wrong = "the interruption cancels it although cancel_on_interruption is False"
        yield of_call(facts, "LS106", call, end, wrong, "wrongly-cancelled")


def _handlers_end(facts: Facts) -> Iterator[Violation]:
    for call, life in facts.lives.items():
        for event in life.handler:
            cancels = event.data.get("cancels", 0)
            if cancels > 1:
                wrong = f"its handler is cancelled {cancels} times, which cuts its cleanup short"
                yield of_call(facts, "LS110", call, event, wrong, "cancelled-again")
    for interruption, passed_ns in _passages(facts):
        if passed_ns is not None and passed_ns - interruption.time_ns <= BOUND_NS:
            continue
        for call, life in facts.lives.items():
            if _ran_through(life, interruption, passed_ns):
                wrong = "its handler swallows the cancellation and holds the interruption up"
                yield of_call(facts, "LS110", call, interruption, wrong, "holds-interruption-up")


def _passages(facts: Facts) -> Iterator[tuple[Event, int | None]]:
    """Yield each interruption at the service, and when the service handed it on."""
    for interruption in facts.interruptions:
        handed_on = next(
            (
                event
                for event in facts.conversation[interruption.seq :]
                if event.kind == "push"
                and event.frame == interruption.frame
                and event.data.get("by") == SERVICE
            ),
            None,
        )
        yield interruption, None if handed_on is None else handed_on.time_ns


def _ran_through(life: CallLife, interruption: Event, until_ns: int | None) -> bool:
    began = ended = False
    for event in life.handler:
        if event.data["phase"] == "started":
            began = event.seq < interruption.seq
        elif until_ns is None or event.time_ns < until_ns:
            ended = True
    return began and not ended


def _touches_no_other(facts: Facts) -> Iterator[Violation]:
    for interruption in facts.interruptions:
        for call, life in facts.lives.items():
            cancels = [
                event
                for phase, event in life.pushes.get(DOWN, ())
                if phase == "cancelled" and event.cause == interruption.seq
            ]
            if not cancels or open_at(life, interruption):
                continue
            end = life.settled_by(DOWN)
            settled = end is not None and end.seq < interruption.seq
            what = "is settled already" if settled else "was announced after it"
            wrong = f"the interruption cancels it although it {what}"
            kind = "settled-already" if settled else "announced-later"
            yield of_call(facts, "LS112", call, cancels[0], wrong, kind)


LAWS: Final = (
    Law(
        "LS106",
        "interruption-cancels",
        "An interruption cancels the running and the queued calls whose registration says "
        "cancel_on_interruption, within a bound of virtual time; the others run on and settle.",
        "A call that the user no longer wants still hangs up, pays or transfers.",
        "pipecat-ai/pipecat#4997",
        _interruption_cancels,
    ),
    Law(
        "LS110",
        "cancelled-once",
        "A handler that is cancelled is cancelled once, its cleanup runs to the end, and a handler "
        "that swallows the cancellation does not hold the interruption up for ever.",
        "A cleanup that is cut short leaves a booking half made; an interruption that waits leaves "
        "the bot talking over its user.",
        "pipecat-ai/pipecat PR #2552, #2729",
        _handlers_end,
    ),
    Law(
        "LS112",
        "touches-no-other",
        "An interruption touches only calls that were announced before it, and none that is "
        "already settled.",
        "What the user asks for after barging in must not die of the barge-in.",
        "the life of a call",
        _touches_no_other,
    ),
)

"""LS204: when the model runs again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llm_sim.invariants._facts import ENDS, INTERRUPTIONS, SERVICE, Facts
from llm_sim.invariants._law import Law, Violation
from llm_sim.trace import DOWN, UP, CallLife, Event

_STOPS: Final = INTERRUPTIONS | ENDS


def _runs_again_once(facts: Facts) -> Iterator[Violation]:
    batches: dict[int, list[CallLife]] = {}
    for life in facts.lives.values():
        if life.batch is not None:
            batches.setdefault(life.batch, []).append(life)
    spent: set[int] = set()
    for asked in _asked_by_results(facts):
        due = [
            batch
            for batch, lives in batches.items()
            if batch not in spent and all(_settled_before(life, asked) for life in lives)
        ]
        if due:
            spent.update(due)
            continue
        unsettled = [
            facts.name(life.id)
            for lives in batches.values()
            for life in lives
            if life.pushes[DOWN][0][1].seq < asked.seq and not _settled_before(life, asked)
        ]
        why = f"while {', '.join(unsettled)} is unsettled" if unsettled else "once too often"
        yield Violation("LS204", f"the model runs again {why}", event=asked.seq)
    yield from _never_ran(facts, batches, spent)


def _asked_by_results(facts: Facts) -> Iterator[Event]:
    """Yield each time that the model was asked by a context which came from downstream."""
    for event in facts.conversation:
        if event.kind != "inference" or event.cause is None:
            continue
        cause = facts.trace.events[event.cause]
        if cause.kind == "process" and cause.direction == UP:
            yield event


def _settled_before(life: CallLife, moment: Event) -> bool:
    end = life.settled_by(DOWN)
    return end is not None and end.seq < moment.seq


def _never_ran(
    facts: Facts, batches: dict[int, list[CallLife]], spent: set[int]
) -> Iterator[Violation]:
    stops = [
        event.seq
        for event in facts.processed(_STOPS, SERVICE)
        if facts.rest is None or event.seq < facts.rest.seq
    ]
    for batch, lives in batches.items():
        begun = lives[0].pushes[DOWN][0][1].seq
        if batch in spent or any(stop > begun for stop in stops):
            continue
        ends = [life.settled_by(DOWN) for life in lives]
        if not all(ends) or not any(_wants_a_run(facts, end) for end in ends):
            continue
        names = ", ".join(facts.name(life.id) for life in lives)
        yield Violation("LS204", f"the model does not run after {names}", event=begun)


def _wants_a_run(facts: Facts, end: Event | None) -> bool:
    if end is None or facts.frame(end).type != "FunctionCallResult":
        return False
    fields = facts.frame(end).fields
    properties = fields.get("properties") or {}
    return fields.get("run_llm") is not False and properties.get("run_llm") is not False


LAWS: Final = (
    Law(
        "LS204",
        "runs-again-once",
        "The model runs again exactly once after a batch is complete, or for a stated reason not "
        "at all (run_llm=False, interrupted, ended); never with an unsettled call of the batch.",
        "A model that is asked too often repeats itself; one that is not asked stays silent.",
        "pipecat-ai/pipecat#5852, #5823, #4298",
        _runs_again_once,
    ),
)

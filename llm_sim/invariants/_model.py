"""LS204: when the model runs again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llm_sim.frames import CALL_PHASES
from llm_sim.invariants._facts import Facts
from llm_sim.invariants._law import Law, Violation
from llm_sim.trace import ASSISTANT, DOWN, SERVICE, UP, CallLife, Event, FrameRecord, phase_of

_ENDS_OF_CALLS: Final = frozenset(phase.frame for phase in CALL_PHASES if phase.ends)
_STARTS_AND_STOPS: Final = frozenset(("UserStartedSpeaking", "UserStoppedSpeaking"))


def _runs_again_once(facts: Facts) -> Iterator[Violation]:
    batches: dict[int, list[CallLife]] = {}
    for life in facts.lives.values():
        if life.batch is not None:
            batches.setdefault(life.batch, []).append(life)
    # The batches whose run has been. A run belongs to every batch that is complete by then and has
    # had none, so two batches that end together may share one.
    spent: set[int] = set()
    for asked in _asked_by_results(facts):
        due = [
            batch
            for batch, lives in batches.items()
            if batch not in spent and all(life.settled_before(asked) for life in lives)
        ]
        if due:
            # The aggregator may ask again for a batch whose last result it has not processed yet.
            heard = _heard_of(facts, asked)
            spent.update([b for b in due if all(life.id in heard for life in batches[b])] or due)
            continue
        unsettled = [
            facts.name(life.id)
            for lives in batches.values()
            for life in lives
            if life.pushes[DOWN][0][1].seq < asked.seq and not life.settled_before(asked)
        ]
        why = f"while {', '.join(unsettled)} is unsettled" if unsettled else "once too often"
        yield Violation(
            "LS204",
            f"the model runs again {why}",
            event=asked.seq,
            kind="too-early" if unsettled else "too-often",
        )
    yield from _never_ran(facts, batches, spent)


def _heard_of(facts: Facts, asked: Event) -> set[str]:
    """Return the calls whose end the aggregator had processed when it asked for a run."""
    push = facts.push_behind(asked)
    return {
        call
        for event in facts.processed(_ENDS_OF_CALLS, ASSISTANT)
        if push is not None and event.seq < push.seq
        for call in facts.frame(event).calls
    }


def _asked_by_results(facts: Facts) -> Iterator[Event]:
    """Yield each time that the model was asked because of a result, and for no stated reason."""
    for event in facts.conversation:
        if event.kind == "inference" and event.cause is not None:
            cause = facts.trace.events[event.cause]
            asked_from_behind = cause.kind == "process" and cause.direction == UP
            if asked_from_behind and not _is_a_reason_of_its_own(facts.reason(event)):
                yield event


def _is_a_reason_of_its_own(because: FrameRecord | None) -> bool:
    """Return whether a run was asked for by something else than the end of a call.

    A message that was appended, an update on the way to the result, a result that says
    ``run_llm=True``: each of them says why the model runs. A cancel does not: Pipecat sets
    ``run_llm=True`` in the cancel of a call that timed out, for the run that its batch is owed.
    """
    phase = phase_of(because)
    if because is None or phase is None or not phase.ends:
        return because is not None
    properties = because.fields.get("properties") or {}
    asked_for = because.fields.get("run_llm") is True or properties.get("run_llm") is True
    return phase.name == "result" and asked_for


def _never_ran(
    facts: Facts, batches: dict[int, list[CallLife]], spent: set[int]
) -> Iterator[Violation]:
    # Nobody listens after the end, and while the user speaks the model waits for what they say.
    if facts.ended or _user_speaks_at_rest(facts):
        return
    asked = [event.seq for event in facts.conversation if event.kind == "inference"]
    for batch, lives in batches.items():
        begun = lives[0].pushes[DOWN][0][1].seq
        if batch in spent or any(each.seq > begun for each in facts.interruptions):
            continue
        ends = [end for life in lives if (end := life.settled_by(DOWN)) is not None]
        if len(ends) < len(lives) or not _want_a_run(facts, lives):
            continue
        # Whatever it was asked for, a run after the last end has seen the results of the batch.
        if asked and asked[-1] > max(end.seq for end in ends):
            continue
        names = facts.names(life.id for life in lives)
        message = f"the model does not run after {names}"
        yield Violation("LS204", message, event=begun, kind="never")


def _user_speaks_at_rest(facts: Facts) -> bool:
    """Return whether the user has started to speak and not stopped: a run may wait for that."""
    heard = [facts.frame(event).type for event in facts.processed(_STARTS_AND_STOPS, SERVICE)]
    return bool(heard) and heard[-1] == "UserStartedSpeaking"


def _want_a_run(facts: Facts, lives: list[CallLife]) -> bool:
    """Return whether a batch that ended so must be followed by a run.

    One ``run_llm=False`` is reason enough not to run: a release lets the last result decide, the
    reference core any of them, and both have been told.
    """
    ends = [life.settled_by(DOWN) for life in lives if life.settled_as(DOWN) == "result"]
    results = [facts.frame(end) for end in ends if end is not None]
    wishes = [
        wish
        for result in results
        for wish in (
            result.fields.get("run_llm"),
            (result.fields.get("properties") or {}).get("run_llm"),
        )
    ]
    return bool(results) and False not in wishes


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

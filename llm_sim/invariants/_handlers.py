"""LS401 to LS403: what the bot's own handlers owe the service and the user.

A stub that stands in for a handler is the harness's own word, and is not blamed: what a service
makes of a handler that misbehaves is the matter of the other laws.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llm_sim.invariants._facts import Facts
from llm_sim.invariants._interruptions import cancellable, open_at
from llm_sim.invariants._law import Law, Violation, kebab, of_call
from llm_sim.trace import DOWN, CallLife, Event, effects


def _keeps_its_contract(facts: Facts) -> Iterator[Violation]:
    header = facts.trace.header
    answers = [event for event in facts.conversation if _is_final_answer(event)]
    first = {event.call: event.seq for event in reversed(answers)}
    for event in facts.conversation:
        if event.kind not in ("answer", "handler") or event.where in header.stubs:
            continue
        # A handler may return before a task of its own answers, so any answer in the conversation
        # will do, also a later one.
        owes = event.call not in first and event.where not in header.terminal
        again = first.get(event.call, event.seq) < event.seq
        for kind, wrong in _wrong(event, owes=owes, again=again):
            yield of_call(facts, "LS401", event.call, event, wrong, kind)


def _is_final_answer(event: Event) -> bool:
    return event.kind == "answer" and bool(event.data.get("final", True))


def _wrong(event: Event, *, owes: bool, again: bool) -> Iterator[tuple[str, str]]:
    """Yield what a handler does wrong: the kind, and in words."""
    data = event.data
    if again and _is_final_answer(event):
        yield "second-result", "its handler gives a second final result"
    if "not_json" in data:
        yield "not-json", f"its result is no JSON: {data['not_json']}"
    if "arguments" in data:
        before, after = data["arguments"]["before"], data["arguments"]["after"]
        message = f"its handler changes its arguments from {before} to {after}"
        yield "changed-arguments", message
    if data.get("swallowed"):
        message = "its handler swallows its cancellation and returns; let CancelledError through"
        yield "swallows", message
    elif "error" in data:
        # The recorder writes `ValueError: no such room`: the class is the cause, the rest a value.
        exception = str(data["error"]).partition(":")[0]
        yield kebab("raises", exception), f"its handler raises {data['error']}"
    elif data.get("phase") == "returned" and owes and not data.get("cancels"):
        # A handler that was told to stop owes no result: the service has settled its call.
        yield "no-result", "its handler gives no result: let it call params.result_callback(...)"


def _acts_once_and_as_long_as_it_is_wanted(facts: Facts) -> Iterator[Violation]:
    header = facts.trace.header
    tools = set(header.mutating) - set(header.stubs)
    if not tools:
        return
    told: dict[str, Event] = {}
    for effect in effects(facts.trace.until_rest()):
        life = facts.lives.get(effect.call)
        if effect.where not in tools or life is None:
            continue
        name = facts.name(effect.call)
        if effect.call in told:
            message = f"{name} takes effect twice"
            yield Violation("LS402", message, effect.call, effect.seq, kind="twice")
            continue
        told[effect.call] = effect
        interruption = _left_behind_by(facts, life, effect)
        end = life.settled_by(DOWN)
        if interruption is not None:
            late = (effect.time_ns - interruption.time_ns) / 1e9
            message = f"{name} takes effect {late:g} s after the interruption that cancels it"
            yield Violation("LS402", message, effect.call, effect.seq, kind="after-interruption")
        elif end is not None and life.is_cancelled:
            message = f"{name} has taken effect and is cancelled: the model is never told of it"
            yield Violation("LS402", message, effect.call, end.seq, "warn", kind="lost")


def _left_behind_by(facts: Facts, life: CallLife, effect: Event) -> Event | None:
    """Return the interruption that should have cancelled a call before it took effect.

    What happens in the very instant of the interruption is still on its way.
    """
    for interruption in facts.interruptions:
        if interruption.time_ns >= effect.time_ns:
            return None
        if open_at(life, interruption) and cancellable(facts, life):
            return interruption
    return None


def _fires_for_who_is_listening(facts: Facts) -> Iterator[Violation]:
    terminal = facts.trace.header.terminal
    for call, life in facts.lives.items():
        started = next((event for event in life.handler if event.data["phase"] == "started"), None)
        if started is None or started.where not in terminal or not life.pushes.get(DOWN):
            continue
        announced = life.pushes[DOWN][0][1]
        for interruption in facts.interruptions:
            if announced.seq < interruption.seq < started.seq:
                message = "fires although the user interrupted the response that called it"
                kind = "after-interruption"
                if cancellable(facts, life) is False:
                    message += ": it is registered with cancel_on_interruption=False"
                    kind = "after-interruption-of-survivor"
                yield Violation(
                    "LS403",
                    f"{facts.name(call)} {message}",
                    call,
                    started.seq,
                    kind=kind,
                )
                break


OWED: Final = ("LS401",)
"""What only warns where a service is tested, and is an error where handlers are."""

LAWS: Final = (
    Law(
        "LS401",
        "handler-contract",
        "A handler calls back with one final result, which JSON can hold, leaves its arguments "
        "unchanged, raises nothing, and does not swallow CancelledError; one that is declared "
        "`terminal` need not call back.",
        "What a handler raises, or does not say, the model is told as an error of no use, or not "
        "at all. A second result is dropped or answered twice; one that JSON cannot hold breaks "
        "the next request to the model; a swallowed cancellation works on for a user who has moved "
        "on. A conversation may get over it, so it only warns; where handlers are what is tested, "
        "in the fixture of pytest and in `smoke`, it is an error.",
        "pipecat-ai/pipecat docs, function calling; asyncio docs, task cancellation",
        _keeps_its_contract,
        "warn",
    ),
    Law(
        "LS402",
        "one-effect",
        "A tool that is declared `mutating` takes effect at most once for each call, and not when "
        "an interruption has cancelled the call; an effect whose call is cancelled is lost to the "
        "model (a warning).",
        "The user says stop, and the booking is made; or it is made, the model never hears of it "
        "and books again.",
        "Bot(mutating=...); pipecat-ai/pipecat#4936",
        _acts_once_and_as_long_as_it_is_wanted,
    ),
    Law(
        "LS403",
        "terminal-and-wanted",
        "A tool that is declared `terminal` never fires from a generation that was interrupted: "
        "its handler does not start once the service has begun to process an interruption that "
        "came after the call was announced.",
        "The user says 'wait', and the bot hangs up.",
        "Bot(terminal=...); pipecat-ai/pipecat#4997",
        _fires_for_who_is_listening,
    ),
)

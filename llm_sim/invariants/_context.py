"""LS205, LS206 and LS208: what the model is given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from llm_sim.invariants._facts import Facts
from llm_sim.invariants._law import Law, Violation, kebab, of_call
from llm_sim.trace import ASSISTANT, DOWN, SERVICE, TOO_DEEP, UP, CallLife, Event


def _providers_accept(facts: Facts) -> Iterator[Violation]:
    for event in facts.conversation:
        if event.kind == "inference":
            for kind, problem in problems_of_messages(event.data["messages"]):
                message = f"a provider refuses the context: {problem}"
                yield Violation("LS205", message, event=event.seq, kind=kind)


def problems_of_messages(messages: list[Any]) -> Iterator[tuple[str, str]]:
    """Yield what OpenAI and Anthropic would refuse in messages of OpenAI's form.

    Each comes as its kind and in words.

    Both want each tool call of an assistant message answered by exactly one tool message before
    anybody says anything else, and no tool message without a call; arguments are JSON objects.
    """
    unanswered: list[str] = []
    answered: set[str] = set()
    for message in messages:
        if not isinstance(message, dict):
            continue
        role = message.get("role")
        if role == "tool":
            call = str(message.get("tool_call_id"))
            if call in unanswered:
                unanswered.remove(call)
                answered.add(call)
            elif call in answered:
                yield "two-tool-messages", f"call {call!r} has two tool messages"
            else:
                message = f"the tool message of {call!r} has no tool call before it"
                yield "tool-message-without-call", message
            continue
        for call in unanswered:
            problem = f"call {call!r} has no tool message before the next {role} message"
            yield kebab("no tool message before", str(role)), problem
        unanswered = []
        for tool_call in message.get("tool_calls") or ():
            unanswered.append(str(tool_call["id"]))
            arguments = tool_call["function"]["arguments"]
            if not _is_json_object(arguments):
                problem = f"the arguments of {tool_call['id']!r} are no JSON object: {arguments!r}"
                yield "arguments-not-json", problem
    for call in unanswered:
        yield "no-tool-message", f"call {call!r} has no tool message"


def _is_json_object(text: Any) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (TypeError, ValueError):
        return False


def _results_are_kept(facts: Facts) -> Iterator[Violation]:
    state = facts.state()
    for call, life in facts.lives.items():
        end = life.settled_by(DOWN)
        if end is None or life.settled_as(DOWN) != "result":
            continue
        # A tool message that says something else than a result is LS103's matter.
        if state.get("context", {}).get(call) != "settled":
            continue
        content = state.get("contents", {}).get(call)
        result = facts.frame(end).fields.get("result")
        # A trace follows a value less deep than the context does, so it cannot judge that one.
        if TOO_DEEP not in json.dumps(result) and not _says(content, result):
            wrong = f"its result is {json.dumps(result)}, the context says {content!r}"
            yield of_call(facts, "LS206", call, end, wrong, "result-changed")


def _says(content: Any, result: Any) -> bool:
    try:
        said = json.loads(content)
    except (TypeError, ValueError):
        return False
    # 0, 0.0 and False are equal, but they are not the same JSON.
    return json.dumps(said, sort_keys=True) == json.dumps(result, sort_keys=True)


def _text_before_a_call(facts: Facts) -> Iterator[Violation]:
    interruptions = [event.seq for event in facts.interruptions]
    asked = [event for event in facts.conversation if _asked_from_behind(facts, event)]
    seen: set[int] = set()
    for life in facts.lives.values():
        if life.batch is None or life.batch in seen:
            continue
        seen.add(life.batch)
        started = life.pushes[DOWN][0][1]
        run = _run_after(facts, life, asked)
        # An interruption may drop the text on its way to the aggregator.
        if run is None or any(started.seq < seq < run.seq for seq in interruptions):
            continue
        spoken = _all_text(run.data["messages"])
        for text in _text_in_response(facts, started):
            if text.strip() and text.strip() not in spoken:
                message = (
                    f"{text!r} was said before {facts.name(life.id)}, and the model is not told"
                )
                yield Violation("LS208", message, life.id, run.seq, kind="text-left-out")


def _run_after(facts: Facts, life: CallLife, asked: list[Event]) -> Event | None:
    """Return the run that the batch of a call triggers."""
    batch = [other for other in facts.lives.values() if other.batch == life.batch]
    ends = [other.settled_by(DOWN) for other in batch]
    last = max((end.seq for end in ends if end is not None), default=None)
    if last is None or None in ends:
        return None
    ids = {other.id for other in batch}
    for event in asked:
        because = facts.reason(event)
        of_another = because is not None and because.calls and ids.isdisjoint(because.calls)
        if event.seq > last and not of_another:
            return event
    return None


def _asked_from_behind(facts: Facts, event: Event) -> bool:
    """Return whether a processor behind the service asked for a run: a result did, not the user."""
    if event.kind != "inference" or event.cause is None:
        return False
    return facts.trace.events[event.cause].direction == UP


def _text_in_response(facts: Facts, started: Event) -> list[str]:
    """Return what the service said in the same response before it announced the batch.

    Only what reaches the aggregator as it was said counts: a processor in between may drop text, or
    say it in other words.
    """
    arrives = {
        event.frame
        for event in facts.trace.events
        if event.kind == "process" and event.where == ASSISTANT
    }
    texts: list[str] = []
    for event in facts.conversation[: started.seq]:
        if event.kind != "push" or event.direction != DOWN or event.data.get("by") != SERVICE:
            continue
        frame = facts.frame(event)
        if frame.type == "LLMFullResponseStart":
            texts = []
        elif frame.type == "LLMText" and event.frame in arrives:
            texts.append(str(frame.fields.get("text", "")))
    return texts


def _all_text(messages: list[Any]) -> str:
    return " ".join(
        str(message.get("content") or "")
        for message in messages
        if isinstance(message, dict) and message.get("role") == "assistant"
    )


LAWS: Final = (
    Law(
        "LS205",
        "providers-accept",
        "Every context that the model is given would be accepted by a provider: each tool call is "
        "followed by exactly one tool message before the next message of another kind, there is no "
        "orphan tool message, and arguments are valid JSON.",
        "A provider answers such a context with an error, and the bot is silent from then on.",
        "OpenAI's and Anthropic's message rules",
        _providers_accept,
    ),
    Law(
        "LS206",
        "results-kept",
        "The tool message holds exactly the JSON of the result, for every JSON value, falsy ones "
        "included.",
        "A search that finds nothing is reported as done, and the model makes something up.",
        "pipecat-ai/pipecat#4298",
        _results_are_kept,
    ),
    Law(
        "LS208",
        "text-before-call",
        "Text pushed before a call is in the context of the run that the call triggers.",
        "A model that does not know what it has said says it again.",
        "pipecat-ai/pipecat#2787, #3023",
        _text_before_a_call,
    ),
)

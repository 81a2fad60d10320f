"""What a scenario expects, held against the trace of its run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_sim.scenario import (
    Anything,
    CallExpected,
    ContextExpected,
    Expectation,
    Scenario,
    differences,
    in_words_of_a_file,
)
from llm_sim.simulation._names import misspelt_frame
from llm_sim.trace import (
    DOWN,
    UPDATE,
    CallLife,
    Miss,
    Trace,
    calls_at_rest,
    exactly,
    golden_difference,
    in_order,
    never,
    passed,
    within,
)


@dataclass(frozen=True, slots=True)
class UnmetExpectation:
    """An expectation of a scenario that was not met.

    Parameters:
        path: Keys and indices from the scenario to it, such as ``("expect", 2, "call", "c1")``.
        message: What was expected, and the nearest miss.
        event: The ``seq`` of the event to look at, or None.
    """

    path: tuple[str | int, ...]
    message: str
    event: int | None = None


def unmet(scenario: Scenario, trace: Trace) -> tuple[UnmetExpectation, ...]:
    """Return the expectations of a scenario that a run did not meet, in their order.

    Args:
        scenario: What was to happen.
        trace: The record of a run of it in which nothing else happened.
    """
    return tuple(
        UnmetExpectation(("expect", i, *path), miss.message, miss.event)
        for i, expectation in enumerate(scenario.expect)
        for path, miss in _misses(expectation, trace)
    )


def golden_path(trace: Trace, file: str) -> Path:
    """Return where a golden trace stands.

    Args:
        trace: The record of a run, whose header says where the scenario stands, or which test
            runs it.
        file: The path from the scenario file, or from the test's module.
    """
    return Path(trace.header.place.home).parent / file


_Miss = tuple[tuple[str | int, ...], Miss]


def _misses(expected: Expectation, trace: Trace) -> Iterator[_Miss]:
    if expected.call is not None:
        lives = calls_at_rest(trace)
        for id_, call in expected.call.items():
            for wrong in _misses_of_call(id_, call, lives.get(id_)):
                yield ("call", id_), wrong
    elif expected.context is not None:
        yield from _misses_of_context(expected.context, trace)
    else:
        key, miss = _miss(expected, trace)
        if miss is not None:
            yield (key,), miss


def _miss(expected: Expectation, trace: Trace) -> tuple[str, Miss | None]:
    if expected.frames is not None:
        seen = passed(trace, expected.direction)
        if not expected.exactly:
            return "frames", in_order(seen, expected.frames)
        named = {pattern.type for pattern in expected.frames}
        return "frames", exactly([s for s in seen if s.frame.type in named], expected.frames)
    if (absent := expected.absent) is not None:
        if (slip := misspelt_frame(trace, absent.frame, absent.until)) is not None:
            return "absent", slip
        seen = passed(trace, absent.direction)
        return "absent", never(seen, absent.frame, absent.after, absent.until)
    if (span := expected.within) is not None:
        return "within", within(passed(trace, span.direction), span.duration, span.frames)
    return "trace", _golden_miss(trace, str(expected.trace))


def _misses_of_call(id_: str, expected: CallExpected, life: CallLife | None) -> Iterator[Miss]:
    pushes = life.pushes.get(DOWN, []) if life is not None else []
    phases = [phase for phase, _ in pushes]
    event = pushes[-1][1].seq if pushes else None
    ends = phases[-1] if phases else "never"
    if expected.ends not in (None, ends):
        what = "the model did not get to it" if ends == "never" else f"it was {', '.join(phases)}"
        yield Miss(f"{id_} should end as {expected.ends}, not {ends}: {what}", event)
    if expected.phases is not None and list(expected.phases) != phases:
        wanted = ", ".join(expected.phases) or "nothing"
        yield Miss(f"{id_} should be {wanted}; it was {', '.join(phases) or 'nothing'}", event)
    told: list[tuple[str, Any, Any]] = []
    if expected.arguments is not None:
        told.append(("arguments", expected.arguments, life.arguments if life else {}))
    if expected.result is not Anything.ANYTHING:
        told.append(("result", expected.result, life.result if life else None))
    if expected.context is not None:
        told.append(("context", expected.context, life.context if life else ""))
    for name, wanted, actual in told:
        for why in differences(wanted, actual, name):
            yield Miss(f"{id_}: {why}", event)


def _misses_of_context(expected: ContextExpected, trace: Trace) -> Iterator[_Miss]:
    state, rest = trace.last("state"), trace.last("rest")
    data = {} if state is None else state.data
    roles, messages = list(data.get("roles", ())), list(data.get("messages", ()))
    event = None if rest is None else rest.seq
    if expected.roles is not None:
        wanted = list(expected.roles)
        last = roles[len(roles) - len(wanted) :] if len(wanted) < len(roles) else roles
        if last != wanted:
            told = f"the roles should end in {_listed(wanted)}; they are {_listed(roles)}"
            yield ("context", "roles"), Miss(told, event)
    if expected.last is not None:
        actual = messages[-1] if messages else {}
        for why in differences(expected.last, actual, "the last message"):
            yield ("context", "last"), Miss(why, event)
    begin = 0
    for i, message in enumerate(expected.messages or ()):
        misses = [list(differences(message, each)) for each in messages[begin:]]
        if [] not in misses:
            behind = f" behind messages[{i - 1}]" if i else ""
            told = f"no message {in_words_of_a_file(message)} is in the context{behind}"
            nearest = f"it has {_listed(roles)}"
            if misses:
                fewest = min(misses, key=len)
                number = begin + misses.index(fewest) + 1
                nearest = f"the nearest is number {number} of {len(messages)}: {'; '.join(fewest)}"
            yield ("context", "messages", i), Miss(f"{told}: {nearest}", event)
            return
        begin += misses.index([]) + 1


def _golden_miss(trace: Trace, file: str) -> Miss | None:
    path = golden_path(trace, file)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Miss(f"{path}: there is no such file: {UPDATE}")
    except UnicodeDecodeError:
        return Miss(f"{path}: it is no golden trace: not UTF-8 text")
    except OSError as error:
        return Miss(f"{path}: it cannot be read: {error.strerror}")
    miss = golden_difference(trace, text)
    return None if miss is None else Miss(f"{path}: {miss.message}", miss.event)


def _listed(words: list[str]) -> str:
    return ", ".join(words) or "none"

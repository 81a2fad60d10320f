"""What must fit together in a scenario: calls, tools, latencies.

These checks read the plain data, not the model, and pass over whatever has a wrong shape: so they
speak in one breath with the mistakes that pydantic found, instead of after those are repaired.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from llm_sim.errors import did_you_mean
from llm_sim.scenario._frames import FramePattern
from llm_sim.scenario._mistakes import Kind, Mistake, Path, spell
from llm_sim.scenario._plain import plain_of

WORLD_LATENCIES = ("executor", "llm", "playout")
"""The keys of ``latency`` that are no tool's name."""

_ID = "tool_call_id"
_WITH_FRAMES = (
    ("frames",),
    ("absent", "frame"),
    ("absent", "after"),
    ("absent", "until"),
    ("within", "frames"),
)
_WITH_MESSAGES = (("context", "messages"), ("context", "last"))


def mistakes_of_scenario(data: Mapping[str, Any]) -> list[Mistake]:
    """Return what does not fit together in the plain data of a scenario."""
    calls = list(_calls(data.get("script")))
    tools = plain_of(data.get("tools", {}))
    mistakes = [*_duplicate_ids(calls), *_unknown_calls(calls, data.get("expect"))]
    if not isinstance(tools, Mapping):
        return mistakes
    # A bot that is given beside the scenario may have whatever is called.
    known = list(dict.fromkeys([*tools, *(call["call"] for _, call in calls)]))
    latency = data.get("latency", {})
    if isinstance(latency, Mapping):
        mistakes += _unknown_latencies(latency, known)
        mistakes += _latencies_given_twice(latency, tools)
    mistakes += _unknown_holds(data, known)
    return mistakes


def mistakes_without_a_bot(data: Mapping[str, Any]) -> list[Mistake]:
    """Return the calls of tools that a scenario does not have, where it names no bot either."""
    tools = plain_of(data.get("tools", {}))
    if data.get("bot") is not None or not isinstance(tools, Mapping):
        return []
    return _unknown_tools(list(_calls(data.get("script"))), list(tools))


def _calls(script: Any) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for i, turn in enumerate(_items(script)):
        for j, step in enumerate(_items(plain_of(turn))):
            step = plain_of(step)
            if isinstance(step, Mapping) and isinstance(step.get("call"), str) and step["call"]:
                yield ("script", i, j), step


def _items(value: Any) -> list[Any] | tuple[Any, ...]:
    return value if isinstance(value, list | tuple) else ()


def _duplicate_ids(calls: list[tuple[Path, Mapping[str, Any]]]) -> list[Mistake]:
    mistakes = []
    first: dict[str, Path] = {}
    for path, call in calls:
        id_ = call.get("as")
        if not isinstance(id_, str) or not id_:
            continue
        if id_ in first:
            where = spell(first[id_])
            wrong = f"duplicate id {id_!r}: {where} has it already; give each call its own"
            mistakes.append(Mistake((*path, "as"), wrong, "whole"))
        else:
            first[id_] = path
    return mistakes


def ids_of(calls: Iterable[tuple[str, str]]) -> list[str]:
    """Return the ids of a script's calls, in order; without one of its own, a call is numbered.

    Args:
        calls: Each call's name and its own id, or an empty text.
    """
    calls = list(calls)
    taken = {id_ for _, id_ in calls}
    counts: dict[str, int] = {}
    ids = []
    for name, id_ in calls:
        if not id_:
            number = counts.get(name, 0) + 1
            while f"{name}_{number}" in taken:
                number += 1
            counts[name] = number
            id_ = f"{name}_{number}"
        ids.append(id_)
    return ids


def _unknown_calls(calls: list[tuple[Path, Mapping[str, Any]]], expect: Any) -> list[Mistake]:
    known = ids_of((call["call"], str(call.get("as", ""))) for _, call in calls)
    told = ", ".join(known) or "none"
    mistakes = []
    for i, expectation in enumerate(_items(expect)):
        for path, id_, kind in _named_calls(plain_of(expectation)):
            if isinstance(id_, str) and id_ not in known:
                wrong = f"unknown call {id_!r}{did_you_mean(id_, known)}: the script has {told}"
                mistakes.append(Mistake(("expect", i, *path), wrong, kind))
    return mistakes


def _named_calls(expectation: Any) -> Iterator[tuple[Path, Any, Kind]]:
    """Yield the calls that an expectation names: outright, in a frame, or in a message."""
    for id_ in _mapping(_part(expectation, "call")):
        yield ("call", id_), id_, "key"
    for path in _WITH_FRAMES:
        for where, frame in _one_or_several(path, _part(expectation, *path)):
            if isinstance(frame, FramePattern):
                yield (*where, frame.type), frame.fields.get(_ID), "whole"
            for name, fields in _mapping(frame).items():
                yield (*where, name, _ID), _mapping(fields).get(_ID), "whole"
    for path in _WITH_MESSAGES:
        for where, message in _one_or_several(path, _part(expectation, *path)):
            yield (*where, _ID), _mapping(message).get(_ID), "whole"


def _part(value: Any, *path: str) -> Any:
    for key in path:
        value = _mapping(plain_of(value)).get(key)
    return value


def _one_or_several(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    yield path, value
    for i, item in enumerate(_items(value)):
        yield (*path, i), item


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _unknown_tools(calls: list[tuple[Path, Mapping[str, Any]]], known: list[str]) -> list[Mistake]:
    mistakes = []
    for path, call in calls:
        if (name := call["call"]) not in known:
            wrong = (
                f"unknown tool {name!r}{did_you_mean(name, _texts(known))}: add it to tools, "
                "name the bot that has it, or write "
                f"`tools: {{{name}: {{registered: false}}}}` to call a tool without a handler"
            )
            mistakes.append(Mistake((*path, "call"), wrong, "whole"))
    return mistakes


def _unknown_latencies(latency: Mapping[str, Any], known: list[str]) -> list[Mistake]:
    words = _texts([*WORLD_LATENCIES, *known])
    return [
        Mistake(
            ("latency", key),
            f"unknown latency {key!r}{did_you_mean(key, words)}: use executor, llm, playout or a "
            "tool's name",
            "key",
        )
        for key in latency
        if isinstance(key, str) and key not in words
    ]


def _latencies_given_twice(latency: Mapping[str, Any], tools: Mapping[str, Any]) -> list[Mistake]:
    return [
        Mistake(
            ("latency", key),
            f"the latency of {key!r} is given in tools too: remove one of them",
            "key",
        )
        for key in latency
        if key not in WORLD_LATENCIES and "latency" in _mapping(plain_of(tools.get(key)))
    ]


def _unknown_holds(data: Mapping[str, Any], known: list[str]) -> list[Mistake]:
    hold = data.get("hold", {})
    if not isinstance(hold, Mapping):
        return []
    mistakes = [
        Mistake(("hold", tool), f"unknown tool {tool!r}{did_you_mean(tool, _texts(known))}", "key")
        for tool in hold
        if isinstance(tool, str) and tool not in known
    ]
    for i, injection in enumerate(_items(data.get("inject", ()))):
        released = _part(injection, "do", "release")
        if isinstance(released, str) and released not in hold:
            held = f"add `hold: {{{released}: 1}}`{did_you_mean(released, _texts(list(hold)))}"
            wrong = f"{released!r} is not held: {held}"
            mistakes.append(Mistake(("inject", i, "do", "release"), wrong, "whole"))
    return mistakes


def _texts(words: list[Any]) -> list[str]:
    return [word for word in words if isinstance(word, str)]

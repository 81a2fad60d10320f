"""What the model says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st

from llm_sim.errors import UsageError
from llm_sim.scenario import Call, Say, Step, Turn, Wait
from llm_sim.strategies._arguments import ToolSchema, arguments

UNKNOWN: Final = "no_such_function"
"""The function that the model makes up."""

_MALFORMED: Final[Mapping[str, Any]] = {"": None}
_SENTENCES: Final = ("One moment.", "Let me see.")


def scripts(
    tools: Sequence[str | ToolSchema],
    *,
    max_turns: int = 3,
    max_steps: int = 4,
    unknown: bool = True,
    malformed: bool = True,
) -> st.SearchStrategy[tuple[Turn, ...]]:
    """Draw scripts: text, pauses and calls in any order, several calls in a turn.

    Args:
        tools: What the model may call: names, or schemas from which arguments are drawn.
        max_turns: How many turns at most; a last turn that only says something is added.
        max_steps: How many steps a turn has at most.
        unknown: Whether the model makes up a function, ``no_such_function``, now and then.
        malformed: Whether it gives arguments that no schema has.

    Raises:
        UsageError: There is no tool, or a bound is not positive.
    """
    if not tools:
        raise UsageError("tools is empty: name at least one tool that the model may call")
    for name, bound in (("max_turns", max_turns), ("max_steps", max_steps)):
        if bound < 1:
            raise UsageError(f"{name} must be at least 1, not {bound}")
    turns = st.lists(_turn(tools, max_steps, unknown, malformed), min_size=1, max_size=max_turns)
    return turns.map(lambda drawn: (*drawn, _LAST))


_LAST: Final = Turn(steps=(Say(text="Done."),))


def _turn(
    tools: Sequence[str | ToolSchema], max_steps: int, unknown: bool, malformed: bool
) -> st.SearchStrategy[Turn]:
    plain: list[Callable[[], Step]] = [
        lambda: Say(text=_SENTENCES[0]),
        lambda: Say(text=_SENTENCES[1]),
        lambda: Wait(duration="20ms"),
    ]
    named = [tool if isinstance(tool, str) else tool.name for tool in tools]
    # Calls are what it is about: each tool stands there twice.
    steps: list[st.SearchStrategy[Step]] = [st.just(make()) for make in plain]
    for tool, name in zip(tools, named, strict=True):
        steps += [_call(tool, name)] * 2
        if malformed:
            steps.append(st.just(Call(name=name, args=dict(_MALFORMED))))
    if unknown:
        steps.append(st.just(Call(name=UNKNOWN)))
    return st.lists(st.one_of(steps), max_size=max_steps).map(
        lambda drawn: Turn(steps=tuple(drawn))
    )


def _call(tool: str | ToolSchema, name: str) -> st.SearchStrategy[Step]:
    if isinstance(tool, str):
        return st.just(Call(name=name))
    return arguments(tool).map(lambda args: Call(name=name, args=args))

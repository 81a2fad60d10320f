"""The scenario: what happens, as plain data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    StrictBool,
    StrictInt,
)

from llm_sim.errors import Problem
from llm_sim.scenario._checks import (
    WORLD_LATENCIES,
    ids_of,
    mistakes_of_scenario,
    mistakes_without_a_bot,
)
from llm_sim.scenario._durations import Duration, Nanoseconds, OptionalDuration, format_duration
from llm_sim.scenario._entries import VARIANT
from llm_sim.scenario._expect import Expectation
from llm_sim.scenario._fields import Given, Hint, default
from llm_sim.scenario._json import IDENTIFIER, Json, Says, Text
from llm_sim.scenario._marks import Mark
from llm_sim.scenario._mistakes import Mistake, refusal, show
from llm_sim.scenario._place import Place
from llm_sim.scenario._plain import Plain, listed
from llm_sim.scenario._script import Call, Turn
from llm_sim.scenario._stimuli import Injection

Behaviour = Literal[
    "answer",
    "answer_late",
    "answer_quietly",
    "answer_twice",
    "answer_when_cancelled",
    "clean_up",
    "hang",
    "interrupt",
    "register",
    "report_progress",
    "speak",
    "stay_silent",
    "swallow",
    "unregister",
]
"""What a stub tool does; each is described in :class:`llm_sim.scripted.BEHAVIOURS`."""

_CODE = re.compile(r"LS[0-9]{3}")
_MODULE = re.compile(r"[\w-]+(\.[\w-]+)*")
_FILE_OF_A_BOT = re.compile(r"(?!\s)[^:]*[^:/\\]\.py")
_NAME = re.compile(rf"[A-Za-z0-9_-]+({VARIANT})?")


class Tool(Plain):
    """A stub tool: what it answers, and how long that takes.

    Parameters:
        result: What it answers, plain data.
        raises: The text of the error that it raises instead of answering.
        does: What it does besides, in a word; ``answer`` is the plain one.
        latency: Virtual nanoseconds before it answers; given as text with a unit.
        timeout: Virtual nanoseconds after which the service gives a call of it up; given as text
            with a unit. None: the service's own rule.
        cancel_on_interruption: Whether an interruption cancels a running call of it.
        registered: False says that the script calls this name although no handler is registered
            for it, on purpose.
    """

    result: Json = Field(default_factory=lambda: {"ok": True})
    raises: Text | None = None
    does: Behaviour = "answer"
    latency: Duration = default(0)
    timeout: OptionalDuration = default(None)
    cancel_on_interruption: StrictBool = True
    registered: StrictBool = True

    _together = (
        {
            "anyOf": [
                {"properties": {"raises": {"type": "null"}}},
                {"properties": {"result": False, "does": {"const": "answer"}}},
            ]
        },
    )

    @classmethod
    def _mistakes(cls, data: Mapping[str, Any]) -> list[Mistake]:
        if data.get("raises") is None:
            return []
        given = ["result"] if "result" in data else []
        given += ["does"] if data.get("does", "answer") != "answer" else []
        return [
            Mistake((), f"a tool answers or raises: remove {key} or raises", "whole")
            for key in given
        ]


def _name(name: str) -> str:
    if _NAME.fullmatch(name):
        return name
    raise refusal([Mistake((), f"must be letters, digits, _ and -, not {show(name)}")])


def _not_empty(text: str) -> str:
    if text:
        return text
    raise refusal([Mistake((), "must not be empty")])


def _law(code: str) -> str:
    if _CODE.fullmatch(code):
        return code
    raise refusal([Mistake((), f"must be the code of a law such as LS401, not {show(code)}")])


_LawCode = Annotated[Text, AfterValidator(_law), Says(pattern=f"^{_CODE.pattern}$")]


def _bot(reference: str) -> str:
    home, _, attribute = reference.rpartition(":")
    named = _MODULE.fullmatch(home) or _FILE_OF_A_BOT.fullmatch(home)
    if named and all(part.isidentifier() for part in attribute.split(".")):
        return reference
    wanted = "must be package.module:attribute or path/to/bot.py:attribute"
    raise refusal([Mistake((), f"{wanted}, not {show(reference)}")])


_Name = Annotated[
    Text,
    AfterValidator(_name),
    # Of a variant as much as every language's regular expressions read alike.
    Says(pattern=r"^[A-Za-z0-9_-]+(\[[^\s\[\]]+\])?$"),
]
_Bot = Annotated[
    Text,
    AfterValidator(_bot),
    # As much of both forms as every language's regular expressions read alike.
    Says(pattern=rf"^[^\s:]([^:]*[^\s:])?:{IDENTIFIER}(\.{IDENTIFIER})*$"),
]


class Scenario(Plain):  # noqa: PLW1641 - its mappings have no hash
    """What happens in a conversation.

    Parameters:
        name: Letters, digits, ``_`` and ``-``; the NAME of ``FILE::NAME``. One that was made of a
            list of latencies ends in what was chosen, such as ``[slow=5s]``.
        about: What the scenario is for, for its readers.
        bot: What is under test, ``package.module:attribute`` or ``path/to/bot.py:attribute``. None:
            the scripted model alone, with the stub tools.
        target: What it runs on where neither the command line nor a marker says so: ``reference``,
            ``pipecat``, ``naive`` or ``auto``. None: what the session says.
        mode: Whether the calls of one turn run in parallel or one after the other.
        open_ended: Whether the model may be asked more often than the script has turns, and then
            says nothing, or less often; otherwise neither gives a verdict.
        user: What the user says to open the conversation; not empty.
        script: What the model says, one turn for each time it is asked.
        tools: The stub tools by name.
        latency: Virtual nanoseconds before the model's first token (``llm``), for which each text
            frame is held after the model (``playout``), which a function for a thread takes
            (``executor``), and which a handler of the bot takes (its tool's name); given as text
            with a unit. The latency of a stub tool moves into ``tools`` when the scenario is built.
        hold: Tools whose handler stands still, each before which of its awaits, from 1, until a
            ``release`` of it is injected.
        inject: The stimuli and their moments.
        expect: What must come of it, as it is scripted and with its own stimuli.
        strict: The codes of laws that fail this scenario although elsewhere they only warn.
        marks: Words for whoever runs it as a test.
    """

    name: Annotated[_Name, Hint.ALWAYS, Hint.KEPT] = "unnamed"
    about: Text = ""
    bot: Annotated[_Bot | None, Hint.KEPT] = None
    target: Annotated[Text | None, Hint.KEPT] = None
    mode: Literal["parallel", "sequential"] = "parallel"
    open_ended: Annotated[StrictBool, Hint.KEPT] = False
    user: Annotated[Text, AfterValidator(_not_empty), Says(minLength=1)] = "Hello."
    script: Given[Annotated[tuple[Turn, ...], BeforeValidator(listed)], Sequence[Turn]]
    tools: Given[Annotated[dict[Text, Tool], Hint.BY_TOOL], Mapping[str, Tool]] = default(
        factory=dict
    )
    latency: Given[Annotated[dict[Text, Nanoseconds], Hint.BY_TOOL], Mapping[str, str | int]] = (
        default(factory=dict)
    )
    hold: Given[
        Annotated[dict[Text, Annotated[StrictInt, Field(ge=1)]], Hint.BY_TOOL], Mapping[str, int]
    ] = default(factory=dict)
    inject: Given[
        Annotated[tuple[Injection, ...], BeforeValidator(listed), Hint.KEPT], Sequence[Injection]
    ] = default(())
    expect: Given[
        Annotated[tuple[Expectation, ...], BeforeValidator(listed), Hint.KEPT],
        Sequence[Expectation | Mapping[str, Any]],
    ] = default(())
    strict: Given[Annotated[tuple[_LawCode, ...], BeforeValidator(listed)], Sequence[str]] = (
        default(())
    )
    marks: Given[
        Annotated[tuple[Mark, ...], BeforeValidator(listed), Hint.KEPT, Hint.ONE_LINE],
        Sequence[Mark | str],
    ] = default(())

    _remedies = {"script": 'script: [[{say: "Hello."}]]'}
    _place: Place | None = PrivateAttr(default=None)

    def __eq__(self, other: object) -> bool:
        """Return whether the same happens in both, wherever they stand."""
        if not isinstance(other, Scenario):
            return NotImplemented
        return all(getattr(self, key) == getattr(other, key) for key in type(self).model_fields)

    @property
    def place(self) -> Place:
        """Where the scenario stands: its file, which the loader knows, or its name alone."""
        return Place(name=self.name) if self._place is None else self._place

    def placed(self, place: Place) -> Self:
        """Return the same scenario, standing elsewhere.

        Args:
            place: Where.
        """
        moved = self.model_copy()
        moved._place = place
        return moved

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls of the script, in order."""
        return tuple(call for turn in self.script for call in turn.calls)

    def replace(self, **changes: Any) -> Self:
        """Return a scenario with some arguments changed, checked as a whole again.

        Args:
            **changes: Arguments of the constructor.

        Raises:
            ScenarioError: A change is wrong, or does not fit the rest.
        """
        latency = {key: format_duration(ns) for key, ns in self.latency.items()}
        kept = {name: getattr(self, name) for name in type(self).model_fields}
        changed = type(self)(**{**kept, "latency": latency, **changes})
        return changed if self._place is None else changed.placed(self._place)

    @classmethod
    def _mistakes(cls, data: Mapping[str, Any]) -> list[Mistake]:
        return mistakes_of_scenario(data)

    def _complete(self) -> None:
        stubs = {key: ns for key, ns in self.latency.items() if _is_of_stub(key, self.tools)}
        tools = {
            name: tool.model_copy(update={"latency": stubs[name]}) if name in stubs else tool
            for name, tool in self.tools.items()
        }
        rest = {key: ns for key, ns in self.latency.items() if key not in stubs}
        # The model is frozen for its users; here it is still being built.
        for field, value in (
            ("script", _with_ids(self.script)),
            ("tools", tools),
            ("latency", rest),
        ):
            object.__setattr__(self, field, value)


def unknown_calls(scenario: Scenario) -> list[Problem]:
    """Return the calls of tools that a scenario does not have and for which it names no bot.

    A scenario file is refused for them. One that was built in Python may be given a bot that has
    the tools; whoever runs it without one asks here.

    Args:
        scenario: What is to be run.
    """
    found = mistakes_without_a_bot(scenario.to_plain())
    return [scenario.place.problem(each.message, each.path) for each in found]


def _is_of_stub(key: str, tools: Mapping[str, Tool]) -> bool:
    return key in tools and key not in WORLD_LATENCIES


def _with_ids(script: tuple[Turn, ...]) -> tuple[Turn, ...]:
    ids = iter(ids_of((call.name, call.id) for turn in script for call in turn.calls))
    return tuple(
        turn.model_copy(
            update={
                "steps": tuple(
                    step.model_copy(update={"id": next(ids)}) if isinstance(step, Call) else step
                    for step in turn.steps
                )
            }
        )
        for turn in script
    )

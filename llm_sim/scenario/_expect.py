"""The expectations of a scenario: what must come of it as it is scripted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    InstanceOf,
    StrictBool,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from llm_sim.frames import PhaseName
from llm_sim.scenario._durations import Duration
from llm_sim.scenario._fields import Given, Writes, default
from llm_sim.scenario._frames import FramePattern
from llm_sim.scenario._json import (
    IDENTIFIER,
    Json,
    JsonObject,
    Says,
    Text,
    checked_object,
    with_value,
)
from llm_sim.scenario._mistakes import Mistake, refusal, show
from llm_sim.scenario._plain import Plain, listed
from llm_sim.scenario._stimuli import frame_name

Direction = Literal["down", "up"]
Outcome = Literal["never", PhaseName]


class Anything(Enum):
    """What is expected where nothing is said; null is something that can be expected."""

    ANYTHING = "anything"


_PATTERN = "a frame's name, or {FunctionCallResult: {tool_call_id: c1}}"


def _pattern(value: Any) -> FramePattern:
    match value:
        case FramePattern():
            return FramePattern(frame_name(value.type), checked_object(value.fields))
        case str():
            return FramePattern(frame_name(value))
        case Mapping() if len(value) == 1:
            name, fields = next(iter(value.items()))
            if isinstance(name, str):
                return FramePattern(frame_name(name), _fields(name, fields))
    raise refusal([Mistake((), f"must be {_PATTERN}, not {show(value)}")])


def _fields(name: str, fields: Any) -> dict[str, Any]:
    if not isinstance(fields, Mapping):
        raise refusal([Mistake((name,), f"must be a mapping, not {show(fields)}")])
    return checked_object(fields)


def _plain_pattern(pattern: FramePattern) -> str | dict[str, Any]:
    return {pattern.type: dict(pattern.fields)} if pattern.fields else pattern.type


Pattern = Annotated[
    InstanceOf[FramePattern],
    BeforeValidator(_pattern),
    Writes(_plain_pattern),
    WithJsonSchema(
        {
            "description": "A frame's name, or {name: {field: value}} with what it has at least.",
            "anyOf": [
                {"type": "string", "pattern": f"^{IDENTIFIER}$"},
                {
                    "type": "object",
                    "additionalProperties": {"type": "object"},
                    "minProperties": 1,
                    "maxProperties": 1,
                },
            ],
        }
    ),
]
"""A frame that is meant: its name, with or without the ``Frame`` suffix, or a mapping of its name
to a part of its payload."""


def _at_least(count: int) -> BeforeValidator:
    def check(value: Any) -> Any:
        if len(listed(value)) >= count:
            return value
        frames = "a frame" if count == 1 else f"{count} frames"
        raise refusal([Mistake((), f"must have at least {frames}")])

    return BeforeValidator(check)


class Absent(Plain):
    """A frame that must not come.

    Parameters:
        frame: The frame.
        after: Look only after a frame of this kind, which must come; after each one of them.
        until: Only up to the next frame of this kind.
        direction: Which way the frames travel, ``down`` or ``up``.
    """

    frame: Pattern
    after: Pattern | None = None
    until: Pattern | None = None
    direction: Direction = "down"

    _remedies = {"frame": "frame: LLMText"}


class Within(Plain):
    """Frames that must come in this order, the last one soon after the first.

    Parameters:
        duration: Virtual nanoseconds from the first to the last at most; given as text with a unit.
        frames: At least two frames, in order; others may come between them.
        direction: Which way they travel, ``down`` or ``up``.
    """

    duration: Duration
    frames: Given[
        Annotated[tuple[Pattern, ...], _at_least(2), Says(minItems=2)],
        Sequence[FramePattern | str],
    ]
    direction: Direction = "down"

    _remedies = {"duration": "duration: 2s", "frames": "frames: [LLMText, LLMFullResponseEnd]"}


class CallExpected(Plain):
    """What must become of a call; a word alone says how it ends.

    Parameters:
        ends: The last thing that the service says of it downstream: ``result`` or ``cancelled``
            where it has settled, ``started``, ``in_progress`` or ``update`` where it has not, and
            ``never`` where the model did not get to it.
        phases: Everything that the service says of it downstream, in order.
        arguments: What the model calls it with; of a mapping, a part.
        context: What the context has of it at the end: ``settled``, ``cancelled``, ``in_progress``
            or ``missing``.
        result: What its final result says; of a mapping, a part.
    """

    ends: Outcome | None = None
    phases: Annotated[tuple[PhaseName, ...], BeforeValidator(listed)] | None = None
    arguments: Annotated[JsonObject, Says(minProperties=1)] | None = None
    context: Literal["settled", "cancelled", "in_progress", "missing"] | None = None
    result: Json = Field(default_factory=lambda: Anything.ANYTHING)

    _together = (
        {
            "anyOf": [
                {"required": ["result"]},
                *(with_value(key) for key in ("ends", "phases", "arguments", "context")),
            ]
        },
    )

    def to_plain(self) -> str | dict[str, Any]:
        """Return what is expected; the word alone where that is all."""
        plain: dict[str, Any] = super().to_plain()
        return plain["ends"] if list(plain) == ["ends"] else plain

    @classmethod
    def _fields_form(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"ends": data}
        if isinstance(data, Mapping):
            return data
        wrong = f"must be a word such as cancelled, or a mapping, not {show(data)}"
        raise refusal([Mistake((), wrong)])

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the word that may stand alone, too."""
        schema = super().__get_pydantic_json_schema__(core_schema, handler)
        word = {"enum": list(get_args(Outcome))}
        return {
            "description": schema["description"],
            "anyOf": [word, schema],
        }

    @classmethod
    def _mistakes(cls, data: Mapping[str, Any]) -> list[Mistake]:
        if "result" not in data and all(value is None for value in data.values()):
            return [Mistake((), "must say something, such as cancelled")]
        if data.get("arguments") == {}:
            return [Mistake(("arguments",), "must say something, such as {city: Rome}")]
        return []


_EXAMPLES = {
    "roles": "[assistant]",
    "messages": "[{role: tool}]",
    "last": "{role: assistant}",
}


class ContextExpected(Plain):
    """What the context must have at the end, which the model would be given next.

    Parameters:
        roles: The roles of its last messages, in order.
        messages: Messages in order, of each a part; others may stand between them.
        last: The last message, a part of it.
    """

    roles: Annotated[tuple[Text, ...], BeforeValidator(listed), Says(minItems=1)] | None = None
    messages: (
        Annotated[tuple[JsonObject, ...], BeforeValidator(listed), Says(minItems=1)] | None
    ) = None
    last: Annotated[JsonObject, Says(minProperties=1)] | None = None

    _together = ({"anyOf": [with_value(key) for key in _EXAMPLES]},)

    @classmethod
    def _mistakes(cls, data: Mapping[str, Any]) -> list[Mistake]:
        given = {key: data[key] for key in _EXAMPLES if data.get(key) is not None}
        if not given:
            return [Mistake((), "must have roles, messages or last")]
        return [
            Mistake((key,), f"must say something, such as {_EXAMPLES[key]}")
            for key, value in given.items()
            if value in ([], (), {})
        ]


_WHAT = ("frames", "absent", "call", "context", "within", "trace")


class Expectation(Plain):
    """Something that must come of a scenario: exactly one key says what.

    Parameters:
        frames: These frames come in this order; others may come between them.
        direction: Which way the ``frames`` travel, ``down`` or ``up``.
        exactly: Whether of the kinds of ``frames`` that are named no others may come.
        absent: A frame does not come.
        call: What becomes of calls, by id: how each ends, or more.
        context: What the context has at the end.
        within: Frames come in order within a time.
        trace: The run is as this golden trace tells, line by line: a path from the scenario's file.
    """

    frames: Given[
        Annotated[tuple[Pattern, ...], _at_least(1), Says(minItems=1)] | None,
        Sequence[FramePattern | str] | None,
    ] = default(None)
    direction: Direction = "down"
    exactly: StrictBool = False
    absent: Absent | None = None
    call: Given[
        Annotated[dict[Text, CallExpected], Says(minProperties=1)] | None,
        Mapping[str, CallExpected | str] | None,
    ] = default(None)
    context: ContextExpected | None = None
    within: Within | None = None
    trace: Annotated[Text, Says(minLength=1)] | None = None

    _together = ({"oneOf": [with_value(key) for key in _WHAT]},)

    @classmethod
    def _mistakes(cls, data: Mapping[str, Any]) -> list[Mistake]:
        given = [key for key in _WHAT if data.get(key) is not None]
        if not given:
            wrong = f"an expectation must say what: add {', '.join(_WHAT[:-1])} or {_WHAT[-1]}"
            return [Mistake((), wrong, "whole")]
        if len(given) > 1:
            wrong = f"{' and '.join(given)} are given: make expectations of their own of them"
            return [Mistake((), wrong, "whole")]
        mistakes = [
            Mistake((key,), f"{key} goes with frames: remove it", "key")
            for key in ("direction", "exactly")
            if key in data and given != ["frames"] and data[key] not in ("down", False)
        ]
        if data.get("call") == {}:
            mistakes.append(
                Mistake(("call",), "must have at least one call, such as c1: cancelled")
            )
        if data.get("trace") == "":
            mistakes.append(Mistake(("trace",), "must be the path of a file"))
        return mistakes

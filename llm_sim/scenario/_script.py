"""The script: what the model says, turn by turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, GetJsonSchemaHandler, Tag
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from llm_sim.errors import did_you_mean
from llm_sim.scenario._durations import Duration
from llm_sim.scenario._fields import Hint
from llm_sim.scenario._json import JsonObject, Says, Text
from llm_sim.scenario._mistakes import Mistake, Path, refusal, show
from llm_sim.scenario._plain import Plain, plain_of


class Say(Plain):
    """The model says a piece of text, which travels as one text frame.

    Parameters:
        text: What it says; ``say`` in a file.
    """

    text: Text = Field(validation_alias="say")


class Call(Plain):
    """The model calls a tool.

    Parameters:
        name: The tool's name; ``call`` in a file.
        args: The arguments, plain data by name.
        id: The ``tool_call_id``; ``as`` in a file. Empty until the scenario is built, which then
            gives ``<name>_1``, ``<name>_2`` and so on, in the order of the script.
    """

    name: Annotated[Text, Says(minLength=1)] = Field(validation_alias="call")
    args: JsonObject = Field(default_factory=dict)
    id: Annotated[Text, Says(minLength=1), Hint.KEPT] = Field(default="", validation_alias="as")

    @classmethod
    def _mistakes(cls, data: Mapping[str, Any]) -> list[Mistake]:
        return [
            Mistake((key,), "must not be empty") for key in ("call", "as") if data.get(key) == ""
        ]


class Wait(Plain):
    """The model pauses in its stream.

    Parameters:
        duration: Virtual nanoseconds; given as text with a unit, ``wait`` in a file.
    """

    duration: Duration = Field(validation_alias="wait")


class Fail(Plain):
    """The model's provider fails in the middle of the response, which ends there.

    What was called before in the turn is not dispatched: the answer never became complete.

    Parameters:
        text: What the service reports; ``fail`` in a file.
    """

    text: Text = Field(validation_alias="fail")


_TAGS = {"say": "<say>", "call": "<call>", "wait": "<wait>", "fail": "<fail>"}
_STEPS = "{say: text}, {call: name}, {wait: 50ms} or {fail: text}"
_KEYS = tuple(_TAGS)


def _tag(step: Any) -> str | None:
    match step:
        case Say():
            return _TAGS["say"]
        case Call():
            return _TAGS["call"]
        case Wait():
            return _TAGS["wait"]
        case Fail():
            return _TAGS["fail"]
        case Mapping():
            tags = [tag for key, tag in _TAGS.items() if key in step]
            return tags[0] if len(tags) == 1 else None
    return None


def _refuse_no_step(step: Any) -> Any:
    if _tag(step) is not None:
        return step
    if not isinstance(step, Mapping):
        raise refusal([Mistake((), f"must be a step, {_STEPS}, not {show(step)}")])
    both = [key for key in _KEYS if key in step]
    if both:
        wrong = f"a step does one thing: make {' and '.join(both)} steps of their own"
        raise refusal([Mistake((), wrong, "whole")])
    for key in step:
        if near := did_you_mean(str(key), _KEYS):
            raise refusal([Mistake((str(key),), f"unknown key {key!r}{near}", "key")])
    raise refusal(
        [Mistake((), f"a step must have the key say, call, wait or fail: {_STEPS}", "whole")]
    )


Step = Annotated[
    Annotated[Say, Tag(_TAGS["say"])]
    | Annotated[Call, Tag(_TAGS["call"])]
    | Annotated[Wait, Tag(_TAGS["wait"])]
    | Annotated[Fail, Tag(_TAGS["fail"])],
    Discriminator(_tag),
    BeforeValidator(_refuse_no_step),
]
"""One step of a turn, told apart by its key."""


class Turn(Plain):
    """One response of the model.

    Parameters:
        steps: What it says, calls and waits for, in order, and at its end perhaps how it fails; in
            a file, a turn is this list.
    """

    steps: tuple[Step, ...]

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls among its steps, in order."""
        return tuple(step for step in self.steps if isinstance(step, Call))

    def to_plain(self) -> Any:
        """Return the list of the steps."""
        return super().to_plain()["steps"]

    def path_of(self, key: str) -> Path:
        """Return the path to the list, which is the turn itself."""
        del key
        return ()

    @classmethod
    def _mistakes(cls, data: Mapping[str, Any]) -> list[Mistake]:
        steps = data.get("steps")
        plain = [plain_of(step) for step in steps] if isinstance(steps, list | tuple) else []
        wrong = "no step can follow a fail, which ends the response: move it before, or remove it"
        return [
            Mistake((after,), wrong, "whole")
            for after, step in enumerate(plain[:-1], 1)
            if isinstance(step, Mapping) and "fail" in step
        ]

    @classmethod
    def _plain_form(cls, arguments: dict[str, Any]) -> Any:
        return arguments["steps"]

    @classmethod
    def _fields_form(cls, data: Any) -> Any:
        if isinstance(data, list | tuple):
            return {"steps": data}
        wrong = f"must be a list of steps such as [{{say: text}}], not {show(data)}"
        raise refusal([Mistake((), wrong)])

    @classmethod
    def _argument_path(cls, path: Path) -> Path:
        return ("steps", *path)

    @classmethod
    def _path(cls, path: Path, fields: Any) -> Path:
        del fields
        return tuple(part for part in path[1:] if part not in _TAGS.values())

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the list that a turn is in a file."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        steps: JsonSchemaValue = schema["properties"]["steps"]
        return {**steps, "title": cls.__name__, "description": "One response of the model."}

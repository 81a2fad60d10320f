"""The stimuli: what comes from outside, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, StrictInt
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from llm_sim.errors import did_you_mean
from llm_sim.scenario._durations import OptionalDuration
from llm_sim.scenario._fields import Given, default
from llm_sim.scenario._json import IDENTIFIER, Says, Text, text_under, with_value
from llm_sim.scenario._mistakes import Mistake, Path, refusal, show
from llm_sim.scenario._plain import Plain
from llm_sim.stimuli import STIMULUS_KINDS

STIMULI: Final = tuple(word for word, row in STIMULUS_KINDS.items() if row.drawn)
"""Every kind of stimulus from outside; ``release``, which opens a gate, is a test's own hand."""

WITH_TEXT: Final = tuple(word for word in STIMULI if STIMULUS_KINDS[word].argument)
"""The stimuli from outside that have an argument; others can land at any point of a schedule."""

_EVENTS: Final = tuple(word for word, row in STIMULUS_KINDS.items() if not row.argument)
_WITH_TEXT: Final = tuple(word for word, row in STIMULUS_KINDS.items() if row.argument)
*_FIRST, _LAST = (
    f"{{{word}: {row.argument}}}" if row.argument else word for word, row in STIMULUS_KINDS.items()
)
_STIMULI: Final = f"{', '.join(_FIRST)} or {_LAST}"
_WHEN = ("at", "after", "step")
_SUFFIX = "Frame"


class Stimulus(Plain):
    """Something that happens to the bot from outside.

    Parameters:
        kind: What happens: a word of :data:`llm_sim.stimuli.STIMULUS_KINDS`.
        text: What the user says, or the tool's name; empty for a kind without an argument.
    """

    kind: Text
    text: Text = ""

    def to_plain(self) -> str | dict[str, Any]:
        """Return the kind's name, or ``{say: text}``."""
        return {self.kind: self.text} if self.kind in _WITH_TEXT else self.kind

    @classmethod
    def _plain_form(cls, arguments: dict[str, Any]) -> Any:
        kind, text = arguments["kind"], arguments.get("text", "")
        if kind in _WITH_TEXT:
            return {kind: text}
        if text != "":
            wrong = f"must be empty unless kind is {' or '.join(_WITH_TEXT)}, not {show(text)}"
            raise refusal([Mistake(("say",), wrong)])
        return kind

    @classmethod
    def _fields_form(cls, data: Any) -> Any:
        if isinstance(data, str) and data in _EVENTS:
            return {"kind": data}
        if isinstance(data, Mapping):
            if len(data) == 1 and (kind := next(iter(data))) in _WITH_TEXT:
                if data[kind] == "":
                    raise refusal([Mistake((kind,), "must not be empty")])
                return {"kind": kind, "text": data[kind]}
            for key in data:
                if key not in _WITH_TEXT:
                    near = did_you_mean(str(key), _WITH_TEXT)
                    wrong = f"unknown key {key!r}{near}: a stimulus is {_STIMULI}"
                    raise refusal([Mistake((str(key),), wrong, "key")])
        near = did_you_mean(data, _EVENTS) if isinstance(data, str) else ""
        raise refusal([Mistake((), f"must be {_STIMULI}, not {show(data)}{near}")])

    @classmethod
    def _argument_path(cls, path: Path) -> Path:
        return ("text",) if path and path[0] in _WITH_TEXT else ("kind",)

    @classmethod
    def _path(cls, path: Path, fields: Any) -> Path:
        return (fields["kind"],) if path == ("text",) else path

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the shorthand that a stimulus is in a file."""
        del core_schema, handler
        with_text = [text_under(key) for key in _WITH_TEXT]
        return {
            "title": cls.__name__,
            "description": "Something that happens to the bot from outside.",
            "anyOf": [{"enum": list(_EVENTS)}, *with_text],
        }


def frame_name(name: str) -> str:
    """Return the name of a frame without its suffix, or refuse what can be none."""
    stripped = name.removesuffix(_SUFFIX)
    if stripped.isidentifier():
        return stripped
    example = "must be the name of a frame, such as FunctionCallsStarted"
    raise refusal([Mistake((), f"{example}, not {show(name)}")])


FrameName = Annotated[Text, AfterValidator(frame_name), Says(pattern=f"^{IDENTIFIER}$")]


class Injection(Plain):
    """A stimulus and the moment at which it lands: exactly one of ``at``, ``after`` and ``step``.

    Parameters:
        at: When a frame of this name has been seen; the name is without its ``Frame`` suffix.
        nth: Which occurrence of that frame, from 1.
        offset: How many steps after that occurrence.
        after: Virtual nanoseconds since the conversation opened; given as text with a unit.
        step: How many steps after the conversation opened.
        do: What happens.
    """

    at: FrameName | None = None
    nth: Annotated[StrictInt, Field(ge=1)] = 1
    offset: Annotated[StrictInt, Field(ge=0)] = 0
    after: OptionalDuration = default(None)
    step: Annotated[StrictInt, Field(ge=0)] | None = None
    do: Given[Stimulus, Stimulus | str]

    _remedies = {"do": "do: interrupt"}
    _together = ({"oneOf": [with_value(key) for key in _WHEN]},)

    @classmethod
    def _mistakes(cls, data: Mapping[str, Any]) -> list[Mistake]:
        given = [key for key in _WHEN if data.get(key) is not None]
        if not given:
            when = "at: FunctionCallsStarted, after: 2s or step: 10"
            return [Mistake((), f"an injection must say when: add {when}", "whole")]
        if len(given) > 1:
            return [Mistake((), f"{' and '.join(given)} are given: keep one of them", "whole")]
        if given == ["at"]:
            return []
        return [
            Mistake((key,), f"{key} counts from a frame: remove it, or give at", "key")
            for key, default in (("nth", 1), ("offset", 0))
            if data.get(key, default) != default
        ]

"""The base of every part of a scenario: a value with a plain form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, Signature, cleandoc
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic.functional_validators import ModelWrapValidatorHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from llm_sim.errors import Problem, ScenarioError, did_you_mean
from llm_sim.scenario._fields import keys_of
from llm_sim.scenario._mistakes import Mistake, Path, mistakes_of, refusal, show, spell

_MARKUP = re.compile(r"(?::\w+:)?``?([^`]+)``?")
_PARAMETER = re.compile(r" {4}(\w+): (.*)")
_OF_PYTHON = re.compile(r"[;,] (`\w+` in a file|given as text with a unit)")


class Plain(BaseModel):
    """A frozen value that is built from Python arguments or from the plain data of a file.

    pydantic sees the plain data only: the keys of a file are the fields' validation aliases. The
    constructor takes the fields' names. Both ways end in the same checks, and in
    ``ScenarioError`` for whoever called.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    _remedies: ClassVar[Mapping[str, str]] = {}
    """What to add to a file for a key that is missing."""

    _together: ClassVar[Sequence[JsonSchemaValue]] = ()
    """What must fit together between the keys, as far as JSON Schema can say it."""

    def __init__(self, **arguments: Any) -> None:
        """Build the value.

        Raises:
            ScenarioError: An argument is unknown, missing or wrong.
        """
        _check_names(type(self), arguments)
        try:
            self.__pydantic_validator__.validate_python(
                self._plain_form(arguments), self_instance=self
            )
        except ValidationError as error:
            raise _spoken(error, self._argument_path) from None

    # Without this mark pydantic calls the constructor for nested plain data too; the first
    # mistake would end the collection of all others.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Show the constructor's arguments; pydantic would show the keys of a file."""
        super().__pydantic_init_subclass__(**kwargs)
        cls.__signature__ = Signature(
            [
                Parameter(
                    key.attribute,
                    Parameter.KEYWORD_ONLY,
                    default=_default(key.field),
                    annotation=key.taken,
                )
                for key in keys_of(cls)
            ]
        )

    @classmethod
    def from_plain(cls, data: Any) -> Self:
        """Build the value from what :meth:`to_plain` returns.

        Raises:
            ScenarioError: Something in it is wrong; every mistake is listed.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise _spoken(error, lambda path: path) from None

    def __repr__(self) -> str:
        """Return Python that builds the value from what a file says of it."""
        return f"{type(self).__name__}.from_plain({self.to_plain()!r})"

    def to_plain(self) -> Any:
        """Return text, numbers, lists and dicts that :meth:`from_plain` and a file accept.

        What is at its default is left out.
        """
        said = ((key, getattr(self, key.attribute)) for key in keys_of(type(self)))
        return {
            key.name: key.shape.plain(value) for key, value in said if not key.is_left_out(value)
        }

    def path_of(self, key: str) -> Path:
        """Return the path to what stands under a key in the plain form."""
        return (key,)

    @classmethod
    def _plain_form(cls, arguments: dict[str, Any]) -> Any:
        keys = {name: key for key, name in cls._names_by_key().items()}
        return {keys[name]: value for name, value in arguments.items()}

    @classmethod
    def _fields_form(cls, data: Any) -> Any:
        """Return plain data as a mapping of the model's keys."""
        return data

    @classmethod
    def _path(cls, path: Path, fields: Any) -> Path:
        """Return a path through the fields as a path through the plain data."""
        del fields
        return path

    @classmethod
    def _argument_path(cls, path: Path) -> Path:
        """Return a path through the plain data as a path from an argument's name."""
        names = cls._names_by_key()
        return tuple(names.get(str(part), part) if i == 0 else part for i, part in enumerate(path))

    @classmethod
    def _mistakes(cls, data: Mapping[str, Any]) -> list[Mistake]:
        """Return what is wrong between the keys; whatever has a wrong shape is passed over."""
        del data
        return []

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe each key as the docstring does, for editors."""
        described = handler.resolve_ref_schema(handler(core_schema))
        about, parameters = documented(cls)
        described["description"] = about
        for key, name in cls._names_by_key().items():
            described["properties"][key]["description"] = parameters[name]
        return {**described, "allOf": list(cls._together)} if cls._together else described

    def _complete(self) -> None:
        """Fill in what follows from the rest."""

    @classmethod
    def _names_by_key(cls) -> dict[str, str]:
        return {key.name: key.attribute for key in keys_of(cls)}

    @model_validator(mode="wrap")
    @classmethod
    def _examine(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(data, cls):
            return handler(data)
        fields = cls._fields_form(data)
        mistakes = cls._mistakes(fields) if isinstance(fields, Mapping) else []
        try:
            value = handler(fields)
        except ValidationError as error:
            told = mistakes_of(error, tuple(cls._names_by_key()), cls._remedies)
            told = [Mistake(cls._path(each.path, fields), each.message, each.kind) for each in told]
            raise refusal([*told, *mistakes]) from None
        if mistakes:
            raise refusal(mistakes)
        value._complete()
        return value


def documented(model: type[Plain]) -> tuple[str, dict[str, str]]:
    """Return what a model's docstring tells of it and of its fields, for readers of a file."""
    text = _MARKUP.sub(r"`\1`", cleandoc(model.__doc__ or ""))
    about, _, parameters = text.partition("\n\nParameters:\n")
    told: dict[str, str] = {}
    name = ""
    for line in parameters.split("\n\n")[0].splitlines():
        if begins := _PARAMETER.fullmatch(line):
            name, told[begins[1]] = begins[1], begins[2]
        else:
            told[name] += f" {line.strip()}"
    return about.split("\n\n")[0].replace("\n", " "), {
        key: _OF_PYTHON.sub("", value).replace("Virtual nanoseconds", "Virtual time")
        for key, value in told.items()
    }


def _default(field: FieldInfo) -> Any:
    if field.is_required():
        return Parameter.empty
    return field.default if field.default_factory is None else ...


def plain_of(value: Any) -> Any:
    """Return the plain form of a part of a scenario, and anything else as it is."""
    return value.to_plain() if isinstance(value, Plain) else value


def listed(value: Any) -> Any:
    """Refuse what is no list; pydantic would take sets and generators too."""
    if isinstance(value, list | tuple):
        return value
    raise refusal([Mistake((), f"must be a list, not {show(value)}")])


def _check_names(model: type[Plain], arguments: Mapping[str, Any]) -> None:
    known = tuple(model.model_fields)
    wrong = [
        f"unknown argument {name!r}{did_you_mean(name, known)}"
        for name in arguments
        if name not in known
    ]
    wrong += [
        f"missing argument {name!r}"
        for name, field in model.model_fields.items()
        if field.is_required() and name not in arguments
    ]
    if wrong:
        raise ScenarioError(*(Problem(f"{model.__name__}: {each}") for each in wrong))


def _spoken(error: ValidationError, spoken: Callable[[Path], Path]) -> ScenarioError:
    """Return an error for Python, where places are paths.

    Args:
        error: What pydantic collected.
        spoken: Turns a path through the plain data into the path that the caller knows.
    """
    return ScenarioError(
        *(Problem(_sentence(each, spoken(each.path))) for each in mistakes_of(error))
    )


def _sentence(mistake: Mistake, path: Path) -> str:
    if mistake.kind == "value":
        return f"{spell(path) or 'the value'} {mistake.message}"
    if mistake.kind == "key":
        path = path[:-1]
    return f"{spell(path)}: {mistake.message}" if path else mistake.message

"""What the annotation of a field says besides its type, and what follows from it.

A key of a file is declared once, as an annotated field. Its plain form, its layout in YAML and what
a search for a simpler scenario may leave out of it are read from the declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache, reduce
from operator import or_
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    TypeVar,
    Union,
    get_args,
    get_origin,
    overload,
)

from pydantic import Field

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from llm_sim.scenario._plain import Plain

_Held = TypeVar("_Held")
_Taken = TypeVar("_Taken")


@dataclass(frozen=True, slots=True)
class Takes:
    """An annotation: what the constructor takes for a field, where it holds something else.

    Parameters:
        type: The type of the argument.
    """

    type: Any


if TYPE_CHECKING:

    class Given(Generic[_Held, _Taken]):
        """The type of a field, and the type of the constructor's argument.

        Type checkers read a field of this type as a descriptor, and so know both. For pydantic it
        is the first type.
        """

        @overload
        def __get__(self, owner: None, cls: type) -> Given[_Held, _Taken]: ...
        @overload
        def __get__(self, owner: object, cls: type) -> _Held: ...
        def __get__(self, owner: object, cls: type) -> Any: ...
        def __set__(self, owner: object, value: _Taken) -> None: ...

else:

    class Given:
        """The type of a field, and the type of the constructor's argument."""

        def __class_getitem__(cls, types: tuple[Any, Any]) -> Any:
            held, taken = types
            return Annotated[held, Takes(taken)]


def default(value: Any = ..., *, factory: Callable[[], Any] | None = None) -> Any:
    """Return a field's default, for a field of a type :class:`Given`.

    Args:
        value: The default.
        factory: Makes the default, where it can be changed.
    """
    return Field(default_factory=factory) if factory else Field(default=value)


class Hint(Enum):
    """An annotation that tells what no type tells."""

    ALWAYS = auto()
    """It is written although it is at its default."""

    BLOCKS = auto()
    """Each of its entries is laid out over several lines."""

    BY_TOOL = auto()
    """A mapping whose keys are names of tools."""

    KEPT = auto()
    """A simpler scenario has it as it is."""

    ONE_LINE = auto()
    """It is laid out on one line, whatever is in it."""


@dataclass(frozen=True, slots=True)
class Writes:
    """An annotation: how a value is written.

    Parameters:
        form: Returns the plain form of a value.
    """

    form: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a type is made of.

    Parameters:
        item: The shape of what a list or a mapping holds; None for a single value.
        writes: How a single value is written; None for one that is plain data or has a plain form.
    """

    item: Shape | None = None
    writes: Writes | None = None

    def plain(self, value: Any) -> Any:
        """Return the plain form of a value of this shape."""
        if value is None:
            return None
        if self.item is not None and isinstance(value, Mapping):
            return {key: self.item.plain(each) for key, each in value.items()}
        if self.item is not None:
            return [self.item.plain(each) for each in value]
        if self.writes is not None:
            return self.writes.form(value)
        to_plain = getattr(value, "to_plain", None)
        return value if to_plain is None else to_plain()


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a file, as its field declares it.

    Parameters:
        name: The key.
        attribute: The name of the field.
        field: What pydantic knows of it.
        shape: What its type is made of.
    """

    name: str
    attribute: str
    field: FieldInfo
    shape: Shape

    @property
    def taken(self) -> Any:
        """The type of the constructor's argument."""
        takes = [each.type for each in self.field.metadata if isinstance(each, Takes)]
        return takes[0] if takes else _bare(self.field.annotation)

    def has(self, hint: Hint) -> bool:
        """Return whether the declaration has a hint."""
        return hint in self.field.metadata

    def is_left_out(self, value: Any) -> bool:
        """Return whether a value goes without saying."""
        if self.field.is_required() or self.has(Hint.ALWAYS):
            return False
        default = self.field.get_default(call_default_factory=True)
        # 1, 1.0 and True are equal, but are not the same answer of a tool.
        return bool(value == default) and repr(value) == repr(default)


@cache
def keys_of(model: type[Plain]) -> tuple[Key, ...]:
    """Return the keys of a model, in the order in which a file has them."""
    return tuple(
        Key(
            field.validation_alias if isinstance(field.validation_alias, str) else name,
            name,
            field,
            _shape(_annotation(field)),
        )
        for name, field in model.model_fields.items()
    )


def _bare(annotation: Any) -> Any:
    """Return a type without annotations."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _bare(arguments[0])
    if origin in (Union, UnionType):
        return reduce(or_, map(_bare, arguments))
    if isinstance(origin, type):
        return origin[tuple(map(_bare, arguments))]  # type: ignore[index]
    return annotation


def _annotation(field: FieldInfo) -> Any:
    # pydantic takes the outermost annotations off.
    annotation: Any = field.annotation
    for each in field.metadata:
        annotation = Annotated[annotation, each]
    return annotation


def _shape(annotation: Any) -> Shape:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        writes = next((each for each in arguments[1:] if isinstance(each, Writes)), None)
        return Shape(writes=writes) if writes else _shape(arguments[0])
    if origin in (Union, UnionType):
        shapes = {_shape(each) for each in arguments if each is not NoneType}
        return shapes.pop() if len(shapes) == 1 else Shape()
    if origin is tuple:
        return Shape(_shape(arguments[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return Shape(_shape(arguments[1]))
    return Shape()

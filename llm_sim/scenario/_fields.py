"""What the annotation of a field says besides its type, and what follows from it.

A key of a file is declared once, as an annotated field. Its plain form, its layout in YAML and what
a search for a simpler scenario may leave out of it are read from the declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from llm_sim.scenario._plain import Plain


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


class Many(Enum):
    """How many values a field holds."""

    ONE = auto()
    LIST = auto()
    MAPPING = auto()


@dataclass(frozen=True, slots=True)
class Shape:
    """What a type is made of.

    Parameters:
        many: Whether it is one value, a list or a mapping.
        item: The shape of what a list or a mapping holds.
        writes: How a single value is written; None for one that is plain data or has a plain form.
    """

    many: Many = Many.ONE
    item: Shape | None = None
    writes: Writes | None = None

    def plain(self, value: Any) -> Any:
        """Return the plain form of a value of this shape."""
        if value is None:
            return None
        if self.item is not None and self.many is Many.LIST:
            return [self.item.plain(each) for each in value]
        if self.item is not None:
            return {key: self.item.plain(each) for key, each in value.items()}
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
        return Shape(Many.LIST, _shape(arguments[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return Shape(Many.MAPPING, _shape(arguments[1]))
    return Shape()

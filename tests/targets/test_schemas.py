"""The schemas that signatures imply."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import BaseModel, Field

from llm_sim.exploration._simplest import simplest_arguments
from llm_sim.targets import schema_of_function
from llm_sim.targets._schemas import schema_of

if TYPE_CHECKING:
    from llm_sim.service import FunctionCallParams


class Size(Enum):
    """As a tool takes it."""

    SMALL = "s"
    LARGE = "l"


class Seat(BaseModel):
    """What lies in another one."""

    row: int


class Booking(BaseModel):
    """A model of models, one of them its own."""

    seats: list[Seat]
    size: Size = Size.SMALL
    before: Booking | None = None


class Opaque:
    """A type that has no JSON."""


async def takes_more(params: FunctionCallParams, a: bool, *, b: Any = None, **others: Any) -> None:
    """The type of its first parameter is not there when it runs."""


async def is_bounded(params: Any, seats: Annotated[int, Field(ge=2)]) -> None: ...


async def takes_models(params: Any, seat: Seat, size: Size) -> None: ...


async def says_nothing(params, it) -> None: ...  # type: ignore[no-untyped-def]


@pytest.mark.parametrize(
    ("function", "properties", "required"),
    [
        (takes_more, {"a": {"type": "boolean"}, "b": {}}, ("a",)),
        (is_bounded, {"seats": {"type": "integer", "minimum": 2}}, ("seats",)),
        (says_nothing, {"it": {}}, ("it",)),
        (
            takes_models,
            {
                "seat": {
                    "description": "What lies in another one.",
                    "properties": {"row": {"title": "Row", "type": "integer"}},
                    "required": ["row"],
                    "title": "Seat",
                    "type": "object",
                },
                "size": {
                    "description": "As a tool takes it.",
                    "enum": ["s", "l"],
                    "title": "Size",
                    "type": "string",
                },
            },
            ("seat", "size"),
        ),
    ],
)
def test_a_direct_function_has_the_schema_of_its_arguments(
    function: Callable[..., Any], properties: dict[str, Any], required: tuple[str, ...]
) -> None:
    schema = schema_of_function(function)
    assert schema is not None
    assert (schema.name, schema.required) == (function.__name__, required)
    assert schema.properties == properties


def test_what_a_schema_refers_to_stands_in_its_place() -> None:
    parameters = Booking.model_json_schema()
    schema = schema_of({"name": "book", "parameters": parameters})
    assert schema.properties["seats"]["items"]["properties"]["row"]["type"] == "integer"
    assert schema.properties["size"]["enum"] == ["s", "l"]
    assert schema.properties["before"]["anyOf"] == [{}, {"type": "null"}]
    assert simplest_arguments(schema) == {"seats": [{"row": 1}]}


async def takes_what_json_has_not(params: Any, it: Opaque) -> None: ...


async def takes_what_is_not_there(params: Any, it: Missing) -> None: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize("function", [takes_what_json_has_not, takes_what_is_not_there])
def test_an_argument_of_a_type_that_json_has_not_implies_no_schema(
    function: Callable[..., Any],
) -> None:
    assert schema_of_function(function) is None

"""The schemas that signatures imply."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import Field

from llm_sim.targets import schema_of_function

if TYPE_CHECKING:
    from llm_sim.service import FunctionCallParams


class Opaque:
    """A type that has no JSON."""


async def takes_more(params: FunctionCallParams, a: bool, *, b: Any = None, **others: Any) -> None:
    """The type of its first parameter is not there when it runs."""


async def is_bounded(params: Any, seats: Annotated[int, Field(ge=2)]) -> None: ...


async def says_nothing(params, it) -> None: ...  # type: ignore[no-untyped-def]


@pytest.mark.parametrize(
    ("function", "properties", "required"),
    [
        (takes_more, {"a": {"type": "boolean"}, "b": {}}, ("a",)),
        (is_bounded, {"seats": {"type": "integer", "minimum": 2}}, ("seats",)),
        (says_nothing, {"it": {}}, ("it",)),
    ],
)
def test_a_direct_function_has_the_schema_of_its_arguments(
    function: Callable[..., Any], properties: dict[str, Any], required: tuple[str, ...]
) -> None:
    schema = schema_of_function(function)
    assert schema is not None
    assert (schema.name, schema.required) == (function.__name__, required)
    assert schema.properties == properties


async def takes_what_json_has_not(params: Any, it: Opaque) -> None: ...


async def takes_what_is_not_there(params: Any, it: Missing) -> None: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize("function", [takes_what_json_has_not, takes_what_is_not_there])
def test_an_argument_of_a_type_that_json_has_not_implies_no_schema(
    function: Callable[..., Any],
) -> None:
    assert schema_of_function(function) is None

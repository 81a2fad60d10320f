"""Arguments are drawn from a tool's schema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.errors import NoSuchExample

from llm_sim.errors import UsageError
from llm_sim.service import FunctionSchema
from llm_sim.strategies import arguments, scripts
from tests.strategies.support import PATIENT, simplest
from tests.support.pipecat import needs_pipecat

ORDER = FunctionSchema(
    name="order",
    description="Order something.",
    properties={
        "item": {"type": "string", "minLength": 1, "maxLength": 5},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "size": {"enum": ["s", "m", "l"]},
        "gift": {"type": "boolean"},
        "notes": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "price": {"type": "number", "minimum": 0},
        "where": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
        "coupon": {"type": ["string", "null"]},
        "unit": {"const": "piece"},
    },
    required=["item", "count", "size"],
)


@settings(max_examples=300, **PATIENT)
@given(arguments(ORDER))
def test_what_is_drawn_fits_the_schema(args: dict[str, Any]) -> None:
    assert {"item", "count", "size"} <= args.keys() <= ORDER.properties.keys()
    assert 1 <= len(args["item"]) <= 5
    assert 1 <= args["count"] <= 9
    assert args["size"] in ("s", "m", "l")
    assert isinstance(args.get("gift", True), bool)
    assert all(isinstance(note, str) for note in args.get("notes", []))
    assert args.get("price", 0) >= 0
    assert list(args.get("where", {"city": ""})) == ["city"]
    assert args.get("coupon") is None or isinstance(args["coupon"], str)
    assert args.get("unit", "piece") == "piece"


def test_arguments_shrink_to_what_is_required_and_small() -> None:
    assert simplest(arguments(ORDER)) == {"item": "0", "count": 1, "size": "s"}


def test_a_script_calls_with_arguments_of_the_schema_and_with_some_that_no_schema_has() -> None:
    drawn = scripts([ORDER])

    def has(args: dict[str, Any]) -> bool:
        return bool(
            simplest(
                drawn,
                lambda script: any(
                    getattr(step, "args", None) == args for turn in script for step in turn.steps
                ),
            )
        )

    assert has({"item": "0", "count": 1, "size": "s"})
    assert has({"": None})


def test_a_type_that_json_does_not_know_is_refused_with_its_place() -> None:
    odd = FunctionSchema(name="f", description="", properties={"x": {"type": "strng"}}, required=[])
    with pytest.raises(UsageError) as raised:
        arguments(odd)
    assert str(raised.value) == "f.x: type 'strng' is no type of JSON (did you mean 'string'?)"


def test_what_may_be_one_of_several_is_drawn_as_each_and_as_nothing_else() -> None:
    either = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    drawn = arguments(FunctionSchema("f", "", {"x": either}, ["x"]))
    assert simplest(drawn, lambda args: isinstance(args["x"], int)) == {"x": 0}
    assert simplest(drawn, lambda args: args["x"] is None) == {"x": None}
    with pytest.raises(NoSuchExample):
        simplest(drawn, lambda args: isinstance(args["x"], str), examples=300)


@needs_pipecat
def test_a_schema_of_pipecat_is_read_as_ours_is() -> None:
    from pipecat.adapters.llm.schemas.function_schema import FunctionSchema as Theirs

    theirs = Theirs(
        name=ORDER.name,
        description=ORDER.description,
        properties=ORDER.properties,
        required=ORDER.required,
    )
    assert simplest(arguments(theirs)) == {"item": "0", "count": 1, "size": "s"}

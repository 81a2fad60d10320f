"""Smoke: each tool of a bot is called once."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Literal

import pytest

from llm_sim.errors import UsageError
from llm_sim.exploration import SmokeReport, smoke
from llm_sim.exploration._simplest import simplest_arguments
from llm_sim.service import FunctionSchema
from llm_sim.targets import Bot
from tests.support.pipecat import needs_pipecat

TARGETS = pytest.mark.parametrize(
    "target", ["reference", pytest.param("pipecat", marks=needs_pipecat)]
)


def schema(name: str, required: list[str] | None = None, **properties: Any) -> FunctionSchema:
    """The schema of a tool of which every argument is required, if nothing else is said."""
    names = list(properties) if required is None else required
    return FunctionSchema(name=name, description="", properties=properties, required=names)


async def echo(params: Any) -> None:
    await asyncio.sleep(0.1)
    await params.result_callback({"got": dict(params.arguments)})


async def answers_with_bytes(params: Any) -> None:
    await params.result_callback(b"no JSON")


async def raises(params: Any) -> None:
    raise LookupError("no order")


async def is_silent(params: Any) -> None:
    pass


async def hangs(params: Any) -> None:
    await asyncio.get_running_loop().create_future()


def bot(*handlers: Any, **more: Any) -> Bot:
    """A bot with these handlers, each under its own name."""

    def build(llm: Any) -> None:
        for handler in handlers:
            llm.register_function(handler.__name__, handler)

    return Bot(build, **more)


def lines(report: SmokeReport) -> list[str]:
    """Return the report's lines, without the spaces that set them in columns."""
    return [" ".join(line.split()) for line in str(report).splitlines()[1:]]


@TARGETS
def test_each_tool_is_called_with_what_its_schema_requires(target: str) -> None:
    echoed = schema("echo", ["id"], id={"type": "string"}, note={"type": "string"})
    report = smoke(bot(echo, tools=[echoed]), target)
    assert (report.clean, report.conclusive) == (True, True)
    assert str(report).splitlines()[0].endswith(": 1 tool, all work")
    assert lines(report) == ['echo(id="text") ok {"got": {"id": "text"}}']


def test_each_tool_is_called_in_a_run_of_its_own() -> None:
    called: list[str] = []

    async def first(params: Any) -> None:
        called.append(params.function_name)
        await params.result_callback(None)

    async def second(params: Any) -> None:
        await first(params)

    report = smoke(bot(first, second, raises, tools=[schema("raises")]))
    assert called == ["first", "second"]
    assert [(each.tool, each.broken) for each in report.tools] == [
        ("first", ()),
        ("second", ()),
        ("raises", ("LS401 c1 `raises`: its handler raises LookupError: no order",)),
    ]
    runs = [list(each.run.calls) for each in report.tools if each.run is not None]
    assert runs == [["c1"], ["c1"], ["c1"]]


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (raises, "LS401 c1 `raises`: its handler raises LookupError: no order"),
        (
            is_silent,
            "LS401 c1 `is_silent`: its handler gives no result: "
            "let it call params.result_callback(...)",
        ),
        (hangs, "LS101 c1 `hangs` is never settled: last heard of as in progress"),
        (
            answers_with_bytes,
            "LS401 c1 `answers_with_bytes`: its result is no JSON: "
            "a bytes is not JSON serializable",
        ),
    ],
)
def test_a_tool_that_does_not_work_says_why(handler: Any, said: str) -> None:
    report = smoke(bot(handler, tools=[schema(handler.__name__)]))
    assert (report.clean, report.conclusive) == (False, True)
    assert said in report.tools[0].broken


def test_a_tool_without_a_schema_that_raises_gives_no_verdict_for_it_may_want_arguments() -> None:
    async def find(params: Any) -> None:
        await params.result_callback(params.arguments["title"])

    report = smoke(bot(find))
    assert (report.clean, report.conclusive) == (False, False)
    assert lines(report) == [
        "find() no verdict raises KeyError: 'title'",
        "called without arguments, for want of a schema: Bot(build, tools=[...])",
    ]
    assert smoke(bot(find, tools=[schema("find", title={"type": "string"})])).clean


@pytest.mark.parametrize("broken", [False, True])
@TARGETS
@pytest.mark.filterwarnings("ignore:.*register_direct_function. is deprecated")
def test_a_direct_function_is_called_with_what_its_signature_asks_for(
    target: str, broken: bool
) -> None:
    async def weather(
        params: Any, city: str, when: Literal["today", "never"], at: int | None, days: int = 3
    ) -> None:
        """Look at the sky.

        Args:
            city: Where.
            when: On which day.
            at: At which hour.
            days: How many.
        """
        assert not broken, "no sky"
        await params.result_callback([city, when, at, days])

    raised = "LS401 c1 `weather`: its handler raises AssertionError: no sky"
    report = smoke(Bot(lambda llm: llm.register_direct_function(weather)), target)
    came = f"broken {raised}" if broken else 'ok ["text", "today", 1, 3]'
    assert lines(report)[0] == f'weather(city="text", when="today", at=1) {came}'


def test_a_schema_that_is_given_is_asked_before_a_signature() -> None:
    async def weather(params: Any, city: str) -> None:
        await params.result_callback(city)

    given = schema("weather", city={"enum": ["Rome"]})
    report = smoke(Bot(lambda llm: llm.register_direct_function(weather), tools=[given]))
    assert lines(report) == ['weather(city="Rome") ok "Rome"']


def test_a_terminal_tool_need_not_answer() -> None:
    assert not smoke(bot(is_silent)).clean
    assert smoke(bot(is_silent, terminal=["is_silent"])).clean


def test_a_catch_all_is_called_by_any_name() -> None:
    report = smoke(Bot(lambda llm: llm.register_function(None, echo)))
    assert lines(report) == ['anything() ok {"got": {}}']


def test_a_tool_that_reaches_for_the_real_world_gives_no_verdict() -> None:
    async def dials(params: Any) -> None:
        await asyncio.create_subprocess_exec("true")

    report = smoke(bot(dials))
    assert (report.clean, report.conclusive) == (False, False)
    assert (report.tools[0].came_of_it, report.tools[0].broken) == ("no verdict", ())
    with_another = smoke(bot(dials, raises, tools=[schema("raises")]))
    assert str(with_another).splitlines()[0].endswith(": 2 tools, 1 broken, 1 no verdict")
    assert (with_another.clean, with_another.conclusive) == (False, True)


def test_a_bot_without_tools_is_refused() -> None:
    with pytest.raises(UsageError, match="registers no tool, so there is nothing to call;"):
        smoke(bot())


def test_a_function_in_the_place_of_a_bot_is_refused_with_the_bot_that_it_makes() -> None:
    def build(llm: Any) -> None: ...

    with pytest.raises(UsageError, match=r"^smoke takes a Bot, not <.*>: give it Bot\(build\)$"):
        smoke(build)  # type: ignore[arg-type]


def test_the_simplest_arguments_fit_their_schema() -> None:
    each: dict[str, Any] = {
        "text": {"type": "string"},
        "long": {"type": "string", "minLength": 6},
        "short": {"type": "string", "maxLength": 2},
        "day": {"type": "string", "format": "date"},
        "one": {"type": "integer"},
        "many": {"type": "integer", "minimum": 5},
        "few": {"type": "number", "maximum": 0.5},
        "flag": {"type": "boolean"},
        "none": {"type": "null"},
        "either": {"type": ["integer", "string"]},
        "any_of": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "fixed": {"const": "k"},
        "chosen": {"enum": ["b", "a"]},
        "usual": {"type": "string", "default": "d"},
        "shown": {"type": "string", "examples": ["e"]},
        "list": {"type": "array", "items": {"type": "integer"}, "minItems": 2},
        "nested": {
            "type": "object",
            "properties": {"in": {"type": "string"}, "out": {"type": "string"}},
            "required": ["in"],
        },
        "untyped": {},
    }
    found = simplest_arguments(schema("f", **each))
    assert json.loads(json.dumps(found)) == {
        "text": "text",
        "long": "textxx",
        "short": "te",
        "day": "2026-01-01",
        "one": 1,
        "many": 5,
        "few": 0.5,
        "flag": False,
        "none": None,
        "either": 1,
        "any_of": 1,
        "fixed": "k",
        "chosen": "b",
        "usual": "d",
        "shown": "e",
        "list": [1, 1],
        "nested": {"in": "text"},
        "untyped": "text",
    }


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ({"type": "integer", "minimum": 1.5}, 2),
        ({"type": "integer", "exclusiveMinimum": 1}, 2),
        ({"type": ["integer", "null"], "minimum": 1.5}, 2),
        ({"type": "integer", "exclusiveMaximum": 1}, 0),
        ({"type": "integer", "minimum": 7, "multipleOf": 5}, 10),
        ({"type": "integer", "multipleOf": 0.5}, 1),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5}, 0.25),
        ({"type": "number", "maximum": 0.35, "multipleOf": 0.1}, 0.3),
    ],
)
def test_the_simplest_number_is_within_its_bounds(said: dict[str, Any], value: float) -> None:
    assert simplest_arguments(schema("f", n=said)) == {"n": value}


def test_where_no_number_fits_there_is_no_verdict() -> None:
    report = smoke(
        bot(
            echo,
            tools=[
                schema("echo", n={"type": "integer", "multipleOf": 2, "minimum": 3, "maximum": 3})
            ],
        )
    )
    assert lines(report) == [
        "echo() no verdict no number fits the schema of echo.n: give an example"
    ]


def test_a_type_that_json_does_not_know_is_refused() -> None:
    with pytest.raises(UsageError, match=r"f\.n: type 'int' is no type of JSON"):
        simplest_arguments(schema("f", n={"type": "int"}))

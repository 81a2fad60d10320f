"""Bots by reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from llm_sim.errors import BotError
from llm_sim.scenario import Scenario, say, turn
from llm_sim.service import FunctionSchema, OpenAILLMContext, ToolsSchema
from llm_sim.simulation import run
from llm_sim.targets import Bot, load_bot
from tests.quality.bots import catches_all
from tests.support.pipecat import needs_pipecat

HELLO = Scenario(script=[turn(say("Hello."))])


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module in the current directory that cannot be imported twice by mistake."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return re.sub(r"\W", "_", f"bot_of_{tmp_path.name}")


def _write(module: str, text: str) -> None:
    Path(f"{module}.py").write_text(text, encoding="utf-8")


def test_a_function_is_a_bot(module: str) -> None:
    _write(module, "def build(llm): ...")
    assert load_bot(f"{module}:build").name == "build"


def test_a_bot_stays_the_bot_that_it_is(module: str) -> None:
    _write(module, "from llm_sim import Bot\nbot = Bot(print)")
    assert load_bot(f"{module}:bot").build is print


KINDS_OF_BOTS = """
from functools import partial
from llm_sim import Bot

def build(llm, kind=None): ...

class Callable:
    def __call__(self, llm): ...

def make():
    def inner(llm): ...
    return inner

part = partial(build, kind="part")
instance = Callable()
made = make()
nameless = lambda llm: None
bot = Bot(part)
"""


@pytest.mark.parametrize(
    "attribute", ["build", "part", "instance", "made", "nameless", "bot", "Callable"]
)
def test_a_loaded_bot_is_loaded_again_by_its_reference(module: str, attribute: str) -> None:
    _write(module, KINDS_OF_BOTS)
    loaded = load_bot(f"{module}:{attribute}")
    assert loaded.reference == f"{module}:{attribute}"
    assert load_bot(loaded.reference).build is loaded.build


def test_a_bot_that_was_not_loaded_refers_to_where_its_builder_was_written() -> None:
    assert Bot(catches_all).reference == "tests.quality.bots:catches_all"
    assert Bot(lambda llm: llm).reference.startswith("tests.targets.test_bot:test_a_bot_that")


def test_a_loaded_bot_equals_one_that_is_not(module: str) -> None:
    _write(module, "bot = print")
    assert load_bot(f"{module}:bot") == Bot(print)


def test_no_reference_is_the_bot_without_handlers() -> None:
    assert load_bot(None) == Bot()


def test_a_missing_attribute_is_answered_with_the_nearest_one(module: str) -> None:
    _write(module, "def build(llm): ...")
    with pytest.raises(BotError, match=r"has no 'biuld' \(did you mean 'build'\?\)"):
        load_bot(f"{module}:biuld")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raise SystemExit(0)", r"SystemExit\(0\)"),
        ("\n1 / 0", r"ZeroDivisionError\('division by zero'\) \(.*\.py:2\)"),
        ("def build(", "SyntaxError"),
        ("import no_such_module_at_all", "No module named 'no_such_module_at_all'"),
    ],
)
def test_whatever_a_module_does_is_the_bots_to_repair(module: str, text: str, why: str) -> None:
    _write(module, text)
    with pytest.raises(BotError, match=f"cannot import '{module}': {why}"):
        load_bot(f"{module}:build")


def test_what_is_neither_a_bot_nor_callable_is_refused(module: str) -> None:
    _write(module, "bot = 3")
    with pytest.raises(BotError, match=r"is a int; give a Bot or a function build\(llm\)"):
        load_bot(f"{module}:bot")


@pytest.mark.parametrize("reference", ["", ":", "module", ":build", "module:"])
def test_a_reference_of_the_wrong_form_is_refused(reference: str) -> None:
    with pytest.raises(BotError, match=r"write package\.module:attribute"):
        load_bot(reference)


SHOP = Bot(catches_all, mutating=("book",))


def test_a_bot_that_is_an_attribute_of_a_module_refers_to_it() -> None:
    assert SHOP.reference == f"{__name__}:SHOP"
    assert load_bot(SHOP.reference) == SHOP
    assert Bot(catches_all, mutating=["hang_up"]).reference == "tests.quality.bots:catches_all"


PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "string"}},
    "required": ["id"],
}


@pytest.mark.parametrize(
    "schema",
    [
        {"name": "book", "parameters": PARAMETERS},
        {"type": "function", "function": {"name": "book", "parameters": PARAMETERS}},
        {"name": "book", "description": "Book.", "input_schema": PARAMETERS},
        FunctionSchema(
            name="book", description="", properties=PARAMETERS["properties"], required=["id"]
        ),
    ],
)
def test_a_schema_is_read_in_whichever_form_it_is(schema: Any) -> None:
    (read,) = Bot(catches_all, tools=[schema]).tools
    assert (read.name, read.properties, list(read.required)) == (
        "book",
        {"id": {"type": "string"}},
        ["id"],
    )


def test_a_tool_without_parameters_has_no_properties() -> None:
    (read,) = Bot(catches_all, tools=[{"name": "hang_up"}]).tools
    assert (read.properties, read.required) == ({}, ())


@pytest.mark.parametrize("schema", [{"parameters": {}}, "book", {"function": "book"}])
def test_what_is_no_schema_is_refused(schema: Any) -> None:
    with pytest.raises(BotError, match="is no schema of a tool; give a FunctionSchema, or a"):
        Bot(catches_all, tools=[schema])


def test_a_tools_schema_gives_the_schemas_in_it() -> None:
    book = FunctionSchema("book", "", {"id": {"type": "string"}}, ["id"])
    assert Bot(catches_all, tools=ToolsSchema([book])).tools == (book,)


@pytest.mark.parametrize("tools", ["book", {"name": "book"}, 7])
def test_what_are_no_schemas_is_refused(tools: Any) -> None:
    with pytest.raises(BotError, match=r"^tools=.*: give a list of schemas, or a ToolsSchema$"):
        Bot(catches_all, tools=tools)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"build": None}, "build=None: give the function that builds it, Bot(build)"),
        ({"build": "a:b"}, "build='a:b' is text: write load_bot('a:b')"),
        ({"terminal": "end"}, "terminal='end': give a sequence of names, ('end',)"),
        ({"mutating": 3}, "mutating=3: give a sequence of names, ("),
        ({"network": {"a": 1}}, "network={'a': 1}: give a Network: net = Network(), then "),
        ({"stubs": ["unit"]}, "stubs=['unit']: give a function for each name, "),
        ({"stubs": {"unit": 3}}, "stubs has 3 for 'unit': give a function that returns the result"),
    ],
)
def test_an_argument_of_another_kind_makes_no_bot(how: dict[str, Any], message: str) -> None:
    with pytest.raises(BotError) as raised:
        Bot(**how)
    assert str(raised.value).startswith(message)


def test_a_processor_that_is_listed_twice_has_no_place() -> None:
    with pytest.raises(BotError, match=r"lists its ScriptedLLMService twice"):
        run(HELLO, bot=Bot(lambda llm: [llm, llm]))


@pytest.mark.parametrize("target", ["reference", pytest.param("pipecat", marks=needs_pipecat)])
def test_a_bot_leaves_the_aggregators_to_the_run(target: str) -> None:
    def build(llm: Any) -> list[Any]:
        if target == "reference":
            return [llm, llm.create_context_aggregator(OpenAILLMContext()).assistant()]
        from pipecat.processors.aggregators.llm_context import LLMContext
        from pipecat.processors.aggregators.llm_response_universal import LLMAssistantAggregator

        return [llm, LLMAssistantAggregator(LLMContext())]

    with pytest.raises(BotError, match=r"lists the aggregator \w*Assistant\w*: a run has"):
        run(HELLO, bot=Bot(build), target=target)


def test_a_handler_of_the_wrong_form_is_told_at_the_users_line() -> None:
    def build(llm: Any) -> None:
        llm.register_function("refund", lambda: None)

    with pytest.raises(BotError, match=r"cannot be built: .*test_bot\.py:\d+\)$"):
        run(HELLO, bot=Bot(build))


@pytest.mark.parametrize("layout", ["src/{name}.py", "a/b/{name}.py", "src/{name}/__init__.py"])
def test_for_a_module_elsewhere_the_error_says_what_to_write(
    layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"voicebot_{abs(len(layout))}"
    file = tmp_path / layout.format(name=name)
    file.parent.mkdir(parents=True)
    file.write_text("def build(llm): ...\n")
    monkeypatch.chdir(tmp_path)
    place = layout.partition("/{")[0]
    with pytest.raises(BotError) as refused:
        load_bot(f"{name}:build")
    assert str(refused.value).endswith(
        f"; there is one in {place}: write {layout.format(name=name)}:build, "
        f"or set PYTHONPATH={place}"
    )

import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest

from llm_sim.errors import Problem, ScenarioError
from llm_sim.scenario import (
    Call,
    Injection,
    Scenario,
    Stimulus,
    Tool,
    Turn,
    after,
    at,
    call,
    dump_scenarios,
    end,
    interrupt,
    say,
    scenario_schema,
    turn,
    unknown_calls,
    user_says,
)

SCHEMA_OF_A_BOT = scenario_schema()["$defs"]["Scenario"]["properties"]["bot"]["anyOf"][0]["pattern"]


def ids(scenario: Scenario) -> list[str]:
    return [step.id for each in scenario.script for step in each.steps if isinstance(step, Call)]


def test_a_scenario_needs_only_a_script() -> None:
    assert Scenario(script=[turn(say("Hi."))]).to_plain() == {
        "name": "unnamed",
        "script": [[{"say": "Hi."}]],
    }


def test_calls_without_an_id_are_numbered_in_the_order_of_the_script() -> None:
    scenario = Scenario(
        script=[turn(call("a"), call("b")), turn(call("a"))], tools={"a": Tool(), "b": Tool()}
    )
    assert ids(scenario) == ["a_1", "b_1", "a_2"]


def test_a_number_avoids_the_ids_that_are_given() -> None:
    scenario = Scenario(
        script=[turn(call("a"), call("a", as_="a_2"), call("a"))], tools={"a": Tool()}
    )
    assert ids(scenario) == ["a_1", "a_2", "a_3"]


def test_a_turn_that_is_used_twice_gets_ids_of_its_own() -> None:
    again = turn(call("a"))
    assert ids(Scenario(script=[again, again], tools={"a": Tool()})) == ["a_1", "a_2"]
    assert again == turn(call("a"))


def test_the_latency_of_a_stub_tool_moves_into_the_tool() -> None:
    scenario = Scenario(
        script=[turn(call("a"))], tools={"a": Tool()}, latency={"a": "5s", "llm": "300ms"}
    )
    assert scenario.tools == {"a": Tool(latency="5s")}
    assert scenario.latency == {"llm": 300_000_000}


def test_the_latency_of_a_handler_of_the_bot_stays_where_it_is() -> None:
    scenario = Scenario(script=[turn(call("a"))], bot="tests.bots:bot", latency={"a": "5s"})
    assert scenario.tools == {}
    assert scenario.latency == {"a": 5_000_000_000}


def test_a_call_of_an_unregistered_tool_can_be_declared() -> None:
    scenario = Scenario(script=[turn(call("nope"))], tools={"nope": Tool(registered=False)})
    assert scenario.to_plain()["tools"] == {"nope": {"registered": False}}


def test_a_scenario_cannot_be_changed() -> None:
    scenario = Scenario(script=[])
    with pytest.raises(ValueError, match="frozen"):
        scenario.name = "other"


def test_replace_checks_the_whole_again() -> None:
    scenario = Scenario(
        script=[turn(call("a"))], tools={"a": Tool(latency="1s")}, latency={"llm": "1ms"}
    )
    assert scenario.replace(name="other", inject=[after("1s", end())]).to_plain() == {
        "name": "other",
        "script": [[{"call": "a", "as": "a_1"}]],
        "tools": {"a": {"latency": "1s"}},
        "latency": {"llm": "1ms"},
        "inject": [{"after": "1s", "do": "end"}],
    }
    with pytest.raises(ScenarioError, match="unknown latency 'b'"):
        scenario.replace(latency={"b": "1s"})


def test_a_scenario_survives_pickling() -> None:
    scenario = Scenario(script=[turn(call("a"))], tools={"a": Tool(raises="no")})
    assert pickle.loads(pickle.dumps(scenario)) == scenario


def test_a_scenario_comes_back_from_its_plain_form() -> None:
    scenario = Scenario(
        name="full",
        about="Everything.",
        mode="sequential",
        user="Hey.",
        script=[turn(say("Hi."), call("a", {"q": [1, None]}))],
        tools={"a": Tool(result=None, cancel_on_interruption=False)},
        latency={"playout": "300ms"},
        inject=[at("LLMText", user_says("Stop."), nth=2, offset=1), after(0, interrupt())],
    )
    assert Scenario.from_plain(scenario.to_plain()) == scenario


def scenario(**changes: Any) -> Callable[[], Scenario]:
    arguments = {"script": [turn(call("a"))], "tools": {"a": Tool()}}
    return lambda: Scenario(**{**arguments, **changes})


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (Scenario, "Scenario: missing argument 'script'"),
        (scenario(nam="x"), "Scenario: unknown argument 'nam' (did you mean 'name'?)"),
        (scenario(name="a b"), "name must be letters, digits, _ and -, not 'a b'"),
        (scenario(name=""), "name must be letters, digits, _ and -, not ''"),
        (
            scenario(mode="serial"),
            "mode must be parallel or sequential, not 'serial' (did you mean 'sequential'?)",
        ),
        (scenario(user=""), "user must not be empty"),
        (scenario(script={}), "script must be a list, not a mapping"),
        (
            scenario(script=["x"]),
            "script[0] must be a list of steps such as [{say: text}], not 'x'",
        ),
        (
            scenario(script=[[{}]]),
            "script[0][0]: a step must have the key say, call, wait or fail: "
            "{say: text}, {call: name}, {wait: 50ms} or {fail: text}",
        ),
        (
            scenario(script=[[{"say": "a", "wait": "1s"}]]),
            "script[0][0]: a step does one thing: make say and wait steps of their own",
        ),
        (
            scenario(script=[turn(call("a", as_="c")), turn(call("a", as_="c"))]),
            "script[1][0].as: duplicate id 'c': script[0][0] has it already; "
            "give each call its own",
        ),
        (
            scenario(latency={"plyout": "1s"}),
            "latency: unknown latency 'plyout' (did you mean 'playout'?): "
            "use executor, llm, playout or a tool's name",
        ),
        (
            scenario(bot="bots:b", latency={"b": "1s"}),
            "latency: unknown latency 'b': use executor, llm, playout or a tool's name",
        ),
        (
            scenario(tools={"a": Tool(latency="1s")}, latency={"a": "1s"}),
            "latency: the latency of 'a' is given in tools too: remove one of them",
        ),
        (scenario(latency={"a": 5}), "latency.a must have a unit: write 300ms or 5s, not 5"),
        (scenario(latency={5: "1s"}), "latency: key 5 must be text"),
        (
            scenario(tools={"a": {5: 1}}),
            "tools.a: key 5 must be text",
        ),
        (
            scenario(about="\ud800"),
            "about must be text that UTF-8 can write, not '\\ud800'",
        ),
        (scenario(tools={"a": 1}), "tools.a must be a mapping, not 1"),
        (
            lambda: Tool(result=1, raises="x"),
            "a tool answers or raises: remove result or raises",
        ),
        (lambda: Tool(registered="no"), "registered must be true or false, not 'no'"),  # type: ignore[arg-type]
        (
            lambda: Turn(steps="x"),  # type: ignore[arg-type]
            "steps must be a list of steps such as [{say: text}], not 'x'",
        ),
        (lambda: Call(name="a", id=""), "id must not be empty"),
        (
            lambda: Stimulus(kind="stop"),
            "kind must be interrupt, end, cancel, user_starts, user_stops, error, {say: text}, "
            "{register: tool}, {unregister: tool} or {release: tool}, not 'stop'",
        ),
        (lambda: Stimulus(kind="say"), "text must not be empty"),
        (
            lambda: Stimulus(kind="end", text="x"),
            "text must be empty unless kind is say or register or unregister or release, not 'x'",
        ),
        (
            lambda: Injection(do="end"),
            "an injection must say when: add at: FunctionCallsStarted, after: 2s or step: 10",
        ),
        (lambda: Injection(do="end", at="A", step=1), "at and step are given: keep one of them"),
        (
            lambda: Injection(do="end", step=1, offset=2),
            "offset counts from a frame: remove it, or give at",
        ),
        (lambda: Scenario.from_plain(5), "the value must be a mapping, not 5"),
    ],
)
def test_a_mistake_in_python_is_named_with_its_path(
    build: Callable[[], object], message: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        build()
    assert str(caught.value) == message


def test_all_mistakes_are_listed_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario(name="a b", script=[turn(call("a"))], latency={"llm": 5}, hold={"b": 1})
    assert str(caught.value).splitlines() == [
        "name must be letters, digits, _ and -, not 'a b'",
        "latency.llm must have a unit: write 300ms or 5s, not 5",
        "hold: unknown tool 'b'",
    ]


def test_a_scenario_may_call_what_a_bot_beside_it_has() -> None:
    scenario = Scenario(script=[turn(call("aa"), call("a"))], tools={"a": Tool()})
    assert unknown_calls(scenario) == [
        Problem(
            "script[0][0].call: unknown tool 'aa' (did you mean 'a'?): add it to tools, "
            "name the bot that has it, or write "
            "`tools: {aa: {registered: false}}` to call a tool without a handler"
        )
    ]
    assert unknown_calls(scenario.replace(bot="bots:build")) == []
    assert unknown_calls(scenario.replace(script=[turn(call("a"))])) == []


def test_a_file_may_not_where_it_names_no_bot() -> None:
    with pytest.raises(ScenarioError, match=r"scenarios\[0\].script\[0\]\[0\].call: unknown tool"):
        dump_scenarios([Scenario(script=[turn(call("a"))])])


@pytest.mark.parametrize(
    "bot",
    [
        "bots:build",
        "shop.bots:Bots.build",
        "test_end-call:build",
        "2025.old-bots:build",
        "bot.py:build",
        "path/to/end-call.py:build",
        "../bots/my bot.py:build",
        "/srv/bot.py:build",
    ],
)
def test_a_bot_is_a_module_or_a_file_and_an_attribute(bot: str) -> None:
    given = Scenario(bot=bot, script=[])
    assert given.bot == bot
    assert re.search(SCHEMA_OF_A_BOT, bot)


@pytest.mark.parametrize(
    "bot",
    ["bots.py", "bots:", ":build", "a..b:build", "bots:2", "my bot:build", ".py:build", "a/b:c"],
)
def test_anything_else_is_no_bot(bot: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario(bot=bot, script=[])
    wanted = "bot must be package.module:attribute or path/to/bot.py:attribute"
    assert str(caught.value) == f"{wanted}, not {bot!r}"

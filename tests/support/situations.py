"""Every situation that two ways of running a conversation are compared on.

The scenarios of ``scenarios/`` join by being there; the ones built here add what those leave out.
"""

from __future__ import annotations

from llm_sim.scenario import (
    Scenario,
    Tool,
    after,
    call,
    cancel,
    end,
    interrupt,
    load_scenarios,
    say,
    turn,
    user_says,
    wait,
)
from tests.support.scenarios import ROOT


def situations() -> dict[str, Scenario]:
    """Return every situation by its name, those of ``FILE.sim.yaml`` as ``FILE::NAME``."""
    found: dict[str, Scenario] = {}
    for file in sorted((ROOT / "scenarios").glob("*.sim.yaml")):
        stem = file.name.removesuffix(".sim.yaml")
        found |= {f"{stem}::{one.name}": one for one in load_scenarios(str(file))}
    built = [*undisturbed(), *disturbed(), *ended(), falsy_answer()]
    return found | {scenario.name: scenario for scenario in built}


def undisturbed() -> list[Scenario]:
    """Return conversations in which nobody interrupts and every handler answers."""
    return [*_single_batches(), *_several_batches()]


def _single_batches() -> list[Scenario]:
    tools = {"f": Tool(latency="30ms"), "g": Tool(latency="10ms"), "h": Tool(latency="20ms")}
    three = turn(call("f", as_="f1"), call("g", as_="g1"), call("h", as_="h1"))
    keep = {name: Tool(latency="25ms", cancel_on_interruption=name != "g") for name in tools}
    return [
        Scenario(name="parallel_calls", script=[three, turn(say("Done."))], tools=tools),
        Scenario(
            name="sequential_calls",
            mode="sequential",
            script=[three, turn(say("Done."))],
            tools=tools,
        ),
        Scenario(name="mixed_cancel_flags", script=[three, turn(say("Done."))], tools=keep),
        Scenario(
            name="instant_answers",
            script=[three, turn(say("Done."))],
            tools=dict.fromkeys(tools, Tool()),
        ),
        Scenario(
            name="instant_answers_in_sequence",
            mode="sequential",
            script=[three, turn(say("Done."))],
            tools=dict.fromkeys(tools, Tool()),
        ),
        Scenario(
            name="one_function_twice",
            script=[
                turn(call("f", {"n": 1}, as_="a"), wait("5ms"), call("f", {"n": 2}, as_="b")),
                turn(say("Done.")),
            ],
            tools={"f": Tool(latency="10ms", result={"list": [1, {"deep": None}], "on": True})},
        ),
    ]


def _several_batches() -> list[Scenario]:
    tools = {"f": Tool(latency="30ms"), "g": Tool(latency="10ms")}
    pair = turn(say("And"), call("f", as_="f2"), call("g", as_="g2"))
    batches = [
        turn(say("First."), call("f", {"n": 1}, as_="f1")),
        pair,
        turn(call("g", {"n": 3}, as_="g3"), call("f", as_="f3")),
        turn(say("Done.")),
    ]
    return [
        Scenario(name="several_batches", script=batches, tools=tools),
        Scenario(
            name="several_batches_in_sequence", mode="sequential", script=batches, tools=tools
        ),
        Scenario(
            name="several_spoken_batches",
            script=batches,
            tools=tools,
            latency={"playout": "70ms", "llm": "15ms"},
        ),
        Scenario(
            name="call_in_the_second_turn",
            script=[turn(say("Yes?")), pair, turn(say("Done."))],
            tools=tools,
            inject=[after("1s", user_says("Look it up."))],
        ),
    ]


def disturbed() -> list[Scenario]:
    """Return conversations in which the user interrupts while calls run, and then goes on."""
    tools = {
        "f": Tool(latency="100ms"),
        "keep": Tool(latency="200ms", cancel_on_interruption=False),
        "g": Tool(latency="100ms"),
    }
    script = [
        turn(call("f", as_="f1"), call("keep", as_="k1"), call("g", as_="g1")),
        turn(say("Hm.")),
    ]
    return [
        Scenario(
            name="interrupted_call",
            script=[turn(call("f", {"n": 1}, as_="f1")), turn(say("Yes?"))],
            tools=tools,
            inject=[after("50ms", interrupt()), after("1s", user_says("Go on."))],
        ),
        Scenario(
            name="interrupted_calls",
            script=script,
            tools=tools,
            inject=[after("50ms", interrupt())],
        ),
        Scenario(
            name="interrupted_sequence",
            mode="sequential",
            script=script,
            tools=tools,
            inject=[after("50ms", interrupt())],
        ),
    ]


def ended() -> list[Scenario]:
    """Return conversations that end, or are cancelled, while calls run and one is queued."""
    script = [turn(say("Hm."), call("f", as_="f1"), call("g", as_="g1")), turn(say("Done."))]
    tools = {"f": Tool(latency="100ms"), "g": Tool(latency="50ms", cancel_on_interruption=False)}
    return [
        Scenario(
            name=f"{stimulus.kind}_while_calls_run_in_{mode}",
            mode="sequential" if mode == "sequence" else "parallel",
            script=script,
            tools=tools,
            latency={"playout": "10ms"},
            inject=[after("40ms", stimulus)],
        )
        for stimulus in (end(), cancel())
        for mode in ("parallel", "sequence")
    ]


def falsy_answer() -> Scenario:
    """An empty result, and a call that the model makes once it has heard of it."""
    return Scenario(
        name="falsy_answer",
        script=[turn(call("search", as_="s")), turn(call("create", as_="c")), turn(say("Done."))],
        tools={"search": Tool(result=[]), "create": Tool()},
    )

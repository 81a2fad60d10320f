"""The small scenarios in which the planted races are looked for."""

from __future__ import annotations

from typing import Any, Literal

from llm_sim.scenario import Scenario, Tool, after, call, say, turn, user_says, wait

DONE = turn(say("Done."))


def one(bot: str | None = None, **changes: Any) -> Scenario:
    """One call of 100 ms, nothing said before it."""
    tools = {"tools": {"f": Tool(latency="100ms")}} if bot is None else {"bot": _bot(bot)}
    script = [turn(call("f", as_="f1")), DONE]
    return Scenario(**{"name": bot or "one", "script": script, **tools, **changes})


def spoken(bot: str | None = None, **changes: Any) -> Scenario:
    """One call behind a sentence that takes 250 ms to play."""
    script = [turn(say("One moment."), call("f", as_="f1")), DONE]
    return one(bot, **{"script": script, "latency": {"playout": "250ms"}, **changes})


def two(
    bot: str | None = None, mode: Literal["parallel", "sequential"] = "parallel", **changes: Any
) -> Scenario:
    """Two calls in one turn, of 100 ms and of 50 ms."""
    given = {"f": Tool(latency="100ms"), "g": Tool(latency="50ms")}
    tools = {"tools": given} if bot is None else {"bot": _bot(bot)}
    script = [turn(call("f", as_="f1"), call("g", as_="g1")), DONE]
    return Scenario(**{"name": bot or "two", "mode": mode, "script": script, **tools, **changes})


def in_a_row(**changes: Any) -> Scenario:
    """Two calls, one after the other."""
    return two(mode="sequential", **changes)


def asked_again() -> Scenario:
    """Two short calls; the user asks for the second one at 60 ms."""
    return Scenario(
        name="asked_again",
        script=[turn(call("f", as_="f1")), DONE, turn(call("g", as_="g1")), DONE],
        tools={"f": Tool(latency="30ms"), "g": Tool(latency="100ms")},
        inject=[after("60ms", user_says("And now g."))],
    )


def in_two_parts() -> Scenario:
    """One response with a pause in the middle."""
    return Scenario(name="in_two_parts", script=[turn(say("First."), wait("100ms"), say("Then."))])


def sentences() -> Scenario:
    """Three sentences that wait for each other."""
    return Scenario(
        name="sentences",
        script=[turn(say("First."), say("Second."), say("Third."))],
        latency={"playout": "100ms"},
    )


def goodbye() -> Scenario:
    """A sentence that takes 250 ms to play, and no call."""
    return Scenario(name="goodbye", script=[turn(say("Goodbye."))], latency={"playout": "250ms"})


def _bot(name: str) -> str:
    return f"tests.quality.bots:{name}"

"""The API as its users write it: mypy and pyright accept each line, and each line runs.

Nothing here is annotated more than a user would.
"""

from __future__ import annotations

import asyncio
from typing import Any, assert_type

from llm_sim import (
    Bot,
    Down,
    F,
    FramePattern,
    Network,
    Run,
    Scenario,
    SweepReport,
    Tool,
    Up,
    after,
    at,
    call,
    end,
    fail,
    hold,
    interrupt,
    load_scenarios,
    run,
    run_test,
    say,
    smoke,
    sweep,
    turn,
    user_says,
    wait,
)
from llm_sim.pytest_plugin import Simulator


async def lookup_order(params: Any) -> None:
    """Look an order up."""
    await asyncio.sleep(0.1)
    await params.result_callback({"status": "shipped"})


def build(llm: Any) -> None:
    """Register the handlers, as the application does."""
    llm.register_function("lookup_order", lookup_order)


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve the shop."""
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})


NETWORK = Network()
NETWORK.serve("api.shop.test", app, latency="40ms")
NETWORK.cut("api.shop.test", nth=2)
NETWORK.refuse("api.down.test")
BOT = Bot(build)
SHOP = Bot(
    build,
    tools=[{"name": "lookup_order", "parameters": {"type": "object"}}],
    terminal=["lookup_order"],
    mutating=("lookup_order",),
    network=NETWORK,
    stubs={"lookup_order": lambda id="": {"status": id}},
)
GATE = hold("lookup_order", before_await=1)
ORDER = Scenario(
    name="order",
    bot="tests.typing.api:build",
    script=[
        turn(say("Let me check."), wait("50ms"), call("lookup_order", {"id": "A1"}, as_="c1")),
        turn(say("It has shipped.")),
    ],
    latency={"playout": "300ms", "lookup_order": "1s"},
    inject=[after("9s", user_says("Thanks.")), at(F.End, interrupt())],
    open_ended=True,
)
HELD = ORDER.replace(
    hold={"lookup_order": 1},
    inject=[at(F.FunctionCallInProgress, interrupt()), at("Interruption", GATE.release())],
    latency={},
)
STUBBED = ORDER.replace(
    bot=None,
    tools={"lookup_order": Tool(result={"status": "lost"}, latency="5s", does="answer_late")},
    inject=[after("1s", end())],
    latency={},
)


def asserts_the_life_of_a_call(one: Run) -> None:
    """Ask for the call, its frames and its context."""
    life = one.call("c1")
    assert_type(life.phases, list[str])
    assert life.phases == ["started", "in_progress", "result"]
    assert life.phases_in(Up) == life.phases
    assert life.arguments == {"id": "A1"}
    assert life.result == {"status": "shipped"}
    assert life.is_cancelled is False
    assert_type(one.effects("lookup_order"), int)
    assert one.effects("lookup_order") == 1
    assert one.context.roles[:2] == ["user", "assistant"]
    assert one.trace.header.scenario == "order"
    assert one.laws == ()


def asserts_the_order_of_frames(one: Run) -> None:
    """Say what passes, and what must not."""
    frames = one.frames[Down]
    assert_type(F.LLMText, FramePattern)
    frames.in_order(F.FunctionCallsStarted, F.FunctionCallResult(result={"status": "shipped"}))
    frames.of(F.FunctionCallResult).exactly(F.FunctionCallResult(tool_call_id="c1"))
    frames.any_order("FunctionCallResult", F.LLMText(text="It has shipped."))
    frames.never(F.LLMText, after=F.FunctionCallInProgress, until=F.FunctionCallResult)
    frames.within("2s", F.FunctionCallInProgress, F.FunctionCallResult)
    frames.at("assistant").in_order(F.FunctionCallInProgress, F.FunctionCallResult)


def sweeps(scenario: Scenario) -> SweepReport:
    """Try an interruption at every point."""
    report = sweep(scenario, bot=BOT, inject="interrupt")
    assert report.clean, report
    return report


def tries_each_tool() -> str:
    """Call each tool of the bot once."""
    report = smoke(SHOP, target="reference")
    assert report.clean, report
    return str(report)


def stumbles() -> Run:
    """Let the provider fail, and the bot go on."""
    return run(
        Scenario(
            script=[turn(say("Let me"), fail("rate limit")), turn(say("Sorry."))],
            inject=[after("1s", user_says("Hello?"))],
        ),
        bot=SHOP,
        network=Network(),
    )


async def tests_one_processor(processor: Any, frame: Any) -> list[Any]:
    """Send a frame through one processor."""
    down, up = await run_test(processor, frames_to_send=[frame], expected_down_frames=[type(frame)])
    return [*down, *up]


def loads(file: str) -> list[str]:
    """Read scenarios from a file."""
    return [scenario.name for scenario in load_scenarios(file)]


def runs() -> Run:
    """Run the scenario once, on the embedded core."""
    return assert_type(run(ORDER, bot=BOT, target="reference"), Run)


async def asks_the_fixture(llm_sim: Simulator) -> None:
    """Use the fixture of pytest in an async test."""
    one = await llm_sim(turn(say("Hello.")))
    assert_type(one, Run)
    with llm_sim.expects("LS101"):
        assert_type(llm_sim.run(turn(say("Hello.")), bot=BOT, target="naive"), Run)
    assert len(llm_sim.runs) == 2

"""Bots that do HTTP, run and swept like any other."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import aiohttp.connector
import httpx
import pytest
from aiohttp import AsyncResolver

from llm_sim.errors import SimulationError, UnsupportedOperationError
from llm_sim.exploration import sweep
from llm_sim.loop import StockLoop
from llm_sim.network import Network
from llm_sim.scenario import Scenario, call, say, turn
from llm_sim.simulation import Setup, check_determinism, check_recording, run
from llm_sim.targets import Bot
from llm_sim.trace import dumps, timeline
from tests.network.apps import shop
from tests.network.bots import asks, bot, network
from tests.network.clients import UNVERIFIED
from tests.support.pipecat import needs_pipecat
from tests.support.runs import simulated
from tests.support.scenarios import ROOT

MS = 1_000_000

targets = pytest.mark.parametrize(
    "target", ["reference", pytest.param("pipecat", marks=needs_pipecat)]
)
tools = pytest.mark.parametrize("tool", ["aiohttp_price", "httpx_price"])


@targets
@tools
def test_a_handler_asks_a_declared_server(tool: str, target: str) -> None:
    one = run(asks(tool), target=target)
    [life] = one.calls.values()
    assert (one.violations, one.complaint, life.result) == ((), None, {"price": 5})


@targets
@tools
def test_asyncios_own_loop_makes_the_same_run(tool: str, target: str) -> None:
    one = run(asks(tool), target=target)
    stock = simulated(asks(tool), target=target, loop=StockLoop)
    assert dumps(one.trace).splitlines()[1:] == dumps(stock.trace).splitlines()[1:]


@targets
@tools
def test_neither_a_second_run_nor_a_recorded_one_differs(tool: str, target: str) -> None:
    setup = Setup.of(asks(tool), target=target)
    check_determinism(setup)
    assert check_recording(setup) == ()


@tools
@pytest.mark.parametrize("stimulus", ["interrupt", "end", "cancel"])
def test_a_request_can_be_disturbed_at_every_point(stimulus: str, tool: str) -> None:
    report = sweep(asks(tool), inject=stimulus)
    assert report.points > 40
    assert report.clean


@needs_pipecat
@tools
def test_an_interruption_of_a_request_breaks_in_pipecat_what_one_of_a_sleep_breaks(
    tool: str,
) -> None:
    async def slow(params: Any) -> None:
        await asyncio.sleep(0.04)
        await params.result_callback({"price": 5})
        # A client takes a few steps to close its connection.
        for _ in range(4):
            await asyncio.sleep(0)

    sleeper = Bot(lambda llm: llm.register_function("slow", slow))
    script = (turn(call("slow")), turn(say("Five.")))
    plain = sweep(Scenario(bot="a:sleeper", script=script), bot=sleeper, target="pipecat")
    laws = {law for outcome in plain.outcomes for law in outcome.laws}
    swept = sweep(asks(tool), target="pipecat")
    assert {law for outcome in swept.outcomes for law in outcome.laws} <= laws


@pytest.fixture
def unclosed() -> Iterator[None]:
    """Let a session be collected that nobody closes, as at the end of a program."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@pytest.mark.usefixtures("unclosed")
@pytest.mark.parametrize("stimulus", ["interrupt", "end"])
def test_a_session_that_outlives_the_conversation_is_no_leak(stimulus: str) -> None:
    assert sweep(asks("pooled_price"), inject=stimulus).clean


@tools
def test_a_trace_tells_of_requests_and_of_what_came_of_them(tool: str) -> None:
    one = run(asks(tool))
    told = [(e.time_ns // MS, e.where, e.call, e.data) for e in one.trace.of("http")]
    asked = {"phase": "asked", "method": "GET", "target": "/price"}
    assert told == [
        (0, "api.shop.test", f"{tool}_1", asked),
        (20, "api.shop.test", f"{tool}_1", {"phase": "answered", "status": 200}),
    ]
    shown = "\n".join(timeline(one.trace))
    assert "0 ms    http GET api.shop.test/price\n" in shown
    assert "20 ms    http api.shop.test 200\n" in shown


def test_a_run_that_asks_nobody_has_no_request_in_its_trace() -> None:
    net = Network()
    net.refuse("api.shop.test")
    assert list(run(asks("careful_price"), network=net).trace.of("http")) == []


@pytest.mark.parametrize(
    ("spoil", "phases"),
    [
        (Network.cut, ["asked", "cut"]),
        (Network.hang, ["asked", "hang"]),
        (lambda net, host: net.cut(host, after=5), ["asked", "answered", "cut"]),
    ],
    ids=["cut", "hang", "cut in the middle"],
)
@pytest.mark.parametrize("served", [True, False])
def test_a_trace_tells_how_an_answer_was_lost(
    spoil: Callable[[Network, str], None], phases: list[str], served: bool
) -> None:
    net = Network()
    if served:
        net.serve("api.shop.test", shop)
    spoil(net, "api.shop.test")
    one = run(asks("careful_price"), network=net)
    # Without an application there is no answer that could begin.
    expected = phases if served else [phases[0], phases[-1]]
    assert [event.data["phase"] for event in one.trace.of("http")] == expected


def test_a_client_that_outlives_its_run_connects_anew_in_the_next() -> None:
    client = httpx.AsyncClient(verify=UNVERIFIED)

    async def ask(params: Any) -> None:
        await params.result_callback((await client.get("https://api.shop.test/price")).json())

    asker = Bot(lambda llm: llm.register_function("ask", ask), network=network())
    scenario = Scenario(bot="a:asker", script=(turn(call("ask")), turn(say("Five."))))
    results = [run(scenario, bot=asker).call("ask_1").result for _ in range(3)]
    assert results == [{"price": 5}] * 3


def test_what_is_no_http_is_told_of_without_its_words() -> None:
    async def greet(params: Any) -> None:
        reader, writer = await asyncio.open_connection("api.shop.test", 80)
        writer.write(b"are you there?\r\n\r\n")
        await params.result_callback((await reader.read()).decode().partition(" \r")[0])
        writer.close()

    greeter = Bot(lambda llm: llm.register_function("greet", greet), network=network())
    scenario = Scenario(bot="a:greeter", script=(turn(call("greet")), turn(say("Well."))))
    told = [event.data for event in run(scenario, bot=greeter).trace.of("http")]
    assert told == [{"phase": "asked"}, {"phase": "answered", "status": 400}]


def test_a_network_of_the_run_stands_for_that_of_the_bot() -> None:
    down = Network()
    down.refuse("api.shop.test")
    prices = [
        [life.result for life in run(asks("careful_price"), network=net).calls.values()]
        for net in (None, down)
    ]
    assert prices == [[{"price": 5}], [{"price": None}]]


@targets
@pytest.mark.parametrize("tool", ["aiohttp_price", "httpx_price", "careful_price"])
def test_an_undeclared_host_ends_the_run_by_name_whatever_the_handler_contains(
    tool: str, target: str
) -> None:
    net = Network()
    net.serve("api.shpo.test", shop)
    with pytest.raises(UnsupportedOperationError) as caught:
        run(asks(tool), target=target, network=net)
    error = caught.value
    assert error.operation == "a connection to api.shop.test:443"
    assert error.caller.startswith("bots.py:")
    assert error.caller.endswith("_price")
    assert error.remedy.endswith("(did you mean 'api.shpo.test'?)")


def test_the_caller_of_a_client_that_asks_in_a_task_of_its_own_is_who_waits_for_it() -> None:
    async def ask(params: Any) -> None:
        async with httpx.AsyncClient(verify=UNVERIFIED) as client:
            await client.get("http://127.0.0.1:8000/")

    asker = Bot(lambda llm: llm.register_function("ask", ask))
    scenario = Scenario(bot="a:asker", script=(turn(call("ask")), turn(say("Well."))))
    with pytest.raises(UnsupportedOperationError) as caught:
        run(scenario, bot=asker)
    assert caught.value.operation == "a connection to 127.0.0.1:8000"
    assert caught.value.caller.endswith("<locals>.ask")


def test_the_caller_is_not_guessed_where_two_wait() -> None:
    async def ask(params: Any) -> None:
        async with httpx.AsyncClient(verify=UNVERIFIED) as client:

            async def here() -> None:
                await client.get("http://127.0.0.1:8000/")

            async def there() -> None:
                await client.get("http://127.0.0.1:8000/")

            await asyncio.gather(here(), there())

    asker = Bot(lambda llm: llm.register_function("ask", ask))
    scenario = Scenario(bot="a:asker", script=(turn(call("ask")), turn(say("Well."))))
    with pytest.raises(UnsupportedOperationError) as caught:
        run(scenario, bot=asker)
    assert caught.value.caller == "an unknown place"


@targets
def test_a_blocking_client_in_a_thread_ends_the_run_by_name(target: str) -> None:
    with pytest.raises(UnsupportedOperationError) as caught:
        run(asks("blocking_price"), target=target)
    assert caught.value.operation == "a blocking connection to api.shop.test:443"
    assert caught.value.caller.endswith("build.<locals>.blocking_price")


@needs_pipecat
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_call_of_a_real_model_ends_the_run_by_name() -> None:
    openai = pytest.importorskip("openai")

    async def think(params: Any) -> None:
        client = openai.AsyncOpenAI(api_key="none", max_retries=0)
        await client.chat.completions.create(model="m", messages=[])

    thinker = Bot(lambda llm: llm.register_function("think", think))
    scenario = Scenario(bot="a:thinker", script=(turn(call("think")), turn(say("Well."))))
    with pytest.raises(UnsupportedOperationError) as caught:
        run(scenario, bot=thinker, target="pipecat")
    assert caught.value.operation == "a connection to api.openai.com:443"
    assert caught.value.caller.endswith("<locals>.think")


def test_the_loop_finds_names_where_aiodns_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    # Where aiodns is missing it cannot be made; where it is there it asks the real world.
    monkeypatch.setattr("aiohttp.connector.DefaultResolver", AsyncResolver)
    [life] = run(asks("aiohttp_price")).calls.values()
    assert life.result == {"price": 5}
    assert vars(aiohttp.connector)["DefaultResolver"] is AsyncResolver


def test_an_application_that_raises_ends_the_run_with_its_place() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("no such shelf")

    net = Network()
    net.serve("api.shop.test", broken)
    with pytest.raises(SimulationError) as caught:
        run(asks("careful_price"), network=net)
    assert str(caught.value).startswith(
        "the application of 'api.shop.test' raised ValueError: no such shelf (at test_runs.py:"
    )


def test_a_task_of_an_application_that_fails_ends_the_run() -> None:
    tasks: list[asyncio.Task[None]] = []

    async def fail() -> None:
        raise ValueError("out of stock")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        tasks.append(asyncio.create_task(fail()))
        await shop(scope, receive, send)

    net = Network()
    net.serve("api.shop.test", app)
    with pytest.raises(SimulationError, match="a task of an application raised ValueError: out of"):
        run(asks("httpx_price"), network=net)


def test_what_a_server_leaves_is_not_the_bots() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await shop(scope, receive, send)
        await asyncio.sleep(30)

    net = Network()
    net.serve("api.shop.test", app)
    report = sweep(asks("httpx_price"), bot=replace(bot, network=net), inject="end")
    assert report.clean


def test_a_function_for_a_thread_takes_the_time_that_the_scenario_says() -> None:
    async def think(params: Any) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.to_thread(sum, [1, 2])
        await params.result_callback(round(loop.time() - begun, 9))

    thinker = Bot(lambda llm: llm.register_function("think", think))
    scenario = Scenario(
        bot="a:thinker",
        script=(turn(call("think")), turn(say("Well."))),
        latency={"executor": "50ms"},
    )
    [life] = run(scenario, bot=thinker).calls.values()
    assert life.result == 0.05


def test_a_network_that_nobody_uses_adds_no_step() -> None:
    async def idle(params: Any) -> None:
        await params.result_callback("idle")

    idler = Bot(lambda llm: llm.register_function("idle", idle))
    scenario = Scenario(bot="a:idler", script=(turn(call("idle")), turn(say("Well."))))
    assert dumps(run(scenario, bot=idler).trace) == dumps(
        run(scenario, bot=idler, network=network()).trace
    )


_PROGRAM = """
import sys
from llm_sim.schedule import decode
from llm_sim.simulation import run
from llm_sim.trace import dumps, timeline
from tests.network.bots import asks
target, tool = sys.argv[1:]
for token in ("ls1-undisturbed", "ls1-interrupt@FunctionCallInProgress+9"):
    for _ in range(2):
        sys.stdout.write(dumps(run(asks(tool), target=target, schedule=decode(token)).trace))
"""


def _in_a_fresh_process(target: str, tool: str, hash_seed: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, target, tool],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@targets
@tools
def test_a_bot_that_does_http_gives_the_same_bytes_in_every_process(tool: str, target: str) -> None:
    assert len({_in_a_fresh_process(target, tool, seed) for seed in (1, 2, 77)}) == 1


def test_a_client_beside_a_run_goes_on_as_always() -> None:
    run(asks("httpx_price"))
    with pytest.raises(httpx.ConnectError), httpx.Client(verify=UNVERIFIED) as client:
        client.get("http://127.0.0.1:9/")

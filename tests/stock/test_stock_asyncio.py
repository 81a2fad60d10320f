"""The reference core does the same on stock asyncio as on the simulated loop.

Every scenario runs once on each: the same pipeline, the same script, the same taps; only the loop
differs. Compared is all that was recorded until the conversation was at rest, event by event, with
its virtual time: frames pushed and processed, handlers, answers, registrations and stimuli. Steps
are not compared, because asyncio does not count any.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from itertools import zip_longest
from typing import Any

import pytest

from llm_sim.recorder import Recorder, tap
from llm_sim.scenario import Scenario, Stimulus, Tool, call, say, turn
from llm_sim.scripted import Player
from llm_sim.simulation import run
from llm_sim.targets import Plan, Session, Views, get_target, load_bot
from llm_sim.trace import Event, Header, Trace
from tests.support.situations import situations
from tests.support.stock_loop import StockLoop

COMPARED = ("push", "process", "handler", "answer", "register", "stimulus")


def _counts_steps(scenario: Scenario) -> bool:
    return any(injection.after is None for injection in scenario.inject)


def _params() -> list[object]:
    reason = "a stimulus lands at a step, and stock asyncio counts none"
    return [
        pytest.param(
            scenario,
            id=name,
            marks=pytest.mark.skipif(_counts_steps(scenario), reason=reason),
        )
        for name, scenario in situations().items()
    ]


@pytest.mark.parametrize("scenario", _params())
def test_the_core_does_the_same_on_stock_asyncio(scenario: Scenario) -> None:
    simulated = run(scenario).trace
    stock, views = _on_stock_asyncio(scenario)
    assert _first_difference(simulated, stock) is None
    state = simulated.last("state")
    assert state is not None
    assert asdict(views) == state.data


def test_only_timers_due_at_the_very_same_moment_may_fire_in_another_order() -> None:
    """asyncio's heap breaks a tie of four or more by its shape, the simulated loop by creation.

    A real clock moves between two calls of ``call_later``, so that no program meets such a tie.
    """
    names = ["a", "b", "c", "d"]
    scenario = Scenario(
        script=[turn(*[call(name, as_=name) for name in names]), turn(say("Done."))],
        tools=dict.fromkeys(names, Tool(latency="10ms")),
    )
    simulated = [event.call for event in run(scenario).trace.of("answer")]
    stock = [event.call for event in _on_stock_asyncio(scenario)[0].of("answer")]
    assert simulated == names
    assert stock != names
    assert sorted(stock) == names


def test_a_run_that_differs_in_one_latency_is_told_apart() -> None:
    def answer_after(latency: str) -> Scenario:
        return Scenario(
            name="one",
            script=[turn(call("f", as_="f1")), turn(say("Done."))],
            tools={"f": Tool(latency=latency)},
        )

    stock, _ = _on_stock_asyncio(answer_after("11ms"))
    difference = _first_difference(run(answer_after("10ms")).trace, stock)
    assert difference is not None
    assert [time_ns for time_ns, *_ in difference] == [10_000_000, 11_000_000]


def test_the_scheduling_of_the_stock_loop_is_asyncios_own() -> None:
    own = {name for name in vars(StockLoop) if not name.startswith("__")}
    assert own & set(dir(asyncio.SelectorEventLoop)) == {"time"}


def test_the_stock_loop_sleeps_in_virtual_time() -> None:
    async def sleep() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=StockLoop) as runner:
        assert runner.run(sleep()) == 3600


def test_the_stock_loop_refuses_to_wait_for_ever() -> None:
    async def stuck() -> None:
        await asyncio.Event().wait()

    runner = asyncio.Runner(loop_factory=StockLoop)
    with pytest.raises(RuntimeError, match="nothing is ready, no timer is left"):
        runner.run(stuck())
    runner.close()


def _on_stock_asyncio(scenario: Scenario) -> tuple[Trace, Views]:
    with asyncio.Runner(loop_factory=StockLoop) as runner:
        return runner.run(_converse(scenario))


async def _converse(scenario: Scenario) -> tuple[Trace, Views]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, StockLoop)
    target = get_target("reference")
    recorder = Recorder(Header(target.name, scenario.name), loop)
    player = Player(scenario.script, before_first_token_ns=scenario.latency.get("llm", 0))
    with target.surroundings(lambda message: None):
        session = await target.open(Plan(scenario, load_bot(scenario.bot), player, recorder))
        _tap(recorder, session)
        pipeline = loop.create_task(session.run())
        await loop.rest()
        _open(loop, scenario, recorder, session)
        await loop.rest()
        recorder.record("rest")
        views = session.views()
        if not pipeline.done():
            await session.inject(Stimulus(kind="end"))
        await pipeline
    return recorder.trace, views


def _tap(recorder: Recorder, session: Session) -> None:
    labels = ["", *(station.label for station in session.stations), ""]
    for number, station in enumerate(session.stations):
        tap(
            recorder,
            station.processor,
            station.label,
            before=labels[number],
            after=labels[number + 2],
            causes=station.causes,
        )


def _open(loop: StockLoop, scenario: Scenario, recorder: Recorder, session: Session) -> None:
    going_in: set[asyncio.Task[None]] = set()

    def bring_in(stimulus: Stimulus) -> None:
        said = {"text": stimulus.text} if stimulus.text else {}
        recorder.begin(recorder.record("stimulus", data={"do": stimulus.kind, **said}))
        task = loop.create_task(session.inject(stimulus))
        going_in.add(task)
        task.add_done_callback(going_in.discard)

    loop.call_soon(bring_in, Stimulus(kind="say", text=scenario.user))
    for injection in scenario.inject:
        loop.call_later((injection.after or 0) / 1e9, bring_in, injection.do)


def _first_difference(simulated: Trace, stock: Trace) -> tuple[Any, Any] | None:
    pairs = zip_longest(_what_happened(simulated), _what_happened(stock))
    return next(((one, other) for one, other in pairs if one != other), None)


def _what_happened(trace: Trace) -> list[tuple[Any, ...]]:
    rest = trace.last("rest")
    assert rest is not None
    return [_plain(trace, event) for event in trace.of(*COMPARED) if event.seq < rest.seq]


def _plain(trace: Trace, event: Event) -> tuple[Any, ...]:
    frame = trace.frame_of(event)
    return (
        event.time_ns,
        event.kind,
        event.where,
        event.direction,
        None if frame is None else asdict(frame),
        event.call,
        event.data,
    )

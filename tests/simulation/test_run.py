"""One run."""

from __future__ import annotations

import asyncio
import gc
import re
from typing import Any

import pytest

from llm_sim.errors import BotError, ScriptExhaustedError, SimulationError, UsageError
from llm_sim.loop import SimLoop
from llm_sim.scenario import (
    Scenario,
    Tool,
    after,
    at,
    at_step,
    call,
    end,
    interrupt,
    say,
    turn,
    user_says,
    wait,
)
from llm_sim.schedule import Landing, Schedule, decode
from llm_sim.simulation import Limits, run
from llm_sim.targets import Bot
from tests.support.pipecat import needs_pipecat
from tests.support.scenarios import spoken_tool, two_tools


def _phases(scenario: Scenario, **how: Any) -> dict[str, list[str]]:
    return {call.id: call.phases_in("down") for call in run(scenario, **how).calls.values()}


def test_an_undisturbed_run_keeps_every_law_and_uses_up_its_script() -> None:
    one = run(spoken_tool())
    assert (one.violations, one.complaint) == ((), None)
    assert {c.id: c.phases_in("down") for c in one.calls.values()} == {
        "c1": ["started", "in_progress", "result"]
    }


def test_the_calls_of_a_turn_are_one_batch() -> None:
    batches = {call.batch for call in run(two_tools()).calls.values()}
    assert len(batches) == 1


def test_sequential_mode_runs_one_handler_after_the_other() -> None:
    one = run(two_tools("sequential"))
    order = [(event.call, event.data["phase"]) for event in one.trace.of("handler")]
    assert order == [
        ("f1", "started"),
        ("f1", "returned"),
        ("g1", "started"),
        ("g1", "returned"),
    ]


def test_parallel_mode_runs_handlers_at_the_same_time() -> None:
    one = run(two_tools())
    order = [(event.call, event.data["phase"]) for event in one.trace.of("handler")]
    assert order == [
        ("f1", "started"),
        ("g1", "started"),
        ("g1", "returned"),
        ("f1", "returned"),
    ]


def test_virtual_time_passes_and_real_time_does_not() -> None:
    one = run(two_tools().replace(tools={"f": Tool(latency="2m"), "g": Tool()}))
    rest = one.trace.last("rest")
    assert rest is not None
    assert rest.time_ns == 120_000_000_000


@pytest.mark.parametrize(
    "injection",
    [
        at("FunctionCallsStarted", interrupt(), offset=3),
        after("20ms", interrupt()),
        at_step(10, interrupt()),
    ],
    ids=["at a frame", "after a time", "at a step"],
)
def test_a_stimulus_of_the_scenario_lands_where_it_says(injection: Any) -> None:
    phases = _phases(two_tools().replace(inject=[injection]))
    assert {ends[-1] for ends in phases.values()} == {"cancelled"}


def test_a_user_who_says_something_asks_the_model_again() -> None:
    scenario = Scenario(
        script=[turn(say("Hello.")), turn(say("Fine."))], inject=[after("1s", user_says("And?"))]
    )
    one = run(scenario)
    assert one.complaint is None
    assert [event.data["turn"] for event in one.trace.until_rest().of("inference")] == [0, 1]


def test_a_schedule_lands_a_stimulus_a_number_of_steps_after_a_frame() -> None:
    landing = Landing("interrupt", "FunctionCallsStarted", 1, 2)
    one = run(two_tools(), schedule=Schedule((landing,)))
    started = next(e for e in one.trace.events if one.trace.type_of(e) == "FunctionCallsStarted")
    stimulus = next(e for e in one.trace.of("stimulus") if e.data["do"] == "interrupt")
    before = {e.step for e in one.trace.events if started.step < e.step < stimulus.step}
    assert one.landed
    assert stimulus.seq > started.seq
    assert len(before) <= stimulus.step - started.step


def test_a_schedule_that_never_comes_to_its_place_gives_no_verdict() -> None:
    one = run(two_tools(), schedule=Schedule((Landing("end", "LLMText", 9, 0),)))
    assert not one.landed
    assert str(one.complaint) == (
        "the schedule did not land: end 0 steps after LLMText no. 9 never came; "
        "the run has no such frame or is over before"
    )


@pytest.mark.parametrize(
    "landing",
    [Landing("interrupt", "LLMFullResponseStart", 3, 2), Landing("interrupt", "start", 1, 10_000)],
    ids=str,
)
def test_a_stimulus_that_comes_too_late_does_not_disturb_what_the_harness_does_after(
    landing: Landing,
) -> None:
    one = run(spoken_tool(), schedule=Schedule((landing,)))
    assert (one.laws, one.landed) == ((), False)
    assert [event.data["do"] for event in one.trace.of("stimulus")] == ["say"]


def test_a_script_that_is_not_used_up_is_an_error() -> None:
    one = run(Scenario(script=[turn(say("Hello.")), turn(say("Never said."))]))
    assert one.violations == ()
    assert isinstance(one.complaint, ScriptExhaustedError)
    assert "the model was asked once, the script has 2 turns: 1 left over" in str(one.complaint)


def test_a_model_that_is_asked_too_often_is_an_error() -> None:
    scenario = Scenario(script=[turn(call("f", as_="c1"))], tools={"f": Tool()})
    one = run(scenario)
    assert isinstance(one.complaint, ScriptExhaustedError)
    assert "the model was asked 2 times, the script has 1 turn" in str(one.complaint)


def test_an_open_ended_script_may_be_too_long_or_too_short() -> None:
    too_long = spoken_tool().replace(open_ended=True, script=[*spoken_tool().script, turn()])
    too_short = spoken_tool().replace(open_ended=True, script=spoken_tool().script[:1])
    assert [run(one).complaint for one in (too_long, too_short)] == [None, None]


def test_an_interrupted_bot_may_leave_turns_unsaid() -> None:
    landing = Landing("interrupt", "FunctionCallsStarted", 1, 3)
    assert run(two_tools(), schedule=Schedule((landing,))).complaint is None


def test_a_run_that_spins_is_stopped_and_says_who_waits() -> None:
    async def spin(params: Any) -> None:
        while True:  # noqa: ASYNC110 - it is the fault that is planted
            await asyncio.sleep(1)

    bot = Bot(lambda llm: llm.register_function("f", spin))
    scenario = Scenario(bot="tests:spin", script=[turn(call("f", as_="c1"))])
    one = run(scenario, bot=bot, limits=Limits(max_time_ns=5_000_000_000))
    broken = {violation.law: violation.message for violation in one.violations}
    assert broken["LS304"].startswith(
        "the run did not come to rest within its bound of 5s of virtual time; waiting: "
    )
    assert "test_run.py" in broken["LS304"]


@pytest.mark.parametrize(
    "slow",
    [
        Scenario(script=[turn(call("f"))], tools={"f": Tool(latency="6m")}, open_ended=True),
        Scenario(script=[turn(say("Hm."))], inject=[after("20m", interrupt())]),
        Scenario(script=[turn(say("Hm."), wait("60m"), say("Well."))]),
        Scenario(
            script=[turn(call("f")), turn(say("Ok."))], tools={"f": Tool()}, latency={"llm": "4m"}
        ),
    ],
)
def test_a_run_may_take_as_long_as_its_scenario_says(slow: Scenario) -> None:
    one = run(slow)
    assert (one.laws, one.complaint) == ((), None)


@pytest.mark.parametrize("target", ["reference", pytest.param("pipecat", marks=needs_pipecat)])
def test_a_step_that_never_ends_is_refused_at_its_line(target: str) -> None:
    async def chatters(params: Any) -> None:
        while True:
            await params.llm.push_frame(params.llm.frames.TextFrame("..."))

    bot = Bot(lambda llm: llm.register_function("f", chatters))
    scenario = Scenario(bot="tests:chatters", script=[turn(call("f", as_="c1"))])
    with pytest.raises(SimulationError) as refused:
        run(scenario, bot=bot, target=target)
    assert re.fullmatch(
        r"one step of the loop has made 100,000 events and does not end \(at test_run\.py:\d+ in "
        r".*chatters\): await something there that lets others run, such as asyncio\.sleep\(0\)",
        str(refused.value),
    )


def test_an_exception_that_nobody_handles_is_told() -> None:
    async def forgets(params: Any) -> None:
        async def fails() -> None:
            raise RuntimeError("lost")

        task = asyncio.get_running_loop().create_task(fails())
        await asyncio.sleep(0.1)
        del task
        await params.result_callback("ok")

    bot = Bot(lambda llm: llm.register_function("f", forgets))
    scenario = Scenario(bot="tests:forgets", script=[turn(call("f", as_="c1")), turn(say("Ok."))])
    one = run(scenario, bot=bot)
    assert [violation.message for violation in one.violations] == [
        "unseen (loop): Task exception was never retrieved: RuntimeError: lost"
    ]


def test_a_coroutine_that_is_never_awaited_is_told() -> None:
    async def forgets(params: Any) -> None:
        asyncio.sleep(1)  # type: ignore[unused-coroutine]
        await params.result_callback("ok")

    bot = Bot(lambda llm: llm.register_function("f", forgets))
    scenario = Scenario(bot="tests:forgets", script=[turn(call("f", as_="c1")), turn(say("Ok."))])
    assert [violation.message for violation in run(scenario, bot=bot).violations] == [
        "unseen (warning): coroutine 'sleep' was never awaited"
    ]


def test_a_task_that_is_left_after_the_end_is_told() -> None:
    async def leaks(params: Any) -> None:
        task = asyncio.get_running_loop().create_task(asyncio.Event().wait(), name="leak")
        params.arguments.setdefault("keep", task.get_name())
        await params.result_callback("ok")

    bot = Bot(lambda llm: llm.register_function("f", leaks))
    scenario = Scenario(bot="tests:leaks", script=[turn(call("f", as_="c1")), turn(say("Ok."))])
    assert [violation.message for violation in run(scenario, bot=bot).violations] == [
        "task 'leak' is left after the end; waiting: awaits Event.wait"
    ]


def test_a_run_leaves_nothing_in_the_process() -> None:
    import os
    import random

    urandom, state = os.urandom, random.getstate()
    run(spoken_tool())
    assert (os.urandom, random.getstate()) == (urandom, state)


def test_a_run_may_be_made_inside_another_loop() -> None:
    async def outer() -> tuple[int, bool]:
        before = asyncio.current_task()
        one = run(spoken_tool())
        await asyncio.sleep(0)
        return len(one.violations), asyncio.current_task() is before

    assert asyncio.run(outer()) == (0, True)


def test_an_unknown_target_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match=r"no target 'referense' \(did you mean 'reference'\?\)"):
        run(spoken_tool(), target="referense")


def test_a_bot_that_cannot_be_built_is_the_users_to_repair() -> None:
    def build(llm: Any) -> None:
        raise KeyError("API_KEY")

    with pytest.raises(BotError, match=r"bot 'build' cannot be built: KeyError\('API_KEY'\)"):
        run(spoken_tool(), bot=Bot(build))


def test_a_bot_that_returns_something_else_is_told_what_to_return() -> None:
    with pytest.raises(BotError, match="return None, the service, or a list of processors"):
        run(spoken_tool(), bot=Bot(lambda llm: "llm"))


def test_real_io_in_a_handler_is_refused_with_the_remedy() -> None:
    async def fetch(params: Any) -> None:
        await asyncio.open_connection("api.shop.test", 443)

    bot = Bot(lambda llm: llm.register_function("f", fetch))
    scenario = Scenario(bot="tests:fetch", script=[turn(call("f", as_="c1")), turn(say("Ok."))])
    with pytest.raises(SimulationError, match=r"refused in a simulated run .*test_run\.py"):
        run(scenario, bot=bot)


def test_the_end_as_a_stimulus_of_the_scenario_ends_the_run() -> None:
    one = run(two_tools().replace(inject=[after("20ms", end())]))
    assert one.violations == ()
    assert {c.phases_in("down")[-1] for c in one.calls.values()} == {"cancelled"}


def _bot(handler: Any) -> Bot:
    return Bot(lambda llm: llm.register_function("f", handler))


def _one_call(**more: Any) -> Scenario:
    script = [turn(call("f", as_="c1")), turn(say("Ok."))]
    return Scenario(bot="tests:bot", script=script, **more)


async def _answers(params: Any) -> None:
    await asyncio.sleep(0.1)
    await params.result_callback("ok")


def test_a_handler_that_exits_does_not_take_the_process_with_it() -> None:
    async def leaves(params: Any) -> None:
        raise SystemExit(0)

    with pytest.raises(SimulationError, match=r"the code under test called sys\.exit\(0\)"):
        run(_one_call(), bot=_bot(leaves))


def test_a_builder_that_exits_is_the_users_to_repair() -> None:
    def build(llm: Any) -> None:
        raise SystemExit("no API key")

    with pytest.raises(BotError, match=r"SystemExit\('no API key'\)"):
        run(spoken_tool(), bot=Bot(build))


def test_an_injection_whose_frame_never_comes_gives_no_verdict() -> None:
    one = run(_one_call(inject=[at("FunctionCallStarted", interrupt())]), bot=_bot(_answers))
    assert str(one.complaint) == (
        "the scenario injects interrupt at FunctionCallStarted (did you mean "
        "'FunctionCallsStarted'?), and the run has no such frame"
    )


def test_an_injection_that_a_stimulus_came_before_is_no_complaint() -> None:
    scenario = _one_call(inject=[at("FunctionCallResult", interrupt())])
    schedule = Schedule((Landing("end", "FunctionCallsStarted", 1, 2),))
    assert run(scenario, bot=_bot(_answers), schedule=schedule).complaint is None


def test_a_coroutine_that_is_lost_in_a_cycle_is_told_in_the_run_that_lost_it() -> None:
    async def loses(params: Any) -> None:
        async def lost() -> None:
            """Never awaited."""

        cycle: list[Any] = [lost()]
        cycle.append(cycle)
        await _answers(params)

    guilty = [run(_one_call(), bot=_bot(loses)).laws for _ in range(8)]
    innocent = [run(_one_call(), bot=_bot(_answers)).laws for _ in range(8)]
    assert (guilty, innocent) == ([("LS303",)] * 8, [()] * 8)


def test_a_failed_task_that_somebody_still_holds_is_told() -> None:
    held: list[asyncio.Task[None]] = []

    async def fails() -> None:
        raise RuntimeError("lost")

    async def holds(params: Any) -> None:
        held.append(asyncio.get_running_loop().create_task(fails()))
        await _answers(params)

    assert [violation.message for violation in run(_one_call(), bot=_bot(holds)).violations] == [
        "unseen (task): Task exception was never retrieved: RuntimeError: lost"
    ]


def test_a_handler_that_never_ends_is_closed_with_its_run() -> None:
    closed: list[str] = []

    async def stubborn(params: Any) -> None:
        try:
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    continue
        finally:
            closed.append("closed")

    schedule = Schedule((Landing("interrupt", "FunctionCallInProgress", 1, 3),))
    run(_one_call(), bot=_bot(stubborn), schedule=schedule)
    assert closed == ["closed"]


def test_what_was_borrowed_is_given_back_when_a_run_cannot_begin() -> None:
    import os
    import random
    import warnings

    class Broken:
        name = "broken"

        def version(self) -> str:
            return "0"

        def surroundings(self, report: Any) -> Any:
            raise RuntimeError("no surroundings")

        async def open(self, plan: Any) -> Any:
            raise NotImplementedError

        def rig(self, processor: Any, options: Any) -> Any:
            raise NotImplementedError

    before = (os.urandom, warnings.showwarning, random.getstate(), gc.isenabled())
    with pytest.raises(RuntimeError, match="no surroundings"):
        run(spoken_tool(), target=Broken())
    assert (os.urandom, warnings.showwarning, random.getstate(), gc.isenabled()) == before


@pytest.mark.slow
def test_the_worlds_of_earlier_runs_are_freed() -> None:
    def loops() -> int:
        return sum(isinstance(one, SimLoop) for one in gc.get_objects())

    # What other tests have left is not these runs'.
    gc.collect()
    before = loops()
    for _ in range(4):
        run(spoken_tool())
    assert loops() - before <= 1


def test_a_handler_that_raises_what_nobody_expects_settles_its_call() -> None:
    class OddError(BaseException):
        """Neither an Exception nor one of asyncio's."""

    async def odd(params: Any) -> None:
        raise OddError("odd")

    one = run(_one_call(), bot=_bot(odd))
    assert one.calls["c1"].phases_in("down") == ["started", "in_progress", "result"]
    assert set(one.laws) <= {"LS303"}


def test_a_landing_that_is_counted_from_the_one_before_it_lands_once_in_any_order() -> None:
    token = "ls1-interrupt@start+9,user_starts@start+1,user_stops@then+12"
    one = run(two_tools(), schedule=decode(token))
    stimuli = [
        (event.data["do"], event.data["swept"])
        for event in one.trace.of("stimulus")
        if "swept" in event.data
    ]
    assert stimuli == [("user_starts", 2), ("interrupt", 1), ("user_stops", 3)]
    assert list(one.trace.of("error")) == []


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"scenario": []}, "scenario must be one Scenario, not []; write Scenario("),
        ({"bot": print}, "bot must be a Bot, not <built-in function print>; write Bot(build)"),
        ({"bot": "a:b"}, "bot must be a Bot, not 'a:b'; write load_bot('a:b')"),
        ({"target": ""}, "there is no target ''; the targets are "),
        ({"target": 3}, "target must be one of 'reference', "),
        ({"limits": 5}, "limits must be Limits, not 5; write Limits(max_steps=1000)"),
        ({"laws": 5}, "laws must be a tuple of laws, not 5; write (get_law("),
        ({"laws": ["LS101"]}, "laws has 'LS101', which is no law; write get_law("),
    ],
)
def test_an_argument_of_another_kind_is_refused_with_what_to_write(
    how: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as raised:
        run(**{"scenario": spoken_tool(), **how})
    assert str(raised.value).startswith(message)


def test_what_names_no_call_no_tool_and_no_direction_is_refused_with_what_there_is() -> None:
    one = run(spoken_tool())
    told = []
    for ask in (lambda: one.call(1), lambda: one.effects(3), lambda: one.frames["downn"]):  # type: ignore[arg-type]
        with pytest.raises(UsageError) as raised:
            ask()
        told.append(str(raised.value))
    assert told == [
        "the id of a call is text, not 1; the run has c1",
        "a tool is named by text, not 3; write effects('lookup')",
        "there is no direction 'downn' (did you mean 'down'?); write run.frames[Down] or "
        "run.frames[Up]",
    ]

"""The fixture ``llm_sim``: which tests pass, which fail, and what they say."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.pytest_plugin.conftest import HEAD, INI, INSTALLED, Inner
from tests.support.pipecat import needs_pipecat

PASSED = [("setup", "passed"), ("call", "passed"), ("teardown", "passed")]
FAILED = [("setup", "passed"), ("call", "failed"), ("teardown", "passed")]
RACE = """
async def test_race(llm_sim):
    await llm_sim(*RACE, tools=TOOLS, mode="sequential")
"""
WHY = (
    "  why       the model was asked once, the script has 2 turns: 1 left over; remove what is "
    "never said, or find out who did not ask\n"
)


def test_a_test_whose_bot_keeps_every_law_passes(inner: Inner) -> None:
    result = inner.run("""
async def test_order(llm_sim):
    run = await llm_sim(*ORDER, bot=Bot(build))
    assert run.calls["c1"].phases_in("down") == ["started", "in_progress", "result"]
    assert run.laws == ()
""")
    assert result.phases == PASSED


@pytest.mark.slow
@needs_pipecat
def test_a_test_runs_on_the_installed_pipecat_as_well(pytester: pytest.Pytester) -> None:
    # In a process of its own: inner runs would forget Pipecat and import it again.
    pytester.makeini(INI.format(mode="auto"))
    pytester.makepyfile(
        HEAD
        + """
async def test_order(llm_sim):
    run = await llm_sim(*ORDER, bot=Bot(build))
    assert run.trace.header.target.startswith("pipecat 1.")
"""
    )
    plugin = () if INSTALLED else ("-p", "llm_sim.pytest_plugin")
    result = pytester.runpytest_subprocess(*plugin, "--llm-sim-target", "pipecat")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_an_async_test_works_in_each_mode_of_pytest_asyncio(inner: Inner, mode: str) -> None:
    result = inner.run(
        """
import asyncio

@pytest.mark.asyncio
async def test_order(llm_sim):
    outer = asyncio.get_running_loop()
    await llm_sim(*ORDER, bot=Bot(build))
    await asyncio.sleep(0)
    assert asyncio.get_running_loop() is outer
""",
        mode=mode,
    )
    assert result.phases == PASSED


def test_a_test_whose_run_breaks_a_law_fails_with_the_report(inner: Inner) -> None:
    result = inner.run(RACE, "--llm-sim-target", "naive")
    lines = result.text.splitlines()
    assert result.phases == FAILED
    assert lines[:3] == [
        "LS101 hang_up is never settled: last heard of as started",
        "  law       LS101 settled-once: Every started call settles exactly once: one final "
        "result, or one cancel.",
        "  where     c2 `hang_up` is never settled: last heard of as started",
    ]
    assert [line[:3] for line in lines].count(">>>") == 1


def test_the_same_test_passes_on_the_reference_core(inner: Inner) -> None:
    assert inner.run(RACE).phases == PASSED


def test_a_run_may_choose_its_own_target(inner: Inner) -> None:
    result = inner.run("""
async def test_race(llm_sim):
    run = await llm_sim(*RACE, tools=TOOLS, mode="sequential", target="naive")
    assert "LS101" in run.laws
""")
    assert result.phases == FAILED


def test_the_replay_line_fails_again(inner: Inner) -> None:
    result = inner.run(RACE, "--llm-sim-target", "naive")
    words = shlex.split(result.text.partition("  replay    ")[2])
    assert words == ["pytest", "test_bot.py::test_race", "--llm-sim-target", "naive"]
    assert inner.again(*words[1:]).text == result.text


def test_a_turn_that_is_left_over_fails_the_test(inner: Inner) -> None:
    result = inner.run("""
async def test_silent(llm_sim):
    await llm_sim(turn(say("One.")), turn(say("Two.")))
""")
    assert result.phases == FAILED
    first, told = result.text.split("\n", 1)
    assert first.startswith("no verdict: the model was asked once, the script has 2 turns: ")
    assert told == f'{WHY}  replay    pytest "test_bot.py::test_silent"'


def test_a_bot_that_cannot_be_built_is_told_at_the_line_of_the_test(inner: Inner) -> None:
    result = inner.run("""
def test_broken(llm_sim):
    llm_sim.run(turn(say("Hello.")), bot=Bot(lambda llm: llm.no_such_thing))
""")
    assert result.phases == FAILED
    assert "BotError: bot '<lambda>' cannot be built: AttributeError" in result.text
    places = [line for line in result.text.splitlines() if line.startswith("test_bot.py:")]
    assert [place.partition(" ")[2] for place in places] == ["AttributeError", "BotError"]
    assert "_simulator.py" not in result.text


def test_a_word_that_a_run_does_not_take_is_refused(inner: Inner) -> None:
    result = inner.run("""
def test_misspelt(llm_sim):
    llm_sim.run(turn(say("Hello.")), latncy={"llm": "1s"})
""")
    assert result.phases == FAILED
    assert (
        "run() has no argument 'latncy' (did you mean 'latency'?); its arguments are the parts of "
        "a scenario, and bot, target, tools, stubs, mode, latency, user"
    ) in result.text


def test_an_assertion_of_the_test_itself_is_what_is_reported(inner: Inner) -> None:
    result = inner.run("""
async def test_silent(llm_sim):
    run = await llm_sim(turn(say("One.")), turn(say("Two.")))
    assert run.steps == -1
""")
    assert result.phases == FAILED
    assert "assert run.steps == -1" in result.text
    assert "left over" not in result.text


def test_every_run_of_a_test_is_judged(inner: Inner) -> None:
    result = inner.run("""
async def test_three(llm_sim):
    await llm_sim(turn(say("One.")), turn(say("Two.")))
    await llm_sim(*ORDER, bot=Bot(build))
    await llm_sim(turn(say("One.")), turn(say("Two.")))
""")
    assert result.outcomes == ["failed"]
    assert result.text.count(WHY) == 2


def test_the_runs_of_one_test_do_not_count_for_the_next(inner: Inner) -> None:
    result = inner.run("""
async def test_silent(llm_sim):
    await llm_sim(turn(say("One.")), turn(say("Two.")))

async def test_order(llm_sim):
    await llm_sim(*ORDER, bot=Bot(build))
""")
    assert result.outcomes == ["failed", "passed"]


def test_a_law_that_is_expected_to_break_is_an_expected_failure(inner: Inner) -> None:
    result = inner.run("@pytest.mark.xfail(strict=True)" + RACE, "--llm-sim-target", "naive")
    assert (result.outcomes, result.exit_code) == (["skipped"], 0)


def test_a_test_that_skips_itself_is_skipped(inner: Inner) -> None:
    result = inner.run("""
async def test_silent(llm_sim):
    await llm_sim(turn(say("One.")), turn(say("Two.")))
    pytest.skip("on purpose")
""")
    assert result.outcomes == ["skipped"]


def test_a_whole_scenario_can_be_given(inner: Inner) -> None:
    result = inner.run("""
async def test_race(llm_sim):
    scenario = Scenario(script=RACE[:2], tools=TOOLS, mode="sequential", inject=RACE[2:])
    run = await llm_sim(scenario)
    assert run.scenario == scenario.replace(strict=["LS401"])
""")
    assert result.phases == PASSED


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            'say("Hello.")',
            "Say is no part of a scenario; give turn(...) and at(...), after(...), at_step(...) or "
            "hold(...)",
        ),
        (
            "Scenario(script=RACE[:2], tools=TOOLS), ORDER[0]",
            "give one Scenario, or turns and injections, not both",
        ),
        (
            "Scenario(script=RACE[:2], tools=TOOLS), tools=TOOLS",
            "a Scenario has tools, mode, latency and user of its own: give none besides it, "
            "or change it with scenario.replace(...)",
        ),
        ('*ORDER, bot="bots:build"', "bot must be a Bot, not 'bots:build'; write Bot(build)"),
        (
            'turn(say("Hello.")), target="piecat"',
            "there is no target 'piecat' (did you mean 'pipecat'?); "
            "the targets are reference, naive, pipecat, auto",
        ),
    ],
)
def test_a_wrong_use_is_answered_with_what_is_wrong(
    inner: Inner, arguments: str, message: str
) -> None:
    result = inner.run(f"""
async def test_wrong(llm_sim):
    with pytest.raises(Exception) as raised:
        await llm_sim({arguments})
    assert (type(raised.value).__name__, str(raised.value)) == ("UsageError", {message!r})
""")
    assert result.text == ""
    assert result.phases == PASSED


@pytest.mark.parametrize("stubs", ['["unit"]', '{"unit": 3}'])
def test_stubs_that_are_no_functions_are_refused(inner: Inner, stubs: str) -> None:
    result = inner.run(f"""
def test_wrong(llm_sim):
    llm_sim.run(*ORDER, bot=Bot(build), stubs={stubs})
""")
    assert re.search(r"BotError: stubs.*: give a function", result.text)


def test_a_test_that_is_not_async_can_simulate_as_well(inner: Inner) -> None:
    result = inner.run("""
def test_order(llm_sim):
    assert llm_sim.run(*ORDER, bot=Bot(build)).laws == ()
""")
    assert result.phases == PASSED


def test_a_run_is_judged_even_where_the_await_is_forgotten(inner: Inner) -> None:
    result = inner.run(
        """
def test_race(llm_sim):
    llm_sim(*RACE, tools=TOOLS, mode="sequential")
""",
        "--llm-sim-target",
        "naive",
    )
    assert result.phases == FAILED


def test_a_run_that_was_not_awaited_says_so_where_it_is_read(inner: Inner) -> None:
    result = inner.run("""
import copy

def test_order(llm_sim):
    run = llm_sim(*ORDER, bot=Bot(build))
    assert not hasattr(copy.copy(run), "__len__")
    with pytest.raises(Exception) as raised:
        run.call("c1")
    assert (type(raised.value).__name__, str(raised.value)) == (
        "UsageError",
        "this run was not awaited, so it has no 'call': await llm_sim(...), or write "
        "llm_sim.run(...) in a test that is not async",
    )
""")
    assert result.text == ""
    assert result.phases == PASSED


def test_broken_laws_stand_beside_a_failing_assertion_of_the_test(inner: Inner) -> None:
    result = inner.run(
        """
def test_race(llm_sim):
    llm_sim.run(*RACE, tools=TOOLS, mode="sequential")
    assert False, "mine"
""",
        "--llm-sim-target",
        "naive",
    )
    (report,) = [one for one in result.reports if one.when == "call"]
    assert "mine" in str(report.longrepr)
    assert [name for name, _ in report.sections if "llm_sim" in name] == ["Captured llm_sim call"]


def test_a_handler_that_breaks_its_contract_fails_the_test(inner: Inner) -> None:
    result = inner.run("""
async def answers_twice(params):
    await params.result_callback("one")
    await params.result_callback("two")

async def test_order(llm_sim):
    await llm_sim(*ORDER, bot=Bot(lambda llm: llm.register_function("lookup_order", answers_twice)))
""")
    assert result.phases == FAILED
    assert "LS401 handler-contract" in result.text
    assert "c1 `lookup_order`: its handler gives a second final result" in result.text


LEFT = """
import asyncio

left = []

async def leave_task(params):
    left.append(asyncio.create_task(asyncio.Event().wait(), name="forgotten"))
    await params.result_callback("done")

async def leave_timer(params):
    asyncio.get_running_loop().call_later(1000, print)
    await params.result_callback("done")

def bot(handler):
    def build(llm):
        llm.register_function("f", handler)

    return Bot(build)

@pytest.mark.parametrize("handler", [lookup_order, leave_task, leave_timer])
def test_left(llm_sim, handler):
    llm_sim.run(turn(call("f")), turn(say("Done.")), bot=bot(handler))

def test_asked_once_more(llm_sim):
    llm_sim.run(turn(call("f")), bot=bot(lookup_order))
"""


def test_what_is_left_at_the_end_and_who_asks_once_more_fails_the_test(inner: Inner) -> None:
    result = inner.run(LEFT)
    assert result.outcomes == ["passed", "failed", "failed", "failed"]
    told = [report.longreprtext.splitlines() for report in result.reports if report.failed]
    assert [lines[0] for lines in told] == [
        "LS302 task 'forgotten' is left after the end",
        "LS302 1 timer is left after the end",
        "no verdict: the model was asked 2 times, the script has 1 turn; add a turn, or find out "
        "who asked once more than you ex…",
    ]
    assert told[0][2].startswith("  where     task 'forgotten' is left after the end; waiting: ")


def test_the_fixture_can_be_annotated(inner: Inner) -> None:
    result = inner.run("""
from llm_sim.pytest_plugin import Simulator

def test_order(llm_sim: Simulator) -> None:
    assert isinstance(llm_sim, Simulator)
""")
    assert result.phases == PASSED


def test_runs_before_and_behind_the_body_are_judged_as_well(inner: Inner) -> None:
    result = inner.run("""
@pytest.fixture
def before(llm_sim):
    llm_sim.run(turn(say("One.")), turn(say("Two.")))

@pytest.fixture
def behind(llm_sim):
    yield
    llm_sim.run(turn(say("One.")))
    llm_sim.run(turn(say("One.")), turn(say("Two.")))

def test_before(before): ...

def test_behind(behind): ...

def test_left(behind):
    pytest.skip("not today")
""")
    assert result.outcomes == ["failed", "passed", "skipped"]
    failed = [(report.nodeid, report.when) for report in result.reports if report.failed]
    assert failed == [
        ("test_bot.py::test_before", "call"),
        ("test_bot.py::test_behind", "teardown"),
        ("test_bot.py::test_left", "teardown"),
    ]
    assert result.text.count(WHY) == 3

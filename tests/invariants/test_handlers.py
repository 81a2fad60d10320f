"""LS401 to LS403: each fires on a handler that breaks it, and stays quiet on its twin."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, get_args

import pytest

from llm_sim.errors import BotError, UsageError
from llm_sim.invariants import LAWS, at_level, judge
from llm_sim.scenario import Behaviour, Scenario, Tool, after, call, interrupt, say, turn
from llm_sim.schedule import Landing, Schedule
from llm_sim.simulation import Run, run
from llm_sim.targets import Bot
from llm_sim.trace import dumps, loads
from tests.support.pipecat import needs_pipecat

TARGETS = pytest.mark.parametrize(
    "target", ["reference", pytest.param("pipecat", marks=needs_pipecat)]
)
IN_THE_MIDDLE = [after("50ms", interrupt())]
CONTRACT = ("LS401", "LS402", "LS403")


def conversation(mode: str = "parallel", **more: Any) -> Scenario:
    """One call of the bot's ``book``."""
    return Scenario(
        mode="sequential" if mode == "sequential" else "parallel",
        script=[turn(say("One moment."), call("book", {"seat": 1}, as_="c1")), turn(say("Ok."))],
        open_ended=True,
        **{"bot": "tests:booking", **more},
    )


def bot(handler: Any, *, cancel: bool = True) -> Bot:
    """A bot whose ``book`` may be called neither in vain nor twice."""

    def build(llm: Any) -> None:
        llm.register_function("book", handler, cancel_on_interruption=cancel)

    return Bot(build, terminal=["book"], mutating=["book"])


async def books(params: Any) -> None:
    await asyncio.sleep(0.1)
    await params.result_callback({"booked": True})


async def answers_twice(params: Any) -> None:
    await params.result_callback("one")
    await params.result_callback("two")


async def answers_with_a_date(params: Any) -> None:
    await params.result_callback({"at": datetime(2026, 1, 1)})


async def changes_its_arguments(params: Any) -> None:
    params.arguments["seat"] = 2
    await params.result_callback("done")


async def swallows_its_cancellation(params: Any) -> None:
    try:
        await asyncio.sleep(0.1)
    except asyncio.CancelledError:
        await asyncio.sleep(0.05)
    await params.result_callback("done")


async def lingers_behind_its_answer(params: Any) -> None:
    await params.result_callback("done")
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0.1)


async def answers_when_it_is_cancelled(params: Any) -> None:
    try:
        await asyncio.sleep(0.1)
    finally:
        await params.result_callback("done")


async def raises(params: Any) -> None:
    raise LookupError("no seats")


async def is_silent(params: Any) -> None:
    await asyncio.sleep(0.1)


async def gives_up_in_time(params: Any) -> None:
    """Be thrown the cancellation of its own timeout, which is its own affair."""
    try:
        async with asyncio.timeout(0.05):
            await asyncio.sleep(1)
    except TimeoutError:
        await params.result_callback("late")


def told(one: Run) -> list[str]:
    """Return what the contract laws say of a run."""
    found = [*one.violations, *one.warnings]
    return [f"{each.level} {each.law} {each.message}" for each in found if each.law in CONTRACT]


def told_everywhere(handler: Any, *, target: str, mode: str, cancel: bool = True) -> list[str]:
    """Return what they say when an interruption lands at each step in turn, each once."""
    how: dict[str, Any] = {"bot": bot(handler, cancel=cancel), "target": target}
    scenario = conversation(mode)
    steps = run(scenario, **how).steps
    landings = [Landing("interrupt", "start", 1, step) for step in range(steps + 1)]
    runs = [run(scenario, schedule=Schedule((landing,)), **how) for landing in landings]
    return sorted({line for one in runs for line in told(one)})


@TARGETS
@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (answers_twice, "its handler gives a second final result"),
        (
            answers_with_a_date,
            "its result is no JSON: a datetime is not JSON serializable",
        ),
        (
            changes_its_arguments,
            "its handler changes its arguments from {'seat': 1} to {'seat': 2}",
        ),
        (raises, "its handler raises LookupError: no seats"),
    ],
)
def test_ls401_warns_of_a_handler_that_breaks_its_contract(
    target: str, handler: Any, said: str
) -> None:
    one = run(conversation(), bot=bot(handler), target=target)
    assert f"warn LS401 c1 `book`: {said}" in told(one)
    assert "LS401" not in one.laws


@TARGETS
@pytest.mark.parametrize("handler", [books, is_silent, gives_up_in_time])
def test_the_contract_laws_are_quiet_about_a_handler_that_keeps_them(
    target: str, handler: Any
) -> None:
    assert told(run(conversation(), bot=bot(handler), target=target)) == []


@TARGETS
def test_ls401_warns_of_a_handler_that_returns_without_a_result_unless_it_is_terminal(
    target: str,
) -> None:
    lasting, ending = bot(is_silent), bot(is_silent)
    lasting = replace(lasting, terminal=())
    said = "warn LS401 c1 `book`: its handler gives no result: let it call params.result_callback"
    assert said in told(run(conversation(), bot=lasting, target=target))[0]
    assert told(run(conversation(), bot=ending, target=target)) == []


@TARGETS
def test_ls401_is_quiet_about_a_handler_whose_task_answers_later(target: str) -> None:
    async def answers_later(params: Any) -> None:
        async def answer() -> None:
            await asyncio.sleep(0.1)
            await params.result_callback("late")

        params.llm.create_task(answer())

    answering = replace(bot(answers_later), terminal=())
    assert told(run(conversation(), bot=answering, target=target)) == []


@pytest.mark.parametrize("mode", ["parallel", "sequential"])
def test_no_interruption_breaks_the_contract_on_the_reference_core(mode: str) -> None:
    assert told_everywhere(books, target="reference", mode=mode) == []


@pytest.mark.parametrize("does", get_args(Behaviour))
def test_ls401_and_ls402_blame_no_stub(does: Any) -> None:
    tools = {"book": Tool(latency="100ms", does=does)}
    for inject in ([], IN_THE_MIDDLE):
        scenario = conversation(tools=tools, inject=inject)
        found = told(run(scenario, bot=bot(books)))
        assert [line for line in found if "LS403" not in line] == []


@TARGETS
def test_ls401_does_not_blame_who_is_cancelled_behind_its_answer(target: str) -> None:
    said = told_everywhere(lingers_behind_its_answer, target=target, mode="parallel")
    assert [line for line in said if "LS401" in line] == []


def test_ls401_and_ls402_fire_on_a_handler_that_swallows_its_cancellation() -> None:
    assert told_everywhere(swallows_its_cancellation, target="reference", mode="parallel") == [
        "error LS402 c1 `book` takes effect 0.05 s after the interruption that cancels it",
        "warn LS401 c1 `book`: its handler swallows its cancellation and returns; "
        "let CancelledError through",
    ]


def test_ls402_is_quiet_about_a_call_that_an_interruption_does_not_cancel() -> None:
    found = told_everywhere(books, target="reference", mode="parallel", cancel=False)
    assert [line for line in found if "LS402" in line] == []


def test_ls402_warns_of_an_effect_that_the_model_is_never_told_of() -> None:
    assert told_everywhere(answers_when_it_is_cancelled, target="reference", mode="parallel") == [
        "warn LS402 c1 `book` has taken effect and is cancelled: the model is never told of it"
    ]


def test_ls403_fires_on_a_terminal_tool_that_no_interruption_cancels() -> None:
    assert told_everywhere(books, target="reference", mode="sequential", cancel=False) == [
        "error LS403 c1 `book` fires although the user interrupted the response that called it: "
        "it is registered with cancel_on_interruption=False"
    ]


@needs_pipecat
def test_ls403_fires_where_pipecat_starts_a_handler_behind_an_interruption() -> None:
    assert told_everywhere(books, target="pipecat", mode="parallel") == [
        "error LS403 c1 `book` fires although the user interrupted the response that called it"
    ]


def test_the_laws_that_are_judged_again_from_a_file_say_the_same() -> None:
    one = run(conversation(inject=IN_THE_MIDDLE), bot=bot(swallows_its_cancellation))
    again = loads(dumps(one.trace))
    assert again.header == one.trace.header
    assert set(judge(again)) == {*one.violations, *one.warnings}


def test_a_law_at_the_level_error_fails_a_run_and_at_warn_it_does_not() -> None:
    one = run(conversation(), bot=bot(answers_twice), laws=at_level("error", "LS401"))
    assert ("LS401" in one.laws, one.warnings) == (True, ())
    mild = at_level("warn", *(law.code for law in LAWS))
    scenario = conversation(inject=IN_THE_MIDDLE)
    interrupted = run(scenario, bot=bot(swallows_its_cancellation), laws=mild)
    assert interrupted.violations == ()
    assert "LS402" in {each.law for each in interrupted.warnings}


def test_a_level_or_a_law_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no law 'LS999'"):
        at_level("error", "LS999")
    with pytest.raises(UsageError, match="there is no level 'fatal'; it is 'error' or 'warn'"):
        at_level("fatal", "LS401")  # type: ignore[arg-type]


@TARGETS
@pytest.mark.parametrize(
    ("handler", "effects"),
    [
        (books, 1),
        (is_silent, 1),
        (raises, 0),
        (answers_twice, 1),
        (answers_when_it_is_cancelled, 1),
    ],
)
def test_a_tool_takes_effect_when_it_answers_or_returns(
    target: str, handler: Any, effects: int
) -> None:
    assert run(conversation(), bot=bot(handler), target=target).effects("book") == effects


@pytest.mark.parametrize(
    ("handler", "effects"),
    [(books, 0), (raises, 0), (answers_when_it_is_cancelled, 1), (swallows_its_cancellation, 1)],
)
def test_a_cancelled_tool_takes_effect_only_if_it_answers(handler: Any, effects: int) -> None:
    one = run(conversation(inject=IN_THE_MIDDLE), bot=bot(handler))
    assert one.effects("book") == effects


def test_asking_for_the_effects_of_a_tool_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no tool 'bok' \(did you mean 'book'\?\); the run has"):
        run(conversation(), bot=bot(books)).effects("bok")


@TARGETS
def test_a_declared_tool_that_the_bot_does_not_register_is_refused(target: str) -> None:
    def build(llm: Any) -> None:
        llm.register_function("book", books)

    wrong = Bot(build, terminal=["boook"])
    with pytest.raises(BotError, match=r"names 'boook' in terminal.*did you mean 'book'\?"):
        run(conversation(), bot=wrong, target=target)
    with pytest.raises(BotError, match=r"mutating='book': give a sequence of names, \('book',\)"):
        run(conversation(), bot=Bot(build, mutating="book"), target=target)


def test_a_bot_with_a_catch_all_may_declare_any_tool() -> None:
    anything = Bot(lambda llm: llm.register_function(None, books), mutating=["book"])
    one = run(conversation(), bot=anything)
    assert (one.violations, one.effects("book")) == ((), 1)

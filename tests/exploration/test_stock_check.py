"""Whether a failure happens on asyncio's own loop too."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable
from typing import Any

from llm_sim.exploration import sweep
from llm_sim.invariants import Violation
from llm_sim.loop import SimLoop
from llm_sim.scenario import Scenario, call, say, turn
from llm_sim.schedule import decode
from llm_sim.simulation import (
    Broken,
    Limits,
    NoVerdict,
    Setup,
    check_on_stock,
    run,
)
from llm_sim.targets import Bot
from tests.support.runs import simulated
from tests.support.scenarios import two_tools

SHORT = Limits(max_time_ns=10_000_000_000)


class UnfairLoop(SimLoop):
    """It runs the newest callback first, which asyncio never does."""

    def _run_stretch(self, stretch: Iterable[None]) -> None:
        for one in stretch:
            self._ready.rotate(1)
            super()._run_stretch([one])


def order_matters() -> Bot:
    """Its handler is right on every loop that is first in, first out."""

    async def handle(params: Any) -> None:
        order: list[str] = []
        loop = asyncio.get_running_loop()
        loop.call_soon(order.append, "first")
        loop.call_soon(order.append, "second")
        await asyncio.sleep(1)
        while order != ["first", "second"]:  # noqa: ASYNC110 - it waits for ever, and is to
            await asyncio.sleep(1)
        await params.result_callback("in order")

    return Bot(lambda llm: llm.register_function("f", handle))


def one_call() -> Scenario:
    script = [turn(call("f", as_="f1")), turn(say("Done."))]
    return Scenario(name="one", bot="tests:bot", script=script)


def test_a_race_of_the_code_under_test_is_there_on_asyncios_own_loop() -> None:
    report = sweep(two_tools("sequential"), target="naive")
    (token, *_) = [window.token for window in report.windows]
    found = run(two_tools("sequential"), target="naive", schedule=decode(token))
    check = check_on_stock(found)
    assert (check.fails_too, check.laws) == (True, found.laws)
    assert check.in_words() == f"fails there too: {' '.join(found.laws)}"


def test_a_failure_that_needs_another_order_is_not_there() -> None:
    found = simulated(one_call(), bot=order_matters(), limits=SHORT, loop=UnfairLoop)
    assert found.laws == ("LS101", "LS103", "LS111", "LS304")
    check = check_on_stock(found)
    assert (check.fails_too, check.in_words()) == (False, "does NOT fail there")


def test_a_clean_run_is_clean_there() -> None:
    found = run(two_tools(), schedule=decode("ls1-interrupt@start+1"))
    assert check_on_stock(found).in_words() == "clean there too"


def test_laws_that_only_asyncios_own_loop_breaks_are_told() -> None:
    clean = run(two_tools("sequential"), schedule=decode("ls1-interrupt@start+1"))
    naive = Setup.of(two_tools("sequential"), target="naive")
    check = check_on_stock(dataclasses.replace(clean, setup=naive))
    assert not check.fails_too
    assert check.in_words() == "fails there with other laws: LS101 LS103 LS106 LS107 LS111"


def test_another_law_in_common_is_not_the_failure_that_was_asked_about() -> None:
    schedule = decode("ls1-interrupt@start+1")
    found = run(two_tools("sequential"), target="naive", schedule=schedule)
    another = Violation("LS204", "doctored")
    doctored = found.judged(Broken((another, *found.violations)))
    check = check_on_stock(doctored)
    assert not check.fails_too
    assert check.note == (
        "asyncio's own loop: fails there with other laws: LS101 LS103 LS106 LS107 LS111"
    )


def test_a_schedule_that_does_not_land_there_gives_no_verdict() -> None:
    clean = run(two_tools())
    broken = dataclasses.replace(
        clean,
        schedule=decode("ls1-interrupt@LLMText.99+1"),
        verdict=Broken((Violation("LS101", "doctored"),)),
    )
    assert check_on_stock(broken).in_words() == (
        "no verdict: the schedule did not land: interrupt 1 step after LLMText no. 99 never came; "
        "the run has no such frame or is over before"
    )


def test_what_asks_for_the_real_world_gives_no_verdict() -> None:
    async def connect(params: Any) -> None:
        await asyncio.open_connection("example.org", 80)

    bot = Bot(lambda llm: llm.register_function("f", connect))
    right = run(one_call(), bot=order_matters())
    check = check_on_stock(dataclasses.replace(right, setup=Setup.of(one_call(), bot=bot)))
    assert isinstance(check.verdict, NoVerdict)
    assert check.in_words().startswith(
        "no verdict: a connection to example.org:80 is refused in a simulated run"
    )

"""A run in another order than asyncio's."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from llm_sim.errors import UsageError
from llm_sim.schedule import Deviation, Landing, Schedule, decode
from llm_sim.schedulers import Fifo, Pos, Replaying
from llm_sim.simulation import run
from llm_sim.trace import dumps
from tests.support.orders import one_order
from tests.support.runs import simulated
from tests.support.scenarios import spoken_tool, two_tools


def test_first_in_first_out_is_the_plain_run() -> None:
    plain = run(two_tools())
    assert simulated(two_tools(), scheduler=Fifo()).trace.events == plain.trace.events


def test_a_run_says_what_its_scheduler_chose_and_the_token_is_the_same_run() -> None:
    scheduler = Pos(3)
    for _ in range(10):
        scheduler.begin()
        one = simulated(two_tools(), scheduler=scheduler)
        assert one.schedule.order is not None
        assert one.trace.header.schedule == one.token
        again = run(two_tools(), schedule=decode(one.token))
        assert dumps(again.trace) == dumps(one.trace)
        assert (again.landed, again.complaint) == (True, None)


def test_another_order_is_another_run() -> None:
    plain = run(two_tools())
    scheduler = Pos(3)
    scheduler.begin()
    assert simulated(two_tools(), scheduler=scheduler).trace.events != plain.trace.events


def test_the_order_and_a_landing_go_together() -> None:
    landing = Landing("interrupt", "FunctionCallsStarted", 1, 2)
    scheduler = Pos(1)
    scheduler.begin()
    one = simulated(spoken_tool(), schedule=Schedule((landing,)), scheduler=scheduler)
    assert one.schedule.landings == (landing,)
    again = run(spoken_tool(), schedule=one.schedule)
    assert [event.data["do"] for event in again.trace.of("stimulus")] == ["say", "interrupt"]
    assert dumps(again.trace) == dumps(one.trace)


def test_only_the_steps_from_the_opening_to_rest_are_reordered() -> None:
    class Counting(Fifo):
        asked = 0

        def choose(self, ready: Sequence[int]) -> int:
            self.asked += 1
            return 0

    counting = Counting()
    one = simulated(spoken_tool(), scheduler=counting)
    jumps = len({event.time_ns for event in one.trace.until_rest().events}) - 1
    assert one.opened > 0
    assert one.steps - jumps - 1 <= counting.asked <= one.steps - jumps


def test_a_preemption_breaks_what_relies_on_the_order() -> None:
    assert run(one_order()).laws == ()
    assert run(one_order(), schedule=Schedule((), ())).laws == ()
    assert run(one_order(), schedule=Schedule((), (Deviation(8, 1),))).laws == ("LS303",)


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("ls1-undisturbed/order@2:99", "no. 99 in the queue goes first at choice 2"),
        ("ls1-undisturbed/order@999:2", "no. 2 in the queue goes first at choice 999"),
    ],
)
def test_an_order_that_does_not_fit_any_more_did_not_land(token: str, words: str) -> None:
    one = run(two_tools(), schedule=decode(token))
    assert not one.landed
    assert str(one.complaint) == (
        f"the schedule did not land: {words}: no such choice came, or fewer were ready at it"
    )


def test_a_scheduler_beside_an_order_is_refused() -> None:
    with pytest.raises(UsageError, match="'ls1-undisturbed/order' has an order of its own"):
        simulated(two_tools(), schedule=Schedule((), ()), scheduler=Replaying(()))

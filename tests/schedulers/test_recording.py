"""What any policy chose is a short list, and the list chooses it again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from llm_sim.schedule import Deviation
from llm_sim.schedulers import PreemptionBounded, Recording, Replaying, Scheduler
from tests.schedulers.policies import POLICIES
from tests.schedulers.programs import SMALL, Program, chooser, lost_update, told_by, two_yielding


def chosen_by(program: Program, scheduler: Scheduler) -> list[int]:
    """Return the lane of each step of the scheduler's next run."""
    chosen: list[int] = []
    scheduler.begin()
    told_by(program, chooser(scheduler.choose, chosen))
    return chosen


@pytest.mark.parametrize("program", SMALL)
@pytest.mark.parametrize("make", POLICIES.values(), ids=POLICIES)
def test_every_run_of_every_policy_can_be_had_again(
    make: Callable[[], Scheduler], program: Program
) -> None:
    recording = Recording(make())
    for _ in range(5):
        chosen = chosen_by(program, recording)
        replay = Replaying(recording.order)
        assert (chosen_by(program, replay), replay.outstanding) == (chosen, ())


def test_the_base_order_is_an_empty_list() -> None:
    recording = Recording(Replaying(()))
    assert chosen_by(two_yielding, recording) == [1, 1, 1, 2, 2, 2]
    assert recording.order == ()


def test_one_preemption_is_one_deviation() -> None:
    search = Recording(PreemptionBounded(1))
    orders = []
    while search.begin():
        said = told_by(lost_update, search.choose)
        orders.append((search.order, said[-1]))
    assert orders == [
        ((), "2"),
        ((Deviation(2, 1),), "1"),
        ((Deviation(1, 2),), "2"),
        ((Deviation(1, 2), Deviation(2, 1)), "1"),
    ]


def test_only_steps_before_which_several_lanes_are_ready_are_choices() -> None:
    recording = Recording(Replaying([Deviation(2, 2)]))
    recording.begin()
    places = [recording.choose(ready) for ready in [(1,), (1, 2), (1,), (1, 2), (1, 2, 3)]]
    assert places == [0, 0, 0, 1, 1]
    assert recording.order == (Deviation(2, 2),)


def test_a_deviation_that_does_not_apply_is_told() -> None:
    replay = Replaying([Deviation(1, 3), Deviation(2, 2), Deviation(3, 1)])
    for ready in [(1, 2), (1, 2)]:
        replay.choose(ready)
    assert replay.outstanding == (Deviation(1, 3), Deviation(3, 1))

"""The bounded search finds exactly what brute force finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from llm_sim.errors import NondeterminismError, UsageError
from llm_sim.schedulers import PreemptionBounded
from tests.schedulers.brute_force import Order, every_order
from tests.schedulers.programs import (
    SMALL,
    Program,
    Told,
    chooser,
    lost_update,
    three_yielding,
    told_by,
    two_yielding,
)


def searched(program: Program, preemptions: int | None) -> Iterator[tuple[Order, Told]]:
    """Yield each order that the search tries, with what the program said in it."""
    search = PreemptionBounded(preemptions)
    while search.begin():
        order: list[int] = []
        said = told_by(program, chooser(search.choose, order))
        yield tuple(order), said


@pytest.mark.parametrize("program", SMALL)
def test_without_a_bound_it_tries_every_order_once(program: Program) -> None:
    orders = [order for order, _ in searched(program, None)]
    assert sorted(orders) == sorted(every_order(program))


@pytest.mark.parametrize("preemptions", [0, 1, 2])
@pytest.mark.parametrize("program", SMALL)
def test_with_a_bound_it_tries_every_order_with_so_many_preemptions_once(
    program: Program, preemptions: int
) -> None:
    orders = [order for order, _ in searched(program, preemptions)]
    within = [order for order, count in every_order(program).items() if count <= preemptions]
    assert sorted(orders) == sorted(within)


def test_the_number_of_orders_is_the_one_that_can_be_counted_by_hand() -> None:
    # Two tasks of three steps: 6 over 3; all of one and then the other; one cut in two, with the
    # other in between.
    assert [len(list(searched(two_yielding, most))) for most in (None, 0, 1)] == [20, 2, 6]
    # Three tasks of two steps: 6! / 2!**3, and 3! without a preemption.
    assert [len(list(searched(three_yielding, most))) for most in (None, 0)] == [90, 6]


def test_a_bug_of_one_preemption_is_found_with_one_and_not_without() -> None:
    ends = [{said[-1] for _, said in searched(lost_update, most)} for most in (0, 1)]
    assert ends == [{"2"}, {"1", "2"}]


def test_the_first_order_runs_each_task_until_it_waits() -> None:
    assert next(searched(two_yielding, 2))[1] == ["a", "a", "a", "b", "b", "b"]


def test_a_search_that_is_over_stays_over() -> None:
    search = PreemptionBounded(0)
    while search.begin():
        told_by(two_yielding, search.choose)
    assert [search.begin(), search.begin()] == [False, False]


def test_a_program_that_is_not_the_same_twice_is_told() -> None:
    search = PreemptionBounded(None)
    search.begin()
    search.choose((1, 2))
    search.begin()
    with pytest.raises(NondeterminismError) as refused:
        search.choose((1, 2, 3))
    assert refused.value.first_difference == (
        "choice 1 is one of lanes 1, 2, 3, and was one of 1, 2 in the same order before"
    )


def test_a_negative_bound_is_refused() -> None:
    with pytest.raises(UsageError, match="preemptions must be at least 0, not -1"):
        PreemptionBounded(-1)

"""What each policy chooses, and what none of them breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from llm_sim.errors import UsageError
from llm_sim.loop import SimLoop
from llm_sim.schedulers import Fifo, Pct, Pos, RandomWalk, Scheduler
from tests.schedulers.policies import POLICIES, SEEDED, runs
from tests.schedulers.programs import (
    SMALL,
    Program,
    Told,
    in_turn,
    lost_update,
    one_late,
    starting,
    three_yielding,
    told_by,
    yields,
)

seeded = pytest.mark.parametrize("make", SEEDED.values(), ids=SEEDED.keys())
each = pytest.mark.parametrize("make", POLICIES.values(), ids=POLICIES.keys())


@pytest.mark.parametrize("program", SMALL)
def test_first_in_first_out_is_what_the_plain_loop_does(program: Program) -> None:
    assert told_by(program, Fifo().choose) == told_by(program, None)


@seeded
def test_one_seed_gives_the_same_runs(make: Callable[[int], Scheduler]) -> None:
    first, second = (list(runs(make(7), three_yielding, 30)) for _ in range(2))
    assert first == second


@seeded
def test_another_seed_gives_other_runs(make: Callable[[int], Scheduler]) -> None:
    first, second = (list(runs(make(seed), three_yielding, 30)) for seed in (7, 8))
    assert first != second


@seeded
def test_one_seed_gives_many_orders(make: Callable[[int], Scheduler]) -> None:
    assert len({tuple(said) for said in runs(make(7), three_yielding, 200)}) > 12


# A bug of one ordering that a random walk hardly ever gets right: it takes nine lucky steps.


def tries_until_late(scheduler: Scheduler) -> int:
    for tries, said in enumerate(runs(scheduler, one_late, 5_000), 1):
        if said[-1] == "one":
            return tries
    return 5_000


def test_partial_order_sampling_needs_few_runs_where_a_random_walk_needs_many() -> None:
    seeds = range(20)
    mean = [sum(tries_until_late(make(seed)) for seed in seeds) / 20 for make in (Pos, RandomWalk)]
    # The chances are 1/10 and 1/512 a run.
    assert mean == [11.45, 449.75]


# The guarantee of the paper: at least 1 / (n * k**(d - 1)) of the runs, with n lanes and k steps.


def is_late(said: Told) -> bool:
    return said[-1] == "one"


def is_lost(said: Told) -> bool:
    return said[-1] == "1"


def is_in_turn(said: Told) -> bool:
    return said == ["a1", "b1", "a2", "b2"]


@pytest.mark.parametrize(
    ("program", "found", "steps", "depth"),
    [(one_late, is_late, 10, 1), (lost_update, is_lost, 4, 2), (in_turn, is_in_turn, 4, 3)],
)
def test_a_bug_of_some_depth_is_found_as_often_as_the_paper_guarantees(
    program: Program, found: Callable[[Told], bool], steps: int, depth: int
) -> None:
    hits = sum(map(found, runs(Pct(0, steps=steps, depth=depth), program, 1000)))
    assert hits >= 1000 / (2 * steps ** (depth - 1))


@pytest.mark.parametrize(
    ("program", "found", "depth"), [(lost_update, is_lost, 1), (in_turn, is_in_turn, 2)]
)
def test_a_bug_that_is_deeper_than_asked_for_is_not_found(
    program: Program, found: Callable[[Told], bool], depth: int
) -> None:
    assert sum(map(found, runs(Pct(0, steps=4, depth=depth), program, 1000))) == 0


def test_who_is_demoted_later_may_rank_above_who_was_demoted_before_or_below() -> None:
    program = starting(yields("a", 1), yields("b", 1), yields("c", 0))
    said = {"".join(said) for said in runs(Pct(0, steps=5, depth=3), program, 2000)}
    assert {"abcba", "abcab"} <= said


@pytest.mark.parametrize(("steps", "depth"), [(0, 1), (1, 0)])
def test_a_program_without_steps_and_a_bug_without_depth_are_refused(
    steps: int, depth: int
) -> None:
    with pytest.raises(UsageError, match="must be at least 1, not 0"):
        Pct(0, steps=steps, depth=depth)


# What asyncio's primitives promise, they keep in every order.


@each
def test_callbacks_run_in_the_order_in_which_they_were_scheduled(
    make: Callable[[], Scheduler],
) -> None:
    def program(loop: SimLoop, said: Told) -> None:
        starting(yields("-", 2), yields("-", 2))(loop, said)
        for name in "xyz":
            loop.call_soon(said.append, name)

    for said in runs(make(), program, 30):
        assert [name for name in said if name != "-"] == ["x", "y", "z"]


@each
def test_a_lock_is_handed_over_in_the_order_in_which_it_was_asked_for(
    make: Callable[[], Scheduler],
) -> None:
    def program(loop: SimLoop, said: Told) -> None:
        lock = asyncio.Lock()
        asked: Told = []

        def inside(name: str) -> Callable[[Told], object]:
            async def body(said: Told) -> None:
                asked.append(name)
                async with lock:
                    await asyncio.sleep(0)
                    said.append(f"{name} was no. {asked.index(name)}")

            return body

        starting(*(inside(name) for name in "abcd"))(loop, said)  # type: ignore[arg-type]

    for said in runs(make(), program, 50):
        assert [words.split(" ", 1)[1] for words in said] == [f"was no. {nth}" for nth in range(4)]


@each
def test_a_semaphore_lets_no_more_in_than_it_may(make: Callable[[], Scheduler]) -> None:
    def program(loop: SimLoop, said: Told) -> None:
        semaphore = asyncio.Semaphore(2)

        async def body(said: Told) -> None:
            async with semaphore:
                said.append("in")
                await asyncio.sleep(0)
                said.append("out")

        starting(*[body] * 5)(loop, said)

    for said in runs(make(), program, 50):
        inside = [said[: place + 1].count("in") - said[:place].count("out") for place in range(10)]
        assert len(said) == 10
        assert max(inside) <= 2


@each
def test_a_queue_gives_in_the_order_in_which_it_was_given(make: Callable[[], Scheduler]) -> None:
    def program(loop: SimLoop, said: Told) -> None:
        queue: asyncio.Queue[str] = asyncio.Queue(2)

        async def produce(said: Told) -> None:
            for item in "123456":
                await queue.put(item)

        async def consume(said: Told) -> None:
            for _ in range(3):
                item = await queue.get()
                said.append(item)
                await asyncio.sleep(0)

        starting(produce, consume, consume)(loop, said)

    for said in runs(make(), program, 50):
        assert "".join(said) == "123456"


@each
def test_a_timeout_ends_what_it_guards_and_nothing_else(make: Callable[[], Scheduler]) -> None:
    def program(loop: SimLoop, said: Told) -> None:
        async def body(said: Told) -> None:
            said.append(await asyncio.wait_for(asyncio.sleep(1, "in time"), 2))
            try:
                await asyncio.wait_for(asyncio.sleep(2), 1)
            except TimeoutError:
                said.append("too late")

        starting(body, body)(loop, said)

    for said in runs(make(), program, 30):
        assert sorted(said) == ["in time", "in time", "too late", "too late"]

"""Virtual time: when timers fire, in which order, and what the clock reads then."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

import pytest

from llm_sim.loop import SimLoop


def test_time_starts_at_zero_and_moves_only_to_timers(loop: SimLoop) -> None:
    seen: list[tuple[float, int]] = []
    seen.append((loop.time(), loop.time_ns))
    loop.call_later(2.5, lambda: seen.append((loop.time(), loop.time_ns)))
    loop.call_soon(lambda: seen.append((loop.time(), loop.time_ns)))
    assert loop.run_until_idle() == "idle"
    assert seen == [(0.0, 0), (0.0, 0), (2.5, 2_500_000_000)]


def test_timers_of_one_instant_fire_in_the_order_of_their_creation(loop: SimLoop) -> None:
    fired: list[str] = []
    loop.call_at(2.0, fired.append, "c")
    loop.call_at(1.0, fired.append, "a")
    loop.call_at(1.0, fired.append, "b")
    loop.run_until_idle()
    assert fired == ["a", "b", "c"]


def test_deadlines_within_one_nanosecond_fire_by_deadline(loop: SimLoop) -> None:
    fired: list[str] = []
    loop.call_at(1.0000000002, fired.append, "later")
    loop.call_at(1.0, fired.append, "earlier")
    loop.run_until_idle()
    assert fired == ["earlier", "later"]
    assert loop.time_ns == 1_000_000_000


@pytest.mark.parametrize(
    "when",
    [0.1, 0.1 + 0.2, 1 / 3, 1e-9, 1.4e-9, 0.4e-9, 123456.789012345678, 1e9 + 0.1, 1e15 + 0.3],
)
def test_the_clock_has_reached_the_deadline_when_a_timer_fires(loop: SimLoop, when: float) -> None:
    readings: list[float] = []
    loop.call_at(when, lambda: readings.append(loop.time()))
    loop.run_until_idle()
    assert readings[0] >= when
    assert math.isclose(readings[0], max(when, 1e-9), rel_tol=1e-9)


def test_sums_of_delays_give_round_nanoseconds(loop: SimLoop) -> None:
    moments: list[int] = []

    async def sleep_often() -> None:
        for _ in range(10):
            await asyncio.sleep(0.1)
            moments.append(loop.time_ns)

    loop.run_until_complete(sleep_often())
    assert moments == [100_000_000 * i for i in range(1, 11)]


def test_code_that_arms_its_deadline_again_at_the_deadline_passes_it(loop: SimLoop) -> None:
    """What aiohttp issue 10149 does: it spins for ever on a clock that stands still."""
    readings: list[float] = []

    def check(deadline: float) -> None:
        readings.append(loop.time())
        if loop.time() <= deadline:
            loop.call_at(deadline, check, deadline)

    loop.call_at(5.0, check, 5.0)
    assert loop.run_until_idle() == "idle"
    assert readings == [5.0, 5.000000001]


def test_every_jump_moves_the_reading_even_where_floats_are_coarser_than_nanoseconds(
    loop: SimLoop,
) -> None:
    readings: list[float] = []

    def check(deadline: float) -> None:
        readings.append(loop.time())
        if loop.time() <= deadline:
            loop.call_at(deadline, check, deadline)

    century = 3.2e9
    loop.call_at(century, check, century)
    loop.run_until_idle()
    assert readings == [century, math.nextafter(century, math.inf)]


def test_a_program_that_never_passes_its_own_deadline_ends_at_the_bound_of_steps() -> None:
    loop = SimLoop(max_steps=100)

    def again() -> None:
        loop.call_at(0.0, again)

    again()
    assert loop.run_until_idle() == "steps"
    assert loop.steps == 100
    assert loop.time_ns == 50
    loop.close()


def test_a_timer_that_is_due_already_fires_while_others_stay_busy(loop: SimLoop) -> None:
    """On stock asyncio it joins the queue at the next iteration, not when the program rests."""
    happened: list[str] = []

    async def busy() -> None:
        while "timer" not in happened:
            happened.append("busy")
            await asyncio.sleep(0)

    async def main() -> None:
        loop.call_later(0, happened.append, "timer")
        await busy()

    loop.run_until_complete(main())
    assert happened == ["busy", "busy", "timer"]


def test_a_cancelled_overdue_timer_does_not_let_the_clock_jump_past_ready_work(
    loop: SimLoop,
) -> None:
    happened: list[tuple[str, int]] = []

    def note(name: str) -> None:
        happened.append((name, loop.time_ns))

    loop.call_later(9, note, "far")
    loop.call_later(0, note, "cancelled").cancel()
    loop.call_soon(note, "ready")
    loop.run_until_idle()
    assert happened == [("ready", 0), ("far", 9_000_000_000)]


def test_a_cancelled_timer_that_was_due_does_not_bring_the_next_one_forward(loop: SimLoop) -> None:
    order: list[str] = []
    loop.call_at(1e-9, order.append, "in a nanosecond")
    loop.call_later(0, order.append, "never").cancel()
    loop.call_soon(loop.call_soon, order.append, "ready")
    loop.run_until_idle()
    assert order == ["ready", "in a nanosecond"]


def test_a_cancelled_timer_never_fires_and_does_not_move_the_clock(loop: SimLoop) -> None:
    fired: list[str] = []
    loop.call_later(1, fired.append, "kept")
    loop.call_later(2, fired.append, "cancelled").cancel()
    assert loop.timers == 1
    loop.run_until_idle()
    assert (fired, loop.time(), loop.timers) == (["kept"], 1.0, 0)


def test_many_cancelled_timers_are_dropped_from_memory(loop: SimLoop) -> None:
    for _ in range(1000):
        loop.call_later(60, print).cancel()
    loop.call_later(1, int)
    assert loop.timers == 1
    assert len(loop._clock._heap) < 200


def test_a_timer_cancelled_by_another_of_the_same_instant_does_not_run(loop: SimLoop) -> None:
    fired: list[str] = []
    handles: list[asyncio.TimerHandle] = []

    def cancel() -> None:
        handles[0].cancel()

    loop.call_at(1, cancel)
    handles.append(loop.call_at(1, fired.append, "cancelled"))
    loop.run_until_idle()
    assert fired == []
    assert (loop.steps, loop.timers) == (2, 0)


@pytest.mark.parametrize("when", [math.inf, 1e300])
def test_a_timer_that_never_comes_leaves_the_loop_idle(loop: SimLoop, when: float) -> None:
    loop.call_at(when, print)
    assert loop.run_until_idle() == "idle"
    assert (loop.time(), loop.timers) == (0.0, 1)


def test_the_past_is_due_at_once(loop: SimLoop) -> None:
    fired: list[float] = []
    loop.call_at(-math.inf, lambda: fired.append(loop.time()))
    loop.call_later(-5, lambda: fired.append(loop.time()))
    loop.run_until_idle()
    assert fired == [1e-9, 1e-9]


@pytest.mark.parametrize("call", [SimLoop.call_later, SimLoop.call_at])
def test_no_moment_is_a_type_error(loop: SimLoop, call: Callable[..., object]) -> None:
    with pytest.raises(TypeError, match="None"):
        call(loop, None, print)


def test_a_timer_tells_the_moment_it_was_set_for(loop: SimLoop) -> None:
    assert loop.call_at(0.1 + 0.2, print).when() == 0.1 + 0.2
    assert loop.call_later(3, print).when() == 3.0

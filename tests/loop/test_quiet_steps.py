"""Before and after a quiet step an outside event makes the same run: held to brute force."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from llm_sim.loop import Instrument, QuietSteps, SimLoop

Program = Callable[[SimLoop, Callable[[str], None]], object]
"""Schedules work on a loop; what runs says its name."""


class EveryStep(QuietSteps):
    """A wrong equivalence: no step makes a difference."""

    def on_step(self, step: int, time_ns: int, callback: Callable[..., object]) -> None:
        self.steps.add(step)


def log_of(
    program: Program, event_at: int | None = None, instrument: Instrument | None = None
) -> list[tuple[int, int, str]]:
    """Return what ran, each with its step and its time, with an outside event at a step."""
    loop = SimLoop()
    log: list[tuple[int, int, str]] = []

    def say(name: str) -> None:
        log.append((loop.steps, loop.time_ns, name))

    def event() -> None:
        say("event")
        loop.call_soon(say, "behind the event")
        loop.call_later(0, say, "overdue behind the event")

    if instrument is not None:
        loop.add_instrument(instrument)
    program(loop, say)
    if event_at is not None:
        loop.call_at_step(event_at, event)
    while loop.run_until_idle() == "stopped":
        say("stopped")
    loop.close()
    return log


def quiet(program: Program) -> set[int]:
    instrument = QuietSteps()
    log_of(program, instrument=instrument)
    return instrument.steps


def parted(program: Program, steps: set[int]) -> list[int]:
    """Return the steps before and after which an outside event does not make the same run."""
    return [n for n in sorted(steps) if log_of(program, n - 1) != log_of(program, n)]


def three_callbacks(loop: SimLoop, say: Callable[[str], None]) -> None:
    for name in "abc":
        loop.call_soon(say, name)


def test_a_step_that_appends_nothing_is_quiet() -> None:
    # Before `a` the iteration begins, behind `c` nothing is left.
    assert quiet(three_callbacks) == {2}
    assert parted(three_callbacks, {2}) == []


def appends(loop: SimLoop, say: Callable[[str], None]) -> None:
    loop.call_soon(say, "a")
    loop.call_soon(loop.call_soon, say, "b")
    loop.call_soon(say, "c")


def appends_and_drops(loop: SimLoop, say: Callable[[str], None]) -> None:
    """As many entries are appended as cancelled ones leave the queue."""
    loop.call_soon(say, "a")
    loop.call_soon(loop.call_soon, say, "b")
    loop.call_soon(say, "cancelled").cancel()
    loop.call_soon(say, "c")


def is_alone(loop: SimLoop, say: Callable[[str], None]) -> None:
    loop.call_later(1, say, "timer")
    loop.call_soon(say, "a")
    loop.call_soon(say, "b")


def another_event_before(loop: SimLoop, say: Callable[[str], None]) -> None:
    """The other event is armed behind the first one, for the same step."""
    loop.call_soon(lambda: loop.call_at_step(1, say, "another event"))
    loop.call_soon(say, "b")
    loop.call_soon(say, "c")


def another_event_behind(loop: SimLoop, say: Callable[[str], None]) -> None:
    loop.call_at_step(2, say, "another event")
    three_callbacks(loop, say)


def first_of_its_iteration(loop: SimLoop, say: Callable[[str], None]) -> None:
    loop.call_soon(say, "a")
    loop.call_soon(loop.call_later, 0, say, "overdue")


def first_behind_a_cancelled_one(loop: SimLoop, say: Callable[[str], None]) -> None:
    def a() -> None:
        loop.call_soon(loop.call_later, 0, say, "overdue")
        loop.call_soon(say, "c")

    loop.call_soon(a)
    loop.call_soon(say, "cancelled").cancel()


@pytest.mark.parametrize(
    ("program", "step"),
    [
        (appends, 2),
        (appends_and_drops, 2),
        (is_alone, 2),
        (another_event_before, 2),
        (another_event_behind, 2),
        (first_of_its_iteration, 1),
        (first_behind_a_cancelled_one, 2),
    ],
)
def test_a_step_that_makes_a_difference_is_not_quiet(program: Program, step: int) -> None:
    assert step not in quiet(program)
    assert parted(program, {step}) == [step]


def test_a_jump_of_the_clock_is_not_quiet() -> None:
    def two_timers(loop: SimLoop, say: Callable[[str], None]) -> None:
        loop.call_later(1, say, "a")
        loop.call_later(1, say, "b")

    assert quiet(two_timers) == set()
    assert parted(two_timers, {1}) == [1]


def drawn(seed: int) -> Program:
    """Return a program of some twenty callbacks, which schedule, cancel and stop at will."""

    def program(loop: SimLoop, say: Callable[[str], None]) -> None:
        chance = random.Random(seed)
        plans = {
            number: [chance.choice(_ACTIONS) for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3)))]
            for number in range(20)
        }
        handles: list[asyncio.Handle] = []
        waiting = list(range(20))

        def spawn(how: Callable[..., Any]) -> None:
            if waiting:
                handles.append(how(work, waiting.pop(0)))

        def work(number: int) -> None:
            say(str(number))
            for action in plans[number]:
                if action == "soon":
                    spawn(loop.call_soon)
                elif action == "later":
                    spawn(lambda *what: loop.call_later(number % 3, *what))
                elif action == "event":
                    spawn(lambda *what: loop.call_at_step(loop.steps + number % 3, *what))
                elif action == "cancel":
                    handles[(number * 7) % len(handles)].cancel()
                else:
                    loop.stop()

        for _ in range(4):
            spawn(loop.call_soon)

    return program


_ACTIONS = ("soon", "soon", "soon", "later", "event", "cancel", "stop")


def test_an_event_before_and_after_a_quiet_step_makes_the_same_run() -> None:
    found = 0
    for seed in range(400):
        steps = quiet(drawn(seed))
        assert parted(drawn(seed), steps) == [], seed
        found += len(steps)
    assert found > 400


def test_a_wrong_equivalence_is_caught_by_that_comparison() -> None:
    instrument = EveryStep()
    log_of(drawn(0), instrument=instrument)
    assert parted(drawn(0), instrument.steps) != []

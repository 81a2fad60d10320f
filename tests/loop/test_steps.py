"""Steps: what counts as one, where outside events join, and where bounds cut."""

from __future__ import annotations

import asyncio

import pytest

from llm_sim.errors import UsageError
from llm_sim.loop import SimLoop


class Journal:
    """Note what ran at which step."""

    def __init__(self, loop: SimLoop) -> None:
        self.loop = loop
        self.entries: list[tuple[int, str]] = []

    def note(self, what: str) -> None:
        self.entries.append((self.loop.steps, what))

    async def work(self, name: str, yields: int) -> None:
        for _ in range(yields):
            self.note(name)
            await asyncio.sleep(0)


def test_a_callback_and_a_jump_are_a_step_each(loop: SimLoop) -> None:
    journal = Journal(loop)
    loop.call_soon(journal.note, "first")
    loop.call_soon(journal.note, "second")
    loop.call_later(1, journal.note, "timer")
    assert loop.steps == 0
    loop.run_until_idle()
    assert journal.entries == [(1, "first"), (2, "second"), (4, "timer")]
    assert loop.steps == 4


def test_a_cancelled_handle_is_no_step(loop: SimLoop) -> None:
    journal = Journal(loop)
    loop.call_soon(journal.note, "a")
    loop.call_soon(journal.note, "cancelled").cancel()
    loop.call_soon(journal.note, "b")
    loop.run_until_idle()
    assert journal.entries == [(1, "a"), (2, "b")]


def test_an_outside_event_joins_the_end_of_the_queue_at_its_step(loop: SimLoop) -> None:
    journal = Journal(loop)
    for name in "abcd":
        loop.call_soon(journal.note, name)
    loop.call_at_step(2, journal.note, "event")
    loop.run_until_idle()
    assert journal.entries == [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "event")]


def test_an_outside_event_comes_before_what_later_steps_schedule(loop: SimLoop) -> None:
    journal = Journal(loop)

    def schedule(name: str) -> None:
        journal.note(name)
        loop.call_soon(journal.note, f"{name}'s")

    for name in "abc":
        loop.call_soon(schedule, name)
    loop.call_at_step(2, journal.note, "event")
    loop.run_until_idle()
    assert [what for _, what in journal.entries] == ["a", "b", "c", "a's", "b's", "event", "c's"]


def test_an_outside_event_in_a_gap_comes_halfway_to_the_next_timer(loop: SimLoop) -> None:
    seen: list[tuple[int, int]] = []
    loop.call_soon(int)
    loop.call_later(1, int)
    loop.call_at_step(1, lambda: seen.append((loop.steps, loop.time_ns)))
    loop.run_until_idle()
    assert seen == [(2, 500_000_000)]


def test_cancelled_handles_do_not_hold_an_outside_event_of_a_gap(loop: SimLoop) -> None:
    seen: list[tuple[int, int]] = []
    cancelled = loop.call_later(1, int)
    loop.call_soon(lambda: loop.call_soon(int).cancel())
    loop.call_later(1, int)
    cancelled.cancel()
    loop.call_at_step(1, lambda: seen.append((loop.steps, loop.time_ns)))
    loop.run_until_idle()
    assert seen == [(2, 500_000_000)]


def test_an_outside_event_behind_a_timer_is_in_the_iteration_after_it(loop: SimLoop) -> None:
    journal = Journal(loop)

    def timer() -> None:
        journal.note("timer")
        loop.call_later(0, journal.note, "due at once")

    def event() -> None:
        journal.note("event")
        loop.call_soon(journal.note, "event's")

    loop.call_later(1, timer)
    loop.call_at_step(1, event)
    loop.run_until_idle()
    assert [what for _, what in journal.entries] == ["timer", "event", "due at once", "event's"]


def test_an_outside_event_when_nothing_is_left_comes_at_once(loop: SimLoop) -> None:
    seen: list[tuple[int, int]] = []
    loop.call_soon(int)
    loop.call_at_step(1, lambda: seen.append((loop.steps, loop.time_ns)))
    loop.run_until_idle()
    assert seen == [(2, 0)]


def test_a_timer_keeps_its_deadline_when_an_outside_event_comes_in_the_gap(loop: SimLoop) -> None:
    fired: list[int] = []
    loop.call_soon(int)
    loop.call_later(1, lambda: fired.append(loop.time_ns))
    loop.call_at_step(1, int)
    loop.run_until_idle()
    assert fired == [1_000_000_000]


def test_an_outside_event_of_a_step_that_is_past_joins_at_once(loop: SimLoop) -> None:
    journal = Journal(loop)
    loop.call_soon(int)
    loop.run_until_idle()
    loop.call_at_step(1, journal.note, "event")
    loop.call_soon(journal.note, "behind")
    loop.run_until_idle()
    assert journal.entries == [(2, "event"), (3, "behind")]


def test_an_outside_event_of_the_current_step_joins_when_the_step_is_done(loop: SimLoop) -> None:
    journal = Journal(loop)

    def first() -> None:
        loop.call_at_step(loop.steps, journal.note, "event")
        loop.call_soon(journal.note, "scheduled after it, in the same step")

    loop.call_soon(first)
    loop.call_soon(journal.note, "second")
    loop.run_until_idle()
    assert journal.entries == [
        (2, "second"),
        (3, "scheduled after it, in the same step"),
        (4, "event"),
    ]


def test_an_outside_event_set_during_a_run_is_in_time(loop: SimLoop) -> None:
    journal = Journal(loop)

    def schedule(name: str) -> None:
        loop.call_soon(journal.note, f"{name}'s")

    loop.call_soon(lambda: loop.call_at_step(3, journal.note, "event"))
    for name in "bcd":
        loop.call_soon(schedule, name)
    loop.run_until_idle()
    assert [what for _, what in journal.entries] == ["b's", "c's", "event", "d's"]


def test_outside_events_of_one_step_join_in_the_order_of_their_creation(loop: SimLoop) -> None:
    journal = Journal(loop)
    loop.call_soon(int)
    for name in "abc":
        loop.call_at_step(1, journal.note, name)
    loop.run_until_idle()
    assert journal.entries == [(2, "a"), (3, "b"), (4, "c")]


def test_an_event_that_joins_a_stopped_iteration_waits_for_the_next_run(loop: SimLoop) -> None:
    """Behind the callback that stops, nothing but a cancelled handle is left of its iteration."""
    journal = Journal(loop)
    loop.call_soon(loop.stop)
    loop.call_soon(journal.note, "cancelled").cancel()
    loop.call_at_step(1, journal.note, "event")
    loop.run_until_idle()
    assert journal.entries == []
    loop.run_until_idle()
    assert journal.entries == [(2, "event")]


def test_a_cancelled_outside_event_does_not_happen(loop: SimLoop) -> None:
    journal = Journal(loop)
    loop.call_soon(int)
    loop.call_at_step(1, journal.note, "event").cancel()
    loop.run_until_idle()
    assert (journal.entries, loop.steps) == ([], 1)


def test_an_outside_event_beyond_the_last_step_stays_where_it_is(loop: SimLoop) -> None:
    journal = Journal(loop)
    loop.call_soon(int)
    loop.call_at_step(2, journal.note, "event")
    assert loop.run_until_idle() == "idle"
    assert journal.entries == []
    loop.call_soon(int)
    loop.run_until_idle()
    assert journal.entries == [(3, "event")]


def test_an_outside_event_for_every_step_of_a_program_lands_there(loop: SimLoop) -> None:
    landed = []
    for step in range(13):
        loop = SimLoop()
        journal = Journal(loop)
        tasks = [loop.create_task(journal.work(name, 3), name=name) for name in "abc"]
        loop.call_at_step(step, journal.note, "event")
        loop.run_until_idle()
        assert all(task.done() for task in tasks)
        landed += [step for step, what in journal.entries if what == "event"]
        loop.close()
    assert landed == [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 13, 13, 13]


def test_a_bound_of_steps_cuts_the_run_and_a_later_run_goes_on(loop: SimLoop) -> None:
    journal = Journal(loop)
    for name in "abc":
        loop.call_soon(journal.note, name)
    loop.max_steps = 2
    assert loop.run_until_idle() == "steps"
    assert journal.entries == [(1, "a"), (2, "b")]
    loop.max_steps = None
    assert loop.run_until_idle() == "idle"
    assert journal.entries == [(1, "a"), (2, "b"), (3, "c")]


def test_a_bound_of_exactly_the_steps_needed_leaves_the_loop_idle(loop: SimLoop) -> None:
    loop.call_soon(int)
    loop.call_later(1, int)
    loop.call_later(2, int).cancel()
    loop.max_steps = 3
    assert loop.run_until_idle() == "idle"


def test_a_cancelled_handle_behind_the_bound_is_no_unfinished_work(loop: SimLoop) -> None:
    loop.call_soon(int)
    loop.call_soon(int).cancel()
    loop.max_steps = 1
    assert loop.run_until_idle() == "idle"


def test_a_cancelled_outside_event_at_the_bound_is_no_unfinished_work(loop: SimLoop) -> None:
    loop.call_soon(int)
    loop.call_at_step(1, int).cancel()
    loop.max_steps = 1
    assert loop.run_until_idle() == "idle"


def test_a_bound_of_steps_applies_to_a_jump(loop: SimLoop) -> None:
    loop.call_later(1, int)
    loop.max_steps = 0
    assert loop.run_until_idle() == "steps"
    assert loop.time_ns == 0


def test_a_bound_of_time_keeps_the_clock_from_jumping_beyond_it(loop: SimLoop) -> None:
    journal = Journal(loop)
    loop.max_time_ns = 2_000_000_000
    for delay in (1, 2, 3):
        loop.call_later(delay, journal.note, f"{delay} s")
    assert loop.run_until_idle() == "time"
    assert journal.entries == [(2, "1 s"), (4, "2 s")]
    assert (loop.time(), loop.timers) == (2.0, 1)
    loop.max_time_ns = None
    assert loop.run_until_idle() == "idle"
    assert journal.entries[2:] == [(6, "3 s")]


def test_an_overdue_timer_at_the_bound_of_time_lets_ready_work_finish(loop: SimLoop) -> None:
    journal = Journal(loop)
    loop.max_time_ns = 0
    loop.call_later(0, journal.note, "timer")
    loop.call_soon(journal.note, "ready")
    assert loop.run_until_idle() == "time"
    assert journal.entries == [(1, "ready")]


async def _mixed_program(journal: Journal) -> None:
    loop = journal.loop
    queue: asyncio.Queue[str] = asyncio.Queue(2)

    async def produce() -> None:
        for item in "xyz":
            await queue.put(item)
            await asyncio.sleep(0.5)

    async def consume() -> None:
        for _ in range(3):
            journal.note(await queue.get())
            loop.call_later(0, journal.note, "overdue")
            loop.call_soon(journal.note, "cancelled").cancel()

    await asyncio.gather(produce(), consume(), journal.work("busy", 5))


def test_a_run_in_slices_of_one_step_equals_a_run_in_one() -> None:
    journals = []
    for slices in (False, True):
        loop = SimLoop()
        journal = Journal(loop)
        loop.create_task(_mixed_program(journal))
        loop.call_at_step(7, journal.note, "event")
        if slices:
            loop.max_steps = 1
            while loop.run_until_idle() == "steps":
                loop.max_steps += 1
        else:
            loop.run_until_idle()
        journals.append((journal.entries, loop.steps, loop.time_ns))
        loop.close()
    assert journals[0] == journals[1]
    assert len(journals[0][0]) == 12


def test_an_idle_loop_is_idle_at_once(loop: SimLoop) -> None:
    assert loop.run_until_idle() == "idle"
    assert (loop.steps, loop.time_ns) == (0, 0)


def test_stop_is_reported_as_such(loop: SimLoop) -> None:
    loop.call_soon(loop.stop)
    loop.call_later(1, int)
    assert loop.run_until_idle() == "stopped"
    assert loop.run_until_idle() == "idle"


@pytest.mark.parametrize("bound", ["max_steps", "max_time_ns"])
def test_a_negative_bound_is_refused_with_its_value(bound: str) -> None:
    with pytest.raises(UsageError, match=f"{bound} must be None or at least 0, not -1"):
        SimLoop(**{bound: -1})

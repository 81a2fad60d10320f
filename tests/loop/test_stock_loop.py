"""asyncio's own loop in virtual time: what it adds, and that the simulated loop does the same."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from llm_sim.errors import UnsupportedOperationError
from llm_sim.loop import REMEDIES, Instrument, SimLoop, StockLoop

VirtualLoop = SimLoop | StockLoop

# What decides who runs next, and when.
SCHEDULING = (
    "_add_callback",
    "_process_events",
    "_run_once",
    "_timer_handle_cancelled",
    "call_later",
    "call_soon",
    "run_forever",
    "run_until_complete",
    "stop",
)

# They tie with each other, also when they are added up.
DELAYS = (0, 0, 0.1, 0.1, 0.2, 0.3, 0.01, 1e-8)
MOVES = (
    *("soon", "later", "later", "past", "never", "step", "cancel"),
    *("resolve", "thread", "sleep", "sleep", "wait", "yield"),
)


@contextmanager
def opened(kind: type[VirtualLoop]) -> Iterator[VirtualLoop]:
    """Wind a loop up when its test is over."""
    loop = kind()
    try:
        yield loop
    finally:
        loop.max_steps, loop.max_time_ns = loop.steps + 10_000, None
        for task in loop.tasks():
            task.cancel()
        loop.run_until_idle()
        loop.close()


@pytest.fixture
def stock() -> Iterator[VirtualLoop]:
    """asyncio's own loop."""
    with opened(StockLoop) as loop:
        yield loop


@pytest.mark.parametrize("name", SCHEDULING)
def test_the_scheduling_is_asyncios_own(name: str) -> None:
    assert getattr(StockLoop, name) is getattr(asyncio.SelectorEventLoop, name)


def test_of_what_asyncio_has_only_the_clock_is_ours() -> None:
    own = {name for name in vars(StockLoop) if not name.startswith("__")}
    assert own & set(dir(asyncio.SelectorEventLoop)) == {"call_at", "time"}


class Program(Instrument):
    """A program drawn from a seed: timers that tie, cancellations, futures and outside events."""

    def __init__(self, seed: int, loop: VirtualLoop) -> None:
        self.chance = random.Random(seed)
        self.loop = loop
        self.journal: list[tuple[int, float, str]] = []
        self.handles: list[asyncio.Handle] = []
        self.futures: list[asyncio.Future[None]] = []
        self.made = 0
        loop.add_instrument(self)
        for number in range(5):
            loop.create_task(self.child(12), name=f"child {number}")
        for _ in range(10):
            loop.call_at_step(self.chance.randrange(120), self.note, "outside")

    def on_jump(self, step: int, from_ns: int, to_ns: int) -> None:
        self.journal.append((step, to_ns - from_ns, "jump"))

    def note(self, what: str) -> None:
        self.journal.append((self.loop.steps, self.loop.time(), what))

    async def child(self, moves: int) -> None:
        for _ in range(moves):
            self.note("move")
            await self.move()

    async def move(self) -> None:
        loop, chance = self.loop, self.chance
        self.made += 1
        label = f"made {self.made}"
        delay = chance.choice(DELAYS)
        kind = chance.choice(MOVES)
        if kind == "soon":
            self.handles.append(loop.call_soon(self.note, label))
        elif kind == "later":
            self.handles.append(loop.call_later(delay, self.note, label))
        elif kind == "past":
            self.handles.append(loop.call_at(loop.time() - delay, self.note, label))
        elif kind == "never":
            self.handles.append(loop.call_later(float("inf"), self.note, label))
        elif kind == "step":
            loop.call_at_step(loop.steps + chance.randrange(-2, 20), self.note, label)
        elif kind == "cancel" and self.handles:
            self.handles.pop(chance.randrange(len(self.handles))).cancel()
        elif kind == "resolve" and self.futures:
            future = self.futures.pop(chance.randrange(len(self.futures)))
            if not future.done():
                future.set_result(None)
        elif kind == "thread":
            await asyncio.to_thread(int)
        elif kind == "sleep":
            await asyncio.sleep(delay)
        elif kind == "wait":
            self.futures.append(loop.create_future())
            await asyncio.wait([self.futures[-1]], timeout=delay)
        else:
            await asyncio.sleep(0)


def course(kind: type[VirtualLoop], seed: int, **bounds: int) -> list[object]:
    """Return all that can be seen of a program's course, and how it ended."""
    with opened(kind) as loop:
        loop.max_steps, loop.max_time_ns = bounds.get("steps"), bounds.get("time_ns")
        program = Program(seed, loop)
        outcome = loop.run_until_idle()
        return [*program.journal, outcome, loop.steps, loop.time_ns, loop.timers, loop.waiting()]


@pytest.mark.parametrize("seed", range(100))
def test_a_program_takes_the_same_course_step_by_step(seed: int) -> None:
    assert course(SimLoop, seed) == course(StockLoop, seed)


@pytest.mark.parametrize("steps", range(0, 92, 7))
def test_a_bound_of_steps_cuts_at_the_same_step(steps: int) -> None:
    one, other = course(SimLoop, steps, steps=steps), course(StockLoop, steps, steps=steps)
    assert one == other
    assert one[-5:-3] == ["steps", steps]


@pytest.mark.parametrize("time_ns", [50_000_000, 150_000_000, 250_000_000])
def test_a_bound_of_time_cuts_at_the_same_step(time_ns: int) -> None:
    one, other = course(SimLoop, 1, time_ns=time_ns), course(StockLoop, 1, time_ns=time_ns)
    assert one == other
    assert one[-5] == "time"


def test_programs_of_two_seeds_take_two_courses() -> None:
    assert course(StockLoop, 1) != course(StockLoop, 2)


def test_an_hour_takes_no_time(stock: StockLoop) -> None:
    seen: list[tuple[int, float]] = []
    stock.call_later(3600, lambda: seen.append((stock.time_ns, stock.time())))
    assert stock.run_until_idle() == "idle"
    assert seen == [(3_600_000_000_000, 3600.0)]


def test_timers_of_one_moment_fire_in_the_order_of_their_creation(stock: StockLoop) -> None:
    fired: list[str] = []
    for name in "abcdefgh":
        stock.call_at(1, fired.append, name)
    stock.run_until_idle()
    assert fired == list("abcdefgh")


def test_without_numbers_asyncio_fires_them_in_the_order_of_its_heap() -> None:
    fired: list[str] = []
    loop = asyncio.new_event_loop()
    when = loop.time()
    for name in "abcdefgh":
        loop.call_at(when, fired.append, name)
    loop.call_at(when, loop.stop)
    loop.run_forever()
    loop.close()
    assert sorted(fired) == list("abcdefgh")
    assert fired != list("abcdefgh")


def test_a_program_that_polls_for_ever_is_stopped(stock: StockLoop) -> None:
    def poll() -> None:
        stock.call_soon(poll)

    poll()
    stock.max_steps = 1000
    assert (stock.run_until_idle(), stock.steps) == ("steps", 1000)


def test_a_program_can_stop_it(stock: StockLoop) -> None:
    stock.call_soon(stock.stop)
    assert stock.run_until_idle() == "stopped"


def test_it_runs_inside_another_loop_and_leaves_it_as_it_was(stock: StockLoop) -> None:
    async def outer() -> bool:
        stock.call_soon(int)
        stock.run_until_idle()
        return asyncio.get_running_loop() is loop

    loop = asyncio.new_event_loop()
    inside = loop.run_until_complete(outer())
    loop.close()
    assert (inside, stock.steps) == (True, 1)


@pytest.mark.parametrize("name", REMEDIES)
def test_the_outside_is_refused_and_remembered(stock: StockLoop, name: str) -> None:
    with pytest.raises(UnsupportedOperationError):
        getattr(stock, name)("any", arguments=1)
    assert [error.operation for error in stock.refusals] == [name]


def test_a_thread_of_the_programs_own_ends_the_run(stock: StockLoop) -> None:
    def work() -> None:
        with pytest.raises(UnsupportedOperationError):
            stock.call_soon_threadsafe(int)

    def start() -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    stock.call_soon(start)
    with pytest.raises(UnsupportedOperationError, match="call_soon_threadsafe from a thread"):
        stock.run_until_idle()

"""The order of what happens is that of stock asyncio, on programs drawn at random."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest

from llm_sim.loop import SimLoop


class Program:
    """A program drawn from a seed, made of everything whose order asyncio settles without time."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.journal: list[str] = []
        self.futures: list[asyncio.Future[None]] = []
        self.handles: list[asyncio.Handle] = []
        self.made = 0

    async def main(self) -> list[str]:
        children = [asyncio.create_task(self.child(f"child {i}", 8)) for i in range(5)]
        await asyncio.gather(*children)
        for future in self.futures:
            if not future.done():
                future.set_result(None)
        for _ in range(50):
            await asyncio.sleep(0)
        return self.journal

    async def child(self, name: str, moves: int) -> None:
        for i in range(moves):
            self.journal.append(f"{name} move {i}")
            await self.move(name)

    async def move(self, name: str) -> None:
        loop = asyncio.get_running_loop()
        self.made += 1
        label = f"{name}'s {self.made}"
        kind = self.chance.choice(
            ["yield", "soon", "later", "past", "future", "resolve", "cancel", "task", "stop"]
        )
        if kind == "soon":
            self.handles.append(loop.call_soon(self.journal.append, label))
        elif kind == "later":
            self.handles.append(loop.call_later(0, self.journal.append, label))
        elif kind == "past":
            loop.call_at(loop.time() - 1, self.journal.append, label)
        elif kind == "future":
            future = loop.create_future()
            future.add_done_callback(lambda _: self.journal.append(label))
            self.futures.append(future)
        elif kind == "resolve" and self.futures:
            future = self.futures.pop(self.chance.randrange(len(self.futures)))
            future.set_result(None)
            await future
        elif kind == "cancel" and self.handles:
            self.handles.pop(self.chance.randrange(len(self.handles))).cancel()
        elif kind == "task":
            await asyncio.create_task(self.child(label, 2))
        await asyncio.sleep(0)


def run(seed: int, make_loop: Callable[[], asyncio.AbstractEventLoop]) -> list[str]:
    with asyncio.Runner(loop_factory=make_loop) as runner:
        return runner.run(Program(seed).main())


@pytest.mark.parametrize("seed", range(40))
def test_a_program_takes_the_course_that_it_takes_on_stock_asyncio(seed: int) -> None:
    assert run(seed, SimLoop) == run(seed, asyncio.new_event_loop)

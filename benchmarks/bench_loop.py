"""Compare the simulated loop with stock asyncio: ``python benchmarks/bench_loop.py``.

Prints, for each workload, the ratio of the two times. The loops take turns in one process, so that
a busy machine slows both, and the figure is the median of the rounds.
"""

from __future__ import annotations

import asyncio
import gc
import platform
import statistics
import time
from collections.abc import Callable, Coroutine
from typing import Any

from llm_sim.loop import Instrument, SimLoop

ROUNDS = 15

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


async def _yield(times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def w1() -> None:
    """200 tasks that yield 50 times each."""
    await asyncio.gather(*[_yield(50) for _ in range(200)])


async def w3() -> None:
    """4 workers that take 2,000 items from a queue and yield once for each."""
    await _drain(asyncio.Queue(), yields=1)


async def w3_bounded() -> None:
    """The same with a queue of 10 and no yield: half of the time is that of the queue itself."""
    await _drain(asyncio.Queue(10), yields=0)


async def _drain(queue: asyncio.Queue[int], yields: int) -> None:
    async def work() -> None:
        while True:
            await queue.get()
            await _yield(yields)
            queue.task_done()

    workers = [asyncio.create_task(work()) for _ in range(4)]
    for item in range(2000):
        await queue.put(item)
    await queue.join()
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


async def tiny() -> None:
    """3 tasks that yield 5 times each."""
    await asyncio.gather(*[_yield(5) for _ in range(3)])


class _Watch(Instrument):
    def on_step(self, step: int, time_ns: int, callback: Callable[..., object]) -> None:
        pass


def _watched_loop() -> SimLoop:
    loop = SimLoop()
    loop.add_instrument(_Watch())
    return loop


def _seconds(
    factory: LoopFactory, workload: Callable[[], Coroutine[Any, Any, None]], repeats: int
) -> float:
    gc.collect()
    started = time.perf_counter()
    for _ in range(repeats):
        loop = factory()
        loop.run_until_complete(workload())
        loop.close()
    return time.perf_counter() - started


def ratio(
    factory: LoopFactory, workload: Callable[[], Coroutine[Any, Any, None]], repeats: int
) -> float:
    """Return the time of a workload on a loop, as a multiple of its time on stock asyncio."""
    ratios = []
    for _ in range(ROUNDS):
        ours = _seconds(factory, workload, repeats)
        ratios.append(ours / _seconds(asyncio.new_event_loop, workload, repeats))
    return statistics.median(ratios)


def main() -> None:
    """Print the table."""
    print(f"Python {platform.python_version()}, x stock asyncio, median of {ROUNDS} rounds")
    print(f"{'workload':<12}{'SimLoop':>10}{'watched':>10}")
    for workload, repeats in ((w1, 2), (w3, 2), (w3_bounded, 4), (tiny, 100)):
        plain = ratio(SimLoop, workload, repeats)
        watched = ratio(_watched_loop, workload, repeats)
        print(f"{workload.__name__:<12}{plain:>10.2f}{watched:>10.2f}")


if __name__ == "__main__":
    main()

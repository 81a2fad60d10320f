"""Runs in other processes of this machine."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from itertools import islice
from multiprocessing import active_children, get_context, parent_process, resource_tracker
from multiprocessing.connection import wait
from typing import Any, Final, TypeVar

from llm_sim.errors import SimulationError, UsageError
from llm_sim.exploration._attempts import Attempt, Runs, first_of_their_like
from llm_sim.schedule import Schedule
from llm_sim.simulation import Setup, steady

_T = TypeVar("_T")

_RUNS_PER_CHUNK: Final = 8
_CHUNKS_PER_WORKER: Final = 2


class Workers:
    """Worker processes; made by :func:`worker_processes`."""

    def __init__(self, executor: ProcessPoolExecutor, count: int) -> None:
        self._executor = executor
        self._chunks = count * _CHUNKS_PER_WORKER

    def runs(self, setup: Setup, stop_requested: Callable[[], bool]) -> Runs:
        """Return what makes the runs; the results come in the order of the schedules.

        Args:
            setup: What is run.
            stop_requested: Asked before more runs are handed out.

        Raises:
            UsageError: The bot, the target or the laws cannot be sent to another process.
        """
        packed = _packed(setup)

        def runs(
            do: Callable[[Setup, Schedule], _T], schedules: Iterable[Schedule], /
        ) -> Iterator[_T]:
            waiting = iter(schedules)
            under_way: deque[Future[list[_T]]] = deque()
            while True:
                while len(under_way) < self._chunks and not stop_requested():
                    chunk = list(islice(waiting, _RUNS_PER_CHUNK))
                    if not chunk:
                        break
                    with _deaf_to_ctrl_c():
                        under_way.append(self._executor.submit(_run_chunk, packed, do, chunk))
                if stop_requested():
                    for future in under_way:
                        future.cancel()
                if not under_way or under_way[0].cancelled():
                    return
                yield from under_way.popleft().result()

        return runs


@contextmanager
def worker_processes(count: int) -> Iterator[Workers]:
    """Start worker processes as they are needed; they are gone when this is left.

    What is under test is imported once in each, so explorations one after the other should share
    them.

    Args:
        count: How many processes.

    Raises:
        SimulationError: A worker process has died.
    """
    others = active_children()
    executor = ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=_obey_only_the_parent
    )
    try:
        yield Workers(executor, count)
    except BrokenProcessPool as error:
        raise SimulationError(
            "a worker process has died; use one worker to see what kills it. A script that uses "
            'workers must do so behind `if __name__ == "__main__":`, because each of them imports '
            "the script"
        ) from error
    except BaseException:
        # Whatever ends the exploration early, it does not wait for runs that may never end.
        for process in active_children():
            if process not in others:
                process.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def _packed(setup: Setup) -> bytes:
    parts = (("bot", setup.bot), ("target", setup.target), ("laws", setup.laws))
    for name, part in parts:
        try:
            pickle.dumps(part)
        except Exception as error:
            raise UsageError(
                f"the {name} cannot be sent to a worker process: {error}; use functions and "
                "classes from the top level of a module, none from inside a function and no "
                "lambda, or use one worker"
            ) from error
    return pickle.dumps(setup)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Hold Ctrl-C back while a process may be started, so that it starts with it held back.

    A terminal sends Ctrl-C to every process of its group. A worker ignores it, but not from its
    first instruction on: it has to import this module first.
    """
    if not hasattr(signal, "pthread_sigmask"):  # pragma: no cover - Windows
        yield
        return
    # It is started with the first worker, and would let the signals through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# What follows runs in a worker.


def _obey_only_the_parent() -> None:
    """Ignore Ctrl-C, which is for the parent to hear, and leave when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()


def _leave_with_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _run_chunk(
    packed: bytes, do: Callable[[Setup, Schedule], _T], schedules: list[Schedule]
) -> list[_T]:
    setup = _loaded(packed)
    results: list[Any] = []
    for schedule in schedules:
        results.append(do(setup, schedule))
        _, after_run = _held_collector()
        after_run()
    if all(isinstance(one, Attempt) for one in results):
        results = list(first_of_their_like(results))
    return results


@cache
def _loaded(packed: bytes) -> Setup:
    try:
        setup: Setup = pickle.loads(packed)
    except Exception as error:
        raise UsageError(
            f"a worker process cannot load what is under test: {error!r}; define it in a module "
            "that can be imported, or use one worker"
        ) from error
    return setup


@cache
def _held_collector() -> tuple[AbstractContextManager[Callable[[], None]], Callable[[], None]]:
    """Hold the collector, from behind the first run, which imports the most, to the end."""
    held = steady()
    return held, held.__enter__()

"""What a run borrows from the process, and gives back.

Chance has one source, a ``random.Random`` of the run's own; the code under test draws from it
through ``random``, ``secrets`` and ``uuid``. Warnings that tell of lost coroutines become events of
the trace.
"""

from __future__ import annotations

import gc
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from types import FrameType
from typing import Any, Final, TextIO

from llm_sim.errors import SimulationError

_NEVER_AWAITED: Final = r"coroutine .* was never awaited"


@contextmanager
def exits_told() -> Iterator[None]:
    """Tell when the code under test leaves the process, instead of leaving it.

    Raises:
        SimulationError: It called ``sys.exit``; there is no verdict.
    """
    try:
        yield
    except SystemExit as error:
        raise SimulationError(
            f"the code under test called sys.exit({error.code!r}); a run that it leaves has no "
            "verdict: end the conversation with an EndFrame instead"
        ) from error


def free_earlier_worlds() -> None:
    """Collect what earlier runs have left, before the world of the next one is built.

    A world is cycles all over, and in use when its own run collects. A program that does little
    but run would never come to the collection that frees it. An exploration, which holds the
    collector, collects between its runs.
    """
    if gc.isenabled():
        gc.collect(1)


@contextmanager
def without_collector() -> Iterator[None]:
    """Hold the garbage collector for one run, and collect what the run leaves before it is over.

    What sits in a cycle is freed whenever the collector comes by, which depends on all that the
    process has done. So what is there before the run is freed before it, and what the run leaves
    is freed in it: a coroutine that nobody awaited shows up in the run that lost it.
    """
    enabled = gc.isenabled()
    gc.collect(0)
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the process's chance for the code under test, and restore it.

    That is ``random``, a ``random.Random`` without a seed, and what asks the system:
    ``os.urandom``, and with it ``secrets`` and ``uuid``. Others go on asking the system: other
    threads, and a module that is being imported, which happens in the first run of a process only.
    """
    chance, here = random.Random(seed), get_ident()
    state, urandom, reseed = random.getstate(), os.urandom, random.Random.seed
    random.seed(chance.getrandbits(64))

    def asked_here() -> bool:
        return get_ident() == here and not _importing()

    def drawn(size: int, /) -> bytes:
        return chance.randbytes(size) if asked_here() else urandom(size)

    def seed_here(self: random.Random, a: Any = None, version: int = 2) -> None:
        # Without a seed it would ask the system itself, not `os.urandom`.
        reseed(self, chance.getrandbits(64) if a is None and asked_here() else a, version)

    # `secrets` draws by way of `random`, which has imported the function by name.
    os.urandom = random._urandom = drawn  # type: ignore[attr-defined]
    random.Random.seed = seed_here  # type: ignore[method-assign]
    try:
        yield
    finally:
        os.urandom = random._urandom = urandom  # type: ignore[attr-defined]
        random.Random.seed = reseed  # type: ignore[method-assign]
        random.setstate(state)


def _importing() -> bool:
    """Tell whether what the loop runs is an import."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals.get("__package__") != "llm_sim.loop":
        if frame.f_globals.get("__name__") == "importlib._bootstrap":
            return True
        frame = frame.f_back
    return False


@contextmanager
def lost_coroutines(report: Callable[[str], None]) -> Iterator[None]:
    """Report each coroutine that is thrown away without having been awaited.

    Python says so with a warning when the coroutine is freed. Whatever the user's filters are,
    this one is let through; all others stay as they are.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("always", _NEVER_AWAITED, RuntimeWarning)
        shown = warnings.showwarning

        def showwarning(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> Any:
            if category is RuntimeWarning and "was never awaited" in str(message):
                report(str(message))
            else:
                shown(message, category, filename, lineno, file, line)

        warnings.showwarning = showwarning
        try:
            yield
        finally:
            gc.collect(0)

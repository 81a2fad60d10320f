"""LS501 and LS502: two runs compared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import zip_longest

from llm_sim.errors import NondeterminismError, UsageError
from llm_sim.invariants import Violation
from llm_sim.loop import Instrument, name_of
from llm_sim.recorder import renumbered
from llm_sim.schedule import START, THEN, Schedule
from llm_sim.simulation._run import Run, simulate
from llm_sim.simulation._setup import Setup
from llm_sim.trace import dumps, first_difference


def check_determinism(
    setup: Setup, schedule: Schedule | None = None, *, instrument: Instrument | None = None
) -> Run:
    """Run twice and return the second run (LS501).

    The second one: what an import or a cache costs the first run of a process is behind it.

    Args:
        setup: What is run.
        schedule: What lands where.
        instrument: Watches the steps of the second run; that an instrument changes nothing is
            what comparing the two then shows as well.

    Raises:
        NondeterminismError: The traces differ; it shows where they part.
    """
    first, second = simulate(setup, schedule), simulate(setup, schedule, instrument=instrument)
    if dumps(first.trace) != dumps(second.trace):
        difference = first_difference(first.trace, second.trace)
        parting = "the headers differ" if difference is None else difference.in_words()
        third = simulate(setup, schedule)
        raise NondeterminismError(parting, settles=dumps(third.trace) == dumps(second.trace))
    return second


def check_recording(setup: Setup, schedule: Schedule | None = None) -> tuple[Violation, ...]:
    """Run with and without taps and compare the steps (LS502).

    Args:
        setup: What is run.
        schedule: What lands where.

    Raises:
        UsageError: A stimulus is counted from a frame, which nobody sees without taps.

    Returns:
        A violation that names the first step that differs; none where all are equal.
    """
    landings = () if schedule is None else schedule.landings
    if any(landing.anchor not in (START, THEN) for landing in landings) or any(
        injection.at is not None for injection in setup.scenario.inject
    ):
        raise UsageError(
            "a stimulus that is counted from a frame cannot be compared: without taps no frame is "
            "seen; count it from the start"
        )
    taped, bare = StepLog(), StepLog()
    simulate(setup, schedule, instrument=taped)
    simulate(setup, schedule, instrument=bare, record=False)
    for step, (one, other) in enumerate(zip_longest(taped.steps, bare.steps), 1):
        if one != other:
            message = f"recording disturbs: step {step} is {one}, without taps it is {other}"
            return (Violation("LS502", message, kind="disturbs"),)
    return ()


class StepLog(Instrument):
    """Notes what each step was, and when."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def on_step(self, step: int, time_ns: int, callback: Callable[..., object]) -> None:
        """Note a callback."""
        owner = getattr(callback, "__self__", None)
        task = renumbered(name_of(owner)) if isinstance(owner, asyncio.Task) else ""
        name = task or getattr(callback, "__qualname__", type(callback).__name__)
        self.steps.append(f"{name} at {time_ns} ns")

    def on_jump(self, step: int, from_ns: int, to_ns: int) -> None:
        """Note a jump of the clock."""
        self.steps.append(f"jump to {to_ns} ns")

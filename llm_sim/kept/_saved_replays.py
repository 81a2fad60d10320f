"""Saved failures again: repaired, or still there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from llm_sim.errors import ScenarioError, SimulationError, UsageError
from llm_sim.kept._saved import OWN_LAW, SavedFailure
from llm_sim.kept._store import FailureStore, warn
from llm_sim.simulation import Clean, NoVerdict, Run, Setup, Verdict, simulate


@dataclass(frozen=True, slots=True)
class ReplayedFailure:
    """One saved failure, replayed.

    Parameters:
        saved: The failure.
        verdict: What its run came to: where it is clean, the failure is repaired.
        message: What is broken; or why there is no verdict; or empty.
        run: The run, or None where there was none.
    """

    saved: SavedFailure
    verdict: Verdict
    message: str = ""
    run: Run | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether every law holds."""
        return isinstance(self.verdict, Clean)

    @property
    def is_same(self) -> bool:
        """Whether the same law is broken on the same call."""
        return self.run is not None and any(map(self.saved.is_of, self.run.violations))

    def __str__(self) -> str:
        word = replay_word(self.verdict)
        return f"{word} {self.saved.name} {self.message}".rstrip()


def replay_word(verdict: Verdict) -> str:
    """Return what a replay says of a verdict: ``FIXED``, ``FAILED`` or ``no verdict:``."""
    if isinstance(verdict, NoVerdict):
        return f"{verdict.word}:"
    return "FIXED" if isinstance(verdict, Clean) else "FAILED"


def setup_of(saved: SavedFailure) -> Setup:
    """Return the Setup that a failure was found with, as far as its file tells.

    Raises:
        UsageError: Its bot is not there any more.
        TargetError: Its target is not installed.
    """
    return Setup.of(saved.scenario, target=saved.target, place=saved.where)


def replay_saved(
    store: FailureStore,
    place: str | None = None,
    *,
    setup: Callable[[SavedFailure], Setup] = setup_of,
    damaged: Callable[[ScenarioError], None] = warn,
) -> Iterator[ReplayedFailure]:
    """Replay each saved failure, and drop the ones that are fixed.

    Args:
        store: Where they are kept.
        place: Replay only those that were found there; None: all.
        setup: Makes of a failure what is run.
        damaged: Told of each file that cannot be read, as by :meth:`FailureStore.load`.

    Yields:
        What came of each, in the order of their names. One that gives no verdict is kept.
    """
    for saved in store.load(damaged):
        if place is None or saved.place == place:
            replayed = replay_failure(saved, setup)
            if replayed.is_fixed:
                store.drop(saved)
            yield replayed


def replay_failure(
    saved: SavedFailure, setup: Callable[[SavedFailure], Setup] = setup_of
) -> ReplayedFailure:
    """Replay one failure.

    Args:
        saved: The failure.
        setup: Makes of it what is run.

    Returns:
        A broken verdict where any law is broken, and in words whether it is the same one on the
        same call. What broke a law that the Setup does not have gives no verdict.
    """
    try:
        here = setup(saved)
        if saved.law == OWN_LAW:
            raise SimulationError(
                f"only {saved.place} knows its own law: run that test, and it replays this first"
            )
        if saved.law_of(here) is None:
            raise SimulationError(
                f"{saved.law} is not among the laws that are judged here: replay it where it is"
            )
        run = simulate(here, saved.schedule)
        if not run.landed:
            raise run.complaint or SimulationError("the schedule did not land")
    except (SimulationError, UsageError) as error:
        reason = error if isinstance(error, SimulationError) else SimulationError(str(error))
        return ReplayedFailure(saved, NoVerdict(reason), str(error))
    return ReplayedFailure(saved, run.verdict, _message(saved, run), run)


def _message(saved: SavedFailure, run: Run) -> str:
    if run.complaint is not None:
        return str(run.complaint)
    if run.unmet and not run.violations:
        return run.unmet[0].message
    same = next((each for each in run.violations if saved.is_of(each)), None)
    if same is not None:
        return f"{same.law} {same.message}"
    if not run.violations:
        return ""
    on = f" on {saved.call}" if saved.call else ""
    others = "; ".join(f"{each.law} {each.message}" for each in run.violations)
    return f"{saved.law} holds{on}, but {others}"

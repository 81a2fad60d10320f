"""Saved failures again, before anything new is looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from llm_sim.errors import ScenarioError, SimulationError, UsageError
from llm_sim.exploration._found import OWN_LAW, Found
from llm_sim.exploration._store import FailureStore, warn
from llm_sim.invariants import LAWS, Law
from llm_sim.simulation import Limits, Run, run
from llm_sim.targets import Bot, Target


class Verdict(Enum):
    """What came of a saved failure."""

    FIXED = "FIXED"
    FAILED = "FAILED"
    NO_VERDICT = "no verdict:"


@dataclass(frozen=True, slots=True)
class Replayed:
    """One saved failure, replayed.

    Parameters:
        found: The failure.
        verdict: Whether a law is still broken.
        told: What is broken; or why there is no verdict; or empty.
        run: The run, or None where there was none.
    """

    found: Found
    verdict: Verdict
    told: str = ""
    run: Run | None = None

    def __str__(self) -> str:
        return f"{self.verdict.value} {self.found.name} {self.told}".rstrip()


def replay_saved(
    store: FailureStore,
    place: str | None = None,
    *,
    bot: Bot | None = None,
    target: Target | None = None,
    limits: Limits | None = None,
    laws: tuple[Law, ...] = LAWS,
    damaged: Callable[[ScenarioError], None] = warn,
) -> Iterator[Replayed]:
    """Replay each saved failure, and drop the ones that are fixed.

    Args:
        store: Where they are kept.
        place: Replay only those that were found there; None: all.
        bot: What is under test, where the scenario's own bot cannot be imported.
        target: What it runs on, where it is none of those that have a name.
        limits: Where a run that does not come to rest is stopped.
        laws: What must hold.
        damaged: Told of each file that cannot be read, as by :meth:`FailureStore.load`.

    Yields:
        What came of each, in the order of their names. One that gives no verdict is kept.
    """
    for found in store.load(damaged):
        if place is None or found.place == place:
            how: dict[str, Any] = {"bot": bot, "limits": limits, "laws": laws}
            told = replay_found(found, target=target, **how)
            if told.verdict is Verdict.FIXED:
                store.drop(found)
            yield told


def replay_found(
    found: Found, *, bot: Bot | None = None, target: str | Target | None = None, **how: Any
) -> Replayed:
    """Replay one failure.

    Args:
        found: The failure.
        bot: What is under test, where it is not the scenario's own bot.
        target: What it runs on, where it is not the target that it was found on.
        **how: More, as for :func:`llm_sim.simulation.run`.

    Returns:
        ``FAILED`` where any law is broken, and in words whether it is the same one on the same
        call. What broke a law of a test's own gives no verdict.
    """
    if found.law == OWN_LAW:
        told = f"only {found.place} knows its own law: run that test, and it replays this first"
        return Replayed(found, Verdict.NO_VERDICT, told)
    try:
        one = run(
            found.scenario,
            bot=bot,
            target=found.target if target is None else target,
            schedule=found.schedule,
            place=found.place,
            **how,
        )
    except (SimulationError, UsageError) as error:
        return Replayed(found, Verdict.NO_VERDICT, str(error))
    if not one.landed:
        return Replayed(found, Verdict.NO_VERDICT, str(one.complaint), one)
    same = next((each for each in one.violations if found.is_of(each)), None)
    if same is not None:
        return Replayed(found, Verdict.FAILED, f"{same.law} {same.message}", one)
    if one.violations:
        on = f" on {found.call}" if found.call else ""
        others = "; ".join(f"{each.law} {each.message}" for each in one.violations)
        return Replayed(found, Verdict.FAILED, f"{found.law} holds{on}, but {others}", one)
    if one.complaint is not None:
        return Replayed(found, Verdict.NO_VERDICT, str(one.complaint), one)
    return Replayed(found, Verdict.FIXED, "", one)

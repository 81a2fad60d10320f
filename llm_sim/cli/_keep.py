"""What a sweep found stays found."""

from __future__ import annotations

from collections.abc import Callable

from llm_sim.cli._console import err
from llm_sim.cli._show import Notes, new_failures, pasted
from llm_sim.exploration import FailureStore, Found, SweepReport, Window


def keep(
    report: SweepReport, target: str, bot: str | None, known: Callable[[Window], bool]
) -> dict[str, Notes]:
    """Save what a sweep found: of each set of laws, the first point of the widest window.

    Args:
        report: The sweep.
        target: The target, as the user named it.
        bot: The bot that the user named instead of the scenario's.
        known: Tells whether all that a window breaks is known; such a one is not saved.

    Returns:
        By token, the line that promotes the failure.
    """
    store = FailureStore()
    notes: dict[str, Notes] = {}
    for _, one in new_failures(report, target, known):
        found = Found.of(one, one.violations[0], target, bot=bot)
        try:
            store.save(found)
        except OSError as error:
            err(f"llm-sim: {found.name} is not kept: {error}")
        else:
            notes[found.token] = [("keep", promote_line(found))]
    return notes


def promote_line(found: Found) -> str:
    """Return the line that makes a scenario of a saved failure, with a name for it."""
    return pasted("llm-sim", "promote", found.name, "--name", found.title)

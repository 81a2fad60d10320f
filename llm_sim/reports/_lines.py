"""Lines to paste: how to see a finding again, and how to keep it."""

from __future__ import annotations

from typing import Final

from llm_sim.invariants import LAWS
from llm_sim.kept import OWN_LAW, SUFFIX, FailureStore, SavedFailure
from llm_sim.reports._words import pasted
from llm_sim.schedule import Schedule
from llm_sim.simulation import Broken, Finding, Setup

_OURS: Final = frozenset(law.code for law in LAWS)

UNSAVED = "found.sim.yaml"
"""The name that is proposed for a drawn scenario that could not be kept."""


def replay_line(finding: Finding, store: FailureStore | None = None, *options: str) -> str:
    """Return the line that shows a finding again.

    Args:
        finding: What was found.
        store: Where it may be kept.
        *options: Options of pytest that hold for the replay of a test as well.
    """
    setup, token = finding.setup, finding.token
    violation = finding.violation
    if violation is not None and violation.law == OWN_LAW:
        # Kept by the test alone, which replays it first.
        return f'pytest "{setup.place.test}" --llm-sim-target {setup.target.name}'
    if finding.unit == "example":
        return _line_of_a_drawn_scenario(finding, store)
    disturbed = finding.schedule != Schedule()
    if setup.place.test:
        again = f" --llm-sim-replay={token}" if disturbed else ""
        return " ".join([f'pytest "{setup.place.test}"{again}', *options])
    if not setup.place.file:
        return f'run(scenario, schedule=decode("{token}")), with the same bot and target'
    if violation is not None and violation.law not in _OURS:
        # No command knows it.
        return f'run(scenario, schedule=decode("{token}"), laws=...), with the same bot and target'
    if isinstance(finding.verdict, Broken) or disturbed:
        return _command(setup, "replay", "--schedule", token)
    return _command(setup, "run")


def promote_line(saved: SavedFailure) -> str:
    """Return the line that makes a scenario of a saved failure, with a name for it."""
    return pasted("llm-sim", "promote", saved.name, "--name", saved.title)


def keep_line(finding: Finding) -> str:
    """Return the line that makes a scenario of what is saved of a finding, or an empty text."""
    if finding.run is None or finding.violation is None or not finding.saved:
        return ""
    return promote_line(SavedFailure.of(finding.run, finding.violation))


def _line_of_a_drawn_scenario(finding: Finding, store: FailureStore | None) -> str:
    if store is not None and finding.saved:
        return pasted("llm-sim", "replay", str(store.directory / f"{finding.saved}{SUFFIX}"))
    setup = finding.setup
    more = ("--schedule", finding.token, "--target", setup.target.name)
    return (
        f"save the scenario below as {UNSAVED}, then {pasted('llm-sim', 'replay', UNSAVED, *more)}"
    )


def _command(setup: Setup, command: str, *more: str) -> str:
    bot = setup.bot.loaded_from
    given = ("--bot", bot) if bot and bot != setup.scenario.bot else ()
    words = (command, str(setup.place), *more, "--target", setup.target.name, *given)
    return pasted("llm-sim", *words)

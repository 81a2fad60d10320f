"""What a shell completes: scenario files and what is in them, targets, laws, stimuli, failures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from llm_sim.errors import LlmSimError
from llm_sim.invariants import LAWS
from llm_sim.kept import FAILURES, SUFFIX, FailureStore
from llm_sim.scenario import STIMULI, Place, load_scenarios, names_one
from llm_sim.schedule import KINDS
from llm_sim.targets import TARGETS

_SCENARIOS: Final = "*.sim.yaml"
_PLACES: Final = ("", "scenarios", "tests")


def scenarios(incomplete: str) -> list[str]:
    """Complete a scenario file: beside the word, or in a usual place; after ``::`` its names."""
    if names_one(incomplete):
        try:
            file = Place.parse(incomplete).file
            found = [str(scenario.place) for scenario in load_scenarios(file)]
        except LlmSimError:
            found = []
    else:
        found = [str(path) for path in _found(incomplete, _SCENARIOS)]
    return _begun(incomplete, found)


def replayable(incomplete: str) -> list[str]:
    """Complete a scenario file or a saved failure."""
    saved = (str(path) for path in sorted(Path(FAILURES).glob(f"*{SUFFIX}")))
    return [*scenarios(incomplete), *_begun(incomplete, saved)]


def failures(incomplete: str) -> list[str]:
    """Complete the name of a saved failure."""
    return _begun(incomplete, (saved.name for saved in FailureStore().load(lambda _: None)))


def traces(incomplete: str) -> list[str]:
    """Complete a trace file."""
    return _begun(incomplete, (str(path) for path in _found(incomplete, "*.jsonl")))


def targets(incomplete: str) -> list[str]:
    """Complete a target."""
    return _begun(incomplete, TARGETS)


def laws(incomplete: str) -> list[tuple[str, str]]:
    """Complete a law's code; its name is shown beside it."""
    return [(law.code, law.name) for law in LAWS if law.code.startswith(incomplete.upper())]


def swept(incomplete: str) -> list[str]:
    """Complete the last of the stimuli of a sweep, ``interrupt+end``."""
    return _last(incomplete, "+", KINDS)


def fuzzed(incomplete: str) -> list[str]:
    """Complete the last of the stimuli of a campaign, ``interrupt,end``."""
    return _last(incomplete, ",", STIMULI)


def _last(incomplete: str, separator: str, words: Iterable[str]) -> list[str]:
    before, given, last = incomplete.rpartition(separator)
    return [f"{before}{given}{word}" for word in _begun(last, words)]


def _found(incomplete: str, pattern: str) -> list[Path]:
    typed = Path(incomplete)
    beside = typed if incomplete.endswith("/") else typed.parent
    places = dict.fromkeys((beside, *map(Path, _PLACES)))
    return [path for place in places for path in sorted(place.glob(pattern))]


def _begun(incomplete: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]

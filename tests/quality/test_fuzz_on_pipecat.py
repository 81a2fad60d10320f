"""Fuzzing a bot with no scenario finds what is broken in Pipecat, and shows it small."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import Final

import pytest
from hypothesis import settings

from llm_sim.exploration import (
    SILENCE,
    Campaign,
    completed,
    draw_conversations,
    search_drawn,
)
from llm_sim.kept import SavedFailure
from llm_sim.reports import known_issue
from llm_sim.simulation import Finding, Setup
from llm_sim.strategies import PROFILES
from llm_sim.targets import Bot
from scenarios.bots import three_tools
from tests.support.command import environment
from tests.support.pipecat import needs_pipecat
from tests.support.scenarios import ROOT

pytestmark = pytest.mark.slow

OPEN: Final = frozenset({"5779", "4997", "5790", "5852", "5823", "4298", "3342", "2552"})
"""The issues of pipecat-ai/pipecat that 1.14.0 has and that no scenario is needed for."""

REPLAY: Final = """
import json, sys
from llm_sim.kept import SavedFailure, replay_failure, replay_word
for plain in json.load(sys.stdin):
    print(replay_word(replay_failure(SavedFailure.from_plain(plain)).verdict))
"""


def fuzzed(target: str, examples: int) -> Campaign:
    setup = Setup.of(SILENCE, bot=Bot(three_tools), target=target)
    chosen = settings(PROFILES["llm-sim-ci"], max_examples=examples)
    return completed(search_drawn(draw_conversations(setup), settings=chosen))


@cache
def on_pipecat() -> Campaign:
    """Return what is found in Pipecat; none of the tests changes it."""
    return fuzzed("pipecat", 1_200)


def issue_of(failure: Finding) -> str:
    """Return the number of the open issue that a failure looks like, or an empty string."""
    assert failure.run is not None
    issue = known_issue(failure.violations[0], failure.run.trace)
    number = issue.link.partition("#")[2] if issue is not None else ""
    return number if number in OPEN else ""


def size_of(failure: Finding) -> tuple[int, int]:
    """Return how many stimuli and calls a failure needs."""
    scenario = failure.setup.scenario
    return len(failure.schedule.landings) + len(scenario.inject), len(scenario.calls)


@needs_pipecat
def test_at_least_six_of_the_eight_open_issues_are_found() -> None:
    result = on_pipecat()
    found = {issue_of(failure) for failure in result.findings} - {""}
    assert (result.examples, result.no_verdict) == (1_200, {})
    # What is drawn differs from one Hypothesis to the next.
    assert len(found) >= 6, found


@needs_pipecat
def test_each_of_them_is_shown_with_at_most_two_stimuli_and_two_calls() -> None:
    sizes: dict[str, list[tuple[int, int]]] = {}
    for failure in on_pipecat().findings:
        sizes.setdefault(issue_of(failure), []).append(size_of(failure))
    sizes.pop("", None)
    smallest = {issue: min(found) for issue, found in sizes.items()}
    assert all(stimuli <= 2 and calls <= 2 for stimuli, calls in smallest.values()), smallest
    # What runs behind two cancelled calls of a queue needs three.
    all_sizes = [size for found in sizes.values() for size in found]
    assert all(stimuli <= 2 and calls <= 3 for stimuli, calls in all_sizes), sizes


@needs_pipecat
def test_what_is_found_fails_again_in_another_process() -> None:
    first = {issue_of(failure): failure for failure in reversed(on_pipecat().findings)}
    sample = [first[number] for number in sorted(first) if number][:3]
    found = [
        SavedFailure.of(failure.run, failure.violations[0]).to_plain()
        for failure in sample
        if failure.run is not None
    ]
    told = subprocess.run(
        [sys.executable, "-c", REPLAY],
        cwd=ROOT,
        env=environment(PYTHONHASHSEED="1"),
        input=json.dumps(found),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert told.stdout.split() == ["FAILED"] * 3


def test_the_reference_core_keeps_every_law_in_the_same_conversations() -> None:
    result = fuzzed("reference", 500)
    assert (result.examples, result.findings, result.no_verdict) == (500, [], {})

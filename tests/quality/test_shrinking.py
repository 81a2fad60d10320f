"""What each planted race shrinks to, from a scenario in which much else happens."""

from __future__ import annotations

from typing import Final

import pytest

from llm_sim.exploration import shrink, sweep
from llm_sim.schedule import decode
from llm_sim.simulation import run
from tests.quality.bloated import failing
from tests.quality.races import RACES, Race
from tests.support.notation import noted
from tests.support.pipecat import needs_pipecat
from tests.support.scenarios import barge_in

SHRUNK: Final = {
    "a_handler_that_raises_leaves_its_call_open": ("undisturbed | f | f: raises 'no'", 25),
    "a_handler_without_an_answer_leaves_its_call_open": ("undisturbed | f", 25),
    "a_handler_cancelled_from_inside_leaves_its_call_open": ("undisturbed | f", 25),
    "an_unregistered_function_is_announced_and_forgotten": (
        "undisturbed | f | f: registered False",
        25,
    ),
    "a_result_after_the_cancel_is_pushed": ("interrupt@start+1 | f", 50),
    "a_result_after_the_timeout_is_pushed": ("undisturbed | f", 25),
    "a_result_after_the_cancel_is_in_the_context": ("interrupt@start+1 | f", 75),
    "a_result_comes_before_its_in_progress": ("undisturbed | 'Hm.' f | playout 10ms", 25),
    "a_cancel_goes_downstream_only": ("interrupt@start+0 | f", 50),
    "a_cancel_overtakes_its_in_progress": (
        "interrupt@start+1 | 'Hm.' f | f: latency 10ms, playout 10ms",
        125,
    ),
    "a_call_overtakes_the_text_before_it": ("undisturbed | 'Hm.' f | playout 10ms", 25),
    "an_interruption_drops_an_in_progress": ("interrupt@start+1 | 'Hm.' f | playout 10ms", 100),
    "an_interruption_drops_a_result": ("interrupt@start+1 | 'Hm.' f | playout 10ms", 100),
    "the_event_comes_after_the_frames": ("undisturbed | f", 25),
    "the_event_fires_twice": ("undisturbed | f", 25),
    "the_runner_dies_with_a_cancelled_call": (
        "interrupt@start+1 | f g | sequential, g: cancel_on_interruption False",
        200,
    ),
    "two_handlers_run_at_a_time": ("undisturbed | f g | sequential, f: latency 100ms", 25),
    "queued_calls_survive": ("interrupt@start+0 | g | sequential, g: latency 10ms", 150),
    "an_unregistered_call_escapes": ("interrupt@start+1 | f g", 100),
    "a_call_registered_anew_escapes": ("interrupt@start+1 | f g", 100),
    "a_call_registered_anew_is_cancelled": ("interrupt@start+1 | f g", 100),
    "a_catch_all_escapes": ("interrupt@start+0 | f", 75),
    "an_interrupted_call_takes_effect": ("interrupt@start+0 | f", 75),
    "a_queued_call_hangs_up": ("interrupt@start+0 | g | sequential", 150),
    "a_call_that_should_run_on_is_cancelled": (
        "interrupt@start+0 | f | f: cancel_on_interruption False",
        75,
    ),
    "a_settled_call_is_cancelled": ("interrupt@start+1 | f", 50),
    "a_later_call_is_cancelled": ("interrupt@start+0 | noise / f | f: latency 100ms", 525),
    "the_interruption_waits_for_a_handler": ("interrupt@start+1 | f", 50),
    "a_handler_is_cancelled_twice": ("interrupt@start+1, end@then+2 | f", 250),
    "a_dictionary_changes_size": ("interrupt@start+0 | noise", 100),
    "a_handler_is_forgotten_twice": ("interrupt@start+0 | f", 100),
    "a_falsy_result_becomes_a_word": ("undisturbed | f | f: result []", 25),
    "the_model_runs_after_each_result": ("undisturbed | f g | g: latency 10ms", 25),
    "a_result_under_the_users_speech_runs_no_model": ("undisturbed | f", 25),
    "a_tool_message_stands_behind_another_call": ("undisturbed | f g | f: latency 10ms", 50),
    "the_cancel_of_a_queued_call_is_overlooked": ("interrupt@start+0 | g", 100),
    "a_cancelled_call_stays_in_progress": ("interrupt@start+1 | f | f: latency 10ms", 75),
    "parallel_calls_run_on_after_the_end": ("end@start+1 | f", 50),
    "parallel_calls_run_on_after_a_cancel": ("cancel@start+0 | f", 50),
    "queued_calls_are_forgotten_at_the_end": ("end@start+0 | g | sequential", 100),
    "the_end_waits_for_ever": ("end@start+0 | g | sequential", 150),
    "an_interruption_drops_the_end": ("end@start+0, interrupt@then+0 | 'Hm.' | playout 10ms", 175),
    "an_interruption_drops_what_must_survive": ("interrupt@start+1 | 'Hm.' f | playout 10ms", 100),
    "an_interruption_drops_nothing": (
        "interrupt@LLMFullResponseEnd+2 | 'Hm.' 'Hm.' | playout 10ms",
        125,
    ),
    "survivors_change_their_order": ("interrupt@start+1 | 'Hm.' f | playout 10ms", 100),
    "the_interrupted_model_talks_on": ("interrupt@start+0 | wait 10ms 'Hm.'", 150),
}
"""Each race by its id: what it shrinks to, and within how many runs."""


each_race = pytest.mark.parametrize("race", RACES, ids=lambda race: race.id)


@pytest.mark.slow
@each_race
def test_a_planted_race_shrinks_to_what_it_needs(race: Race) -> None:
    one, violation = failing(race.id)
    shrunk = shrink(one, violation)
    smallest, runs = SHRUNK[race.id]
    assert (noted(shrunk.run), shrunk.complete) == (smallest, True)
    assert (shrunk.violation.law, shrunk.violation.call) == (violation.law, violation.call)
    assert shrunk.runs <= runs


@pytest.mark.slow
@each_race
def test_the_correct_core_is_quiet_in_the_grown_scenario(race: Race) -> None:
    one, _ = failing(race.id)
    assert run(one.scenario, schedule=one.schedule).violations == ()


def test_every_race_has_its_line() -> None:
    assert list(SHRUNK) == [race.id for race in RACES]


@pytest.mark.slow
@needs_pipecat
def test_a_call_stuck_behind_a_playout_shrinks_to_one_interruption_and_one_call() -> None:
    """pipecat-ai/pipecat#5779."""
    (window,) = sweep(barge_in("spoken_tool"), target="pipecat").windows
    one = run(barge_in("spoken_tool"), target="pipecat", schedule=decode(window.token))
    stuck = next(violation for violation in one.violations if violation.law == "LS103")
    shrunk = shrink(one, stuck)
    assert noted(shrunk.run) == (
        "interrupt@start+1 | 'Hm.' lookup_order | lookup_order: latency 10ms, playout 10ms"
    )
    assert (shrunk.violation.message, shrunk.complete) == (stuck.message, True)
    assert shrunk.runs <= 125

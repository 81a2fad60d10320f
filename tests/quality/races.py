"""The table of the planted races: where each is looked for, which laws find it, and how soon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from llm_sim.scenario import Scenario, Tool
from tests.quality import planted_calls as calls
from tests.quality import planted_contexts as contexts
from tests.quality import planted_endings as endings
from tests.quality import planted_interruptions as interruptions
from tests.quality.situations import (
    asked_again,
    goodbye,
    in_a_row,
    in_two_parts,
    one,
    sentences,
    spoken,
    two,
)
from tests.support.planted import Part


@dataclass(frozen=True)
class Race:
    """One planted race.

    Parameters:
        id: What it looks like from outside.
        part: The part of the core that has it; its docstring says what is wrong with it.
        scenario: Where it is looked for.
        laws: The codes of the laws that one run breaks, at least.
        runs: Within how many runs it is found; the undisturbed run is the first of them.
        inject: The stimulus that is swept.
    """

    id: str
    part: Part
    scenario: Scenario
    laws: str
    runs: int
    inject: str = "interrupt"

    @property
    def sentence(self) -> str:
        """What is wrong with the part."""
        return (self.part.__doc__ or "").partition("\n")[0]


_WORKS: Final = Tool(latency="100ms")
_KEPT: Final = Tool(latency="100ms", cancel_on_interruption=False)

RACES: Final = (
    # The life of a call.
    Race(
        "a_handler_that_raises_leaves_its_call_open",
        calls.OnlyHandlersSettle,
        one(tools={"f": Tool(raises="no")}),
        "LS101 LS103",
        1,
    ),
    Race(
        "a_handler_without_an_answer_leaves_its_call_open",
        calls.OnlyHandlersSettle,
        one("is_silent"),
        "LS101 LS103",
        1,
    ),
    Race(
        "a_handler_cancelled_from_inside_leaves_its_call_open",
        calls.OnlyHandlersSettle,
        one("is_cancelled_from_inside"),
        "LS101 LS103",
        1,
    ),
    Race(
        "an_unregistered_function_is_announced_and_forgotten",
        calls.UnregisteredIsForgotten,
        one(tools={"f": Tool(registered=False)}),
        "LS101 LS103",
        1,
    ),
    Race(
        "a_result_after_the_cancel_is_pushed",
        calls.LateResultsArePushed,
        one("answers_when_cancelled"),
        "LS101 LS102 LS109",
        3,
    ),
    Race(
        "a_result_after_the_timeout_is_pushed",
        calls.TimedOutHandlersRunOn,
        one("times_out"),
        "LS101 LS102 LS109",
        1,
    ),
    Race(
        "a_result_after_the_cancel_is_in_the_context",
        calls.LateResultsAreWritten,
        one("answers_when_cancelled"),
        "LS109",
        3,
    ),
    Race(
        "a_result_comes_before_its_in_progress",
        calls.InProgressIsToldLater,
        one(tools={"f": Tool()}),
        "LS102 LS104",
        1,
    ),
    Race("a_cancel_goes_downstream_only", calls.CancelGoesDownstreamOnly, one(), "LS105", 2),
    Race("a_cancel_overtakes_its_in_progress", calls.CancelOvertakes, spoken(), "LS102", 3),
    Race("a_call_overtakes_the_text_before_it", calls.CallsOvertakeText, spoken(), "LS208", 1),
    Race(
        "an_interruption_drops_an_in_progress",
        calls.InProgressIsDroppable,
        spoken(tools={"f": _KEPT}),
        "LS104",
        3,
    ),
    Race("an_interruption_drops_a_result", calls.ResultIsDroppable, spoken(), "LS103 LS111", 15),
    Race("the_event_comes_after_the_frames", calls.EventComesAfterTheFrames, one(), "LS108", 1),
    Race("the_event_fires_twice", calls.EventFiresTwice, one(), "LS108", 1),
    # Interruptions.
    Race(
        "the_runner_dies_with_a_cancelled_call",
        interruptions.RunnerDiesWithItsCall,
        in_a_row(tools={"f": _WORKS, "g": _KEPT}),
        "LS101 LS107 LS111",
        3,
    ),
    Race("two_handlers_run_at_a_time", interruptions.RunnerLosesPatience, in_a_row(), "LS107", 1),
    Race("queued_calls_survive", interruptions.QueuedCallsSurvive, in_a_row(), "LS106", 2),
    Race(
        "an_unregistered_call_escapes",
        interruptions.CancelsWhatIsRegisteredNow,
        two("unregisters"),
        "LS106",
        3,
    ),
    Race(
        "a_call_registered_anew_escapes",
        interruptions.CancelsWhatIsRegisteredNow,
        two("registers_anew"),
        "LS106",
        3,
    ),
    Race(
        "a_call_registered_anew_is_cancelled",
        interruptions.CancelsWhatIsRegisteredNow,
        two("registers_anew_as_cancellable"),
        "LS106",
        3,
    ),
    Race(
        "a_catch_all_escapes",
        interruptions.CancelsByTheNameOfTheCall,
        one("catches_all"),
        "LS106",
        2,
    ),
    Race(
        "an_interrupted_call_takes_effect",
        interruptions.CancelsByTheNameOfTheCall,
        one("BOOKS"),
        "LS106 LS402",
        2,
    ),
    Race(
        "a_queued_call_hangs_up",
        interruptions.QueuedCallsSurvive,
        two("HANGS_UP", mode="sequential"),
        "LS106 LS403",
        2,
    ),
    Race(
        "a_call_that_should_run_on_is_cancelled",
        interruptions.CancelsEverything,
        one(tools={"f": _KEPT}),
        "LS106",
        2,
    ),
    Race(
        "a_settled_call_is_cancelled",
        interruptions.CancelsWhatIsSettled,
        one("works_on_after_its_answer"),
        "LS101 LS102 LS112",
        3,
    ),
    Race("a_later_call_is_cancelled", interruptions.InterruptsLater, asked_again(), "LS112", 13),
    Race(
        "the_interruption_waits_for_a_handler",
        interruptions.WaitsForTheHandler,
        one("swallows_its_cancellation"),
        "LS106 LS110 LS207",
        3,
    ),
    Race(
        "a_handler_is_cancelled_twice",
        interruptions.CancelsAgain,
        one("cleans_up"),
        "LS110",
        23,
        inject="interrupt+end",
    ),
    Race(
        "a_dictionary_changes_size",
        interruptions.ChangesWhatItLoopsOver,
        two("cleans_up", tools={"g": _KEPT}),
        "LS207",
        2,
    ),
    Race("a_handler_is_forgotten_twice", interruptions.ForgetsItsHandlersTwice, one(), "LS303", 2),
    # Contexts.
    Race(
        "a_falsy_result_becomes_a_word",
        contexts.FalsyResultsBecomeAWord,
        one(tools={"f": Tool(result=[])}),
        "LS206",
        1,
    ),
    Race("the_model_runs_after_each_result", contexts.RunsAfterEachResult, two(), "LS204", 1),
    Race(
        "a_result_under_the_users_speech_runs_no_model",
        contexts.ForgetsTheRunWhileTheUserSpeaks,
        one("hears_the_user"),
        "LS204",
        1,
    ),
    Race(
        "a_tool_message_stands_behind_another_call",
        contexts.ToolMessageComesWithTheResult,
        two(),
        "LS205",
        1,
    ),
    Race(
        "the_cancel_of_a_queued_call_is_overlooked",
        contexts.OverlooksTheCancelOfAQueuedCall,
        in_a_row(),
        "LS111",
        2,
    ),
    Race(
        "a_cancelled_call_stays_in_progress",
        contexts.LeavesACancelledCallInProgress,
        one(),
        "LS103",
        3,
    ),
    # Queues and endings.
    Race(
        "parallel_calls_run_on_after_the_end",
        endings.ParallelCallsRunOn,
        one("cleans_up"),
        "LS101 LS302",
        2,
        inject="end",
    ),
    Race(
        "parallel_calls_run_on_after_a_cancel",
        endings.ParallelCallsRunOn,
        one("cleans_up"),
        "LS101 LS302",
        2,
        inject="cancel",
    ),
    Race(
        "queued_calls_are_forgotten_at_the_end",
        endings.QueuedCallsAreForgottenAtTheEnd,
        in_a_row(),
        "LS101",
        2,
        inject="end",
    ),
    Race(
        "the_end_waits_for_ever",
        endings.EndWaitsForTheCalls,
        in_a_row(),
        "LS301 LS304",
        2,
        inject="end",
    ),
    Race(
        "an_interruption_drops_the_end",
        endings.EndIsDropped,
        goodbye(),
        "LS203 LS301",
        2,
        inject="end+interrupt",
    ),
    Race(
        "an_interruption_drops_what_must_survive",
        endings.EverythingQueuedIsDropped,
        spoken(),
        "LS203",
        2,
    ),
    Race(
        "an_interruption_drops_nothing",
        endings.NothingQueuedIsDropped,
        sentences(),
        "LS202 LS203",
        9,
    ),
    Race("survivors_change_their_order", endings.SurvivorsChangeTheirOrder, spoken(), "LS201", 3),
    Race(
        "the_interrupted_model_talks_on",
        endings.InterruptedModelTalksOn,
        in_two_parts(),
        "LS202",
        2,
    ),
)

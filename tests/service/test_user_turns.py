"""What the user says, turn by turn."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from llm_sim.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InterruptionFrame,
    StartFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from llm_sim.service import LLMUserAggregator, LLMUserAggregatorParams, OpenAILLMContext
from tests.service.bot import said, settle
from tests.service.stepping import run
from tests.service.test_function_calls import Ear

Part = str | float | Frame


def turns(*script: Part, timeout: float = 0.5) -> list[str]:
    """What the context holds after words, pauses and frames; ``run`` where the model was asked."""

    async def main() -> list[str]:
        params = LLMUserAggregatorParams(aggregation_timeout=timeout)
        user = LLMUserAggregator(OpenAILLMContext(), params=params)
        up, down = Ear(), Ear()
        up.link(user)
        user.link(down)
        await user.queue_frame(StartFrame())
        for part in script:
            if isinstance(part, float):
                await asyncio.sleep(part)
            else:
                frame = TranscriptionFrame(text=part) if isinstance(part, str) else part
                await user.queue_frame(frame)
                await settle()
        heard = [said(message) for message in user.messages]
        runs = down.got.count("LLMContext")
        await user.cleanup()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return [*heard, *["run"] * runs]

    return run(main())


def test_each_transcription_is_a_turn_unless_it_is_said() -> None:
    assert LLMUserAggregatorParams().aggregation_timeout == 0
    assert turns("One.", "Two.", timeout=0) == ["user: One.", "user: Two.", "run", "run"]


def test_transcriptions_are_joined_until_the_user_is_silent() -> None:
    assert turns("One", 0.4, "two", 0.4) == []
    assert turns("One", 0.4, "two", 0.6) == ["user: One two", "run"]
    assert turns("One", 0.6, "two", 0.6) == ["user: One", "user: two", "run", "run"]


def test_a_turn_lasts_as_long_as_the_user_is_speaking_and_no_longer() -> None:
    speaking: list[Part] = [UserStartedSpeakingFrame(), "One", 5.0, "two"]
    assert turns(*speaking, 5.0) == []
    assert turns(*speaking, UserStoppedSpeakingFrame()) == ["user: One two", "run"]


def test_words_that_come_after_the_user_stopped_are_a_turn_too() -> None:
    late: list[Part] = [UserStartedSpeakingFrame(), UserStoppedSpeakingFrame(), "Late.", 0.6]
    assert turns(*late) == ["user: Late.", "run"]


def test_an_interruption_drops_no_word_of_the_user() -> None:
    assert turns("Stop", InterruptionFrame(), "it.", 0.6) == ["user: Stop it.", "run"]


@pytest.mark.parametrize("frame", [EndFrame, CancelFrame])
def test_what_was_said_last_is_kept_at_the_end_and_nothing_runs(frame: Any) -> None:
    assert turns("Bye", frame(), 1.0) == ["user: Bye"]


def test_silence_is_not_a_turn() -> None:
    assert turns("  ", 1.0, timeout=0) == []

"""Write into the context what the user said."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar

from llm_sim.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    FrameDirection,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from llm_sim.service._context_aggregator import LLMContextAggregator
from llm_sim.service._llm_context import OpenAILLMContext


@dataclass(frozen=True, slots=True)
class LLMUserAggregatorParams:
    """The settings of the user's side.

    Parameters:
        aggregation_timeout: How many seconds of silence end the user's turn. Until then, and while
            the user is speaking, transcriptions are joined into one message. With 0 each
            transcription is a turn, whoever is speaking.
    """

    aggregation_timeout: float = 0.0


class LLMUserAggregator(LLMContextAggregator):
    """Add what the user says to the context, turn by turn, and ask the model for a run.

    It stands before the LLM service. Transcriptions and requests to the context end here.

    Args:
        context: The context.
        params: The settings.
        **kwargs: For the frame processor.
    """

    toward_llm: ClassVar[FrameDirection] = FrameDirection.DOWNSTREAM
    role: ClassVar[str] = "user"

    def __init__(
        self,
        context: OpenAILLMContext,
        *,
        params: LLMUserAggregatorParams | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(context, **kwargs)
        self._params = params or LLMUserAggregatorParams()
        self._words: list[str] = []
        self._speaking = False
        self._silence: asyncio.TimerHandle | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Process a frame.

        Args:
            frame: The frame.
            direction: Where it travels.
        """
        await super().process_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            if isinstance(frame, TranscriptionFrame):
                await self._add_words(frame.text)
                return
            if await self._handled_request(frame):
                return
            # Kept without an answer: nobody is left to run the model for.
            if isinstance(frame, (EndFrame, CancelFrame)):
                self._commit_words()
        await self.push_frame(frame, direction)
        if isinstance(frame, UserStartedSpeakingFrame):
            self._speaking = True
        elif isinstance(frame, UserStoppedSpeakingFrame):
            self._speaking = False
            await self._end_turn()

    async def cleanup(self) -> None:
        """Keep what was heard, and stop."""
        self._commit_words()
        await super().cleanup()

    async def _add_words(self, text: str) -> None:
        if not text.strip():
            return
        self._words.append(text)
        secs = self._params.aggregation_timeout
        if not secs:
            await self._end_turn()
            return
        self._stop_listening()
        self._silence = self.get_event_loop().call_later(secs, self._fell_silent)

    def _fell_silent(self) -> None:
        self._silence = None
        # While the user speaks, the turn ends when the speech does, however long the words are
        # apart (test_a_turn_lasts_as_long_as_the_user_is_speaking_and_no_longer).
        if not self._speaking:
            self.create_task(self._end_turn(), "end_turn")

    async def _end_turn(self) -> None:
        if self._commit_words():
            await self.push_context_frame()

    def _commit_words(self) -> bool:
        """Add what was heard to the context; return whether there was anything."""
        self._stop_listening()
        if not self._words:
            return False
        self._context.add_message({"role": self.role, "content": " ".join(self._words)})
        self._words.clear()
        return True

    def _stop_listening(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

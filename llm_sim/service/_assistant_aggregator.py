"""Write into the context what the bot said and which functions it called."""

from __future__ import annotations

import json
import logging
from collections import deque
from dataclasses import dataclass
from typing import Any, ClassVar

from llm_sim.errors import UsageError
from llm_sim.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    FrameDirection,
    FunctionCallCancelFrame,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallsStartedFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TextFrame,
    UserImageRawFrame,
)
from llm_sim.service._context_aggregator import LLMContextAggregator
from llm_sim.service._image_messages import image_message
from llm_sim.service._llm_context import (
    CANCELLED,
    IN_PROGRESS,
    Message,
    OpenAILLMContext,
    update_message,
)
from llm_sim.service._ongoing_calls import is_update

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LLMAssistantAggregatorParams:
    """The settings of the assistant's side.

    Parameters:
        expect_stripped_words: Whether a plain text frame is a word without its spaces, as speech
            services send it; the words are joined by a space then. The model's own text frames are
            always taken as they are.
    """

    expect_stripped_words: bool = True


@dataclass(slots=True, eq=False)
class _Batch:
    """The calls that one started frame announced.

    Parameters:
        unsettled: How many of them are not settled.
        answered: Whether one of them gave a result.
        refused: Whether one of the results said ``run_llm=False``.
    """

    unsettled: int
    answered: bool = False
    refused: bool = False


@dataclass(slots=True, eq=False)
class _OpenCall:
    """A call that was announced and is not settled.

    Parameters:
        batch: Its batch.
        in_progress: Whether it has its messages in the context.
        image: The message with the image that it asked for, until it is settled.
    """

    batch: _Batch
    in_progress: bool = False
    image: Message | None = None


class LLMAssistantAggregator(LLMContextAggregator):
    """Keep the assistant's side of the context, and run the model again after a batch of calls.

    It stands behind everything that speaks. The frames of a call arrive in order, behind the text
    that was pushed before them, so the context is in the order of the conversation.

    The model is run once for a batch, when all of its calls are settled, one of them gave a result
    and none of the results said ``run_llm=False``: the same answer whichever call ends last. While
    a call of another batch is unsettled the run waits for it.

    Args:
        context: The context.
        params: The settings.
        **kwargs: For the frame processor.
    """

    toward_llm: ClassVar[FrameDirection] = FrameDirection.UPSTREAM
    role: ClassVar[str] = "assistant"

    def __init__(
        self,
        context: OpenAILLMContext,
        *,
        params: LLMAssistantAggregatorParams | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(context, **kwargs)
        self._params = params or LLMAssistantAggregatorParams()
        self._text = ""
        self._in_response = False
        # Of each id the open calls, in call order. More than one is open when a provider uses an id
        # again while a slow processor still holds the old call's result: the announcement overtakes
        # it. The other frames of calls keep their order, so they are about the first.
        self._open: dict[str, deque[_OpenCall]] = {}
        self._run_wanted = False

    @property
    def has_function_calls_in_progress(self) -> bool:
        """Return whether a call was announced and is not settled."""
        return bool(self._open)

    def calls_open(self) -> dict[str, str]:
        """Return each unsettled call: ``"started"`` (announced) or ``"in_progress"``."""
        return {
            tool_call_id: "in_progress" if calls[0].in_progress else "started"
            for tool_call_id, calls in self._open.items()
        }

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Process a frame.

        Args:
            frame: The frame.
            direction: Where it travels.
        """
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            self._end_response()
        elif direction is FrameDirection.DOWNSTREAM:
            if await self._handled_request(frame) or await self._took_image(frame):
                return
            if not self._handle_response(frame):
                await self._handle_call(frame)
        await self.push_frame(frame, direction)

    async def cleanup(self) -> None:
        """Settle what is open, and stop."""
        self._settle_everything()
        await super().cleanup()

    def _handle_response(self, frame: Frame) -> bool:
        if isinstance(frame, TextFrame):
            if self._in_response:
                self._add_text(frame)
        elif isinstance(frame, LLMFullResponseStartFrame):
            self._end_response()
            self._in_response = True
        elif isinstance(frame, LLMFullResponseEndFrame):
            self._end_response()
        elif isinstance(frame, (EndFrame, CancelFrame)):
            self._settle_everything()
        else:
            return False
        return True

    async def _handle_call(self, frame: Frame) -> None:
        if isinstance(frame, FunctionCallsStartedFrame):
            self._announce([call.tool_call_id for call in frame.function_calls])
        elif isinstance(frame, FunctionCallInProgressFrame):
            self._begin_call(frame)
        elif isinstance(frame, FunctionCallResultFrame):
            await self._add_result(frame)
        elif isinstance(frame, FunctionCallCancelFrame):
            await self._cancel_call(frame)

    def _add_text(self, frame: TextFrame) -> None:
        verbatim = isinstance(frame, LLMTextFrame) or not self._params.expect_stripped_words
        space = "" if verbatim or not self._text else " "
        self._text += space + frame.text

    def _commit_text(self) -> None:
        if self._text.strip():
            self._context.add_message({"role": "assistant", "content": self._text})
        self._text = ""

    def _end_response(self) -> None:
        self._commit_text()
        self._in_response = False

    def _announce(self, tool_call_ids: list[str]) -> None:
        batch = _Batch(unsettled=len(tool_call_ids))
        for tool_call_id in tool_call_ids:
            self._open.setdefault(tool_call_id, deque()).append(_OpenCall(batch))
            self._context.call_opened(tool_call_id)

    def _begin_call(self, frame: FunctionCallInProgressFrame) -> None:
        call = self._known_call(frame)
        if call is None or call.in_progress:
            return
        call.in_progress = True
        # What the bot said before the call stands before it in the context.
        self._commit_text()
        self._context.add_message(
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": frame.tool_call_id,
                        "type": "function",
                        "function": {
                            "name": frame.function_name,
                            "arguments": json.dumps(frame.arguments, default=dict),
                        },
                    }
                ],
            }
        )
        # Both messages in one step: a provider refuses tool calls that no tool message follows
        # (LS205).
        self._context.add_message(
            {"role": "tool", "tool_call_id": frame.tool_call_id, "content": IN_PROGRESS}
        )

    async def _add_result(self, frame: FunctionCallResultFrame) -> None:
        call = self._known_call(frame)
        if call is None:
            return
        properties = frame.properties
        run_llm = frame.run_llm
        if properties is not None and properties.run_llm is not None:
            run_llm = properties.run_llm
        # Whatever it is, falsy values included: Pipecat writes "COMPLETED" for them, and does not
        # run the model (#4298, LS206).
        result = await self._as_json(frame)
        if is_update(properties):
            self._context.add_message(update_message(frame.tool_call_id, result))
            # A run that it asks for waits, as every run does, until no call is unsettled.
            self._run_wanted |= run_llm is True
        else:
            call.batch.answered = True
            call.batch.refused |= run_llm is False
            self._context.set_tool_content(frame.tool_call_id, result)
            if call.image is not None:
                self._context.add_message(call.image)
        if properties is not None and properties.on_context_updated is not None:
            # In a task of its own: the frames behind this one do not wait for what it does.
            self.create_task(
                _context_updated(properties), f"on_context_updated:{frame.tool_call_id}"
            )
        if not is_update(properties):
            await self._settle(frame.tool_call_id)

    async def _took_image(self, frame: Frame) -> bool:
        """Return whether the frame was the image that a call asked for, which ends here.

        The image settles the call in the service, and waits here for the result that tells of it:
        so it is in the context before the model runs, wherever the result is held up.
        """
        if not isinstance(frame, UserImageRawFrame):
            return False
        request = frame.request
        if request is None or not request.tool_call_id:
            return False
        calls = self._open.get(request.tool_call_id)
        # A second image for a call, or one for a call that has ended, has no place in the
        # conversation.
        if not calls or calls[0].image is not None or request.result_callback is None:
            _logger.warning("%s: ignored %s, which no open call waits for", self, frame)
            return True
        try:
            calls[0].image = image_message(frame.format, frame.size, frame.image, request.context)
        except UsageError as error:
            await self.push_error(f"{self}: {error}", error)
            await request.result_callback({"error": str(error)})
        else:
            await request.result_callback("COMPLETED")
        return True

    async def _as_json(self, frame: FunctionCallResultFrame) -> str:
        try:
            return json.dumps(frame.result)
        except (TypeError, ValueError) as error:
            # The call is settled. Without any content its tool message would say IN_PROGRESS for
            # ever (LS103).
            message = f"the result of {frame.function_name!r} is not JSON: {error}"
            await self.push_error(f"{self}: {message}", error)
            return json.dumps({"error": message})

    async def _cancel_call(self, frame: FunctionCallCancelFrame) -> None:
        call = self._known_call(frame)
        if call is None:
            return
        if call.in_progress:
            self._context.set_tool_content(frame.tool_call_id, CANCELLED)
        await self._settle(frame.tool_call_id)

    def _known_call(
        self,
        frame: FunctionCallInProgressFrame | FunctionCallResultFrame | FunctionCallCancelFrame,
    ) -> _OpenCall | None:
        calls = self._open.get(frame.tool_call_id)
        if not calls:
            _logger.warning(
                "%s: ignored %s of call %r, which is settled or was never announced",
                self,
                frame,
                frame.tool_call_id,
            )
            return None
        return calls[0]

    async def _settle(self, tool_call_id: str) -> None:
        calls = self._open[tool_call_id]
        batch = calls.popleft().batch
        if not calls:
            del self._open[tool_call_id]
        self._context.call_settled(tool_call_id)
        batch.unsettled -= 1
        # Once for the batch and not for each call: Pipecat 1.x runs the model n times for a
        # sequential batch of n, with the pending calls missing from its context (#5852, LS204).
        if not batch.unsettled and batch.answered and not batch.refused:
            self._run_wanted = True
        # Not while a call of another batch is open: the model would take its IN_PROGRESS for an
        # answer.
        if not self._open and (self._context.take_owed_run() or self._run_wanted):
            self._run_wanted = False
            await self.push_context_frame()

    def _settle_everything(self) -> None:
        """Settle every call and keep the text; the conversation is over, so no model is run."""
        self._end_response()
        for tool_call_id, calls in self._open.items():
            if calls[0].in_progress:
                # Whoever goes on with this context later must not read that an answer is to come
                # (#5790).
                self._context.set_tool_content(tool_call_id, CANCELLED)
            for _ in calls:
                self._context.call_settled(tool_call_id)
        self._open.clear()
        self._context.forget_owed_run()
        self._run_wanted = False


async def _context_updated(properties: Any) -> None:
    await properties.on_context_updated()

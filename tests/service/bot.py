"""A small bot around the reference core: a scripted model, a tap at every hop, its three views."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from llm_sim.frames import (
    ErrorFrame,
    Frame,
    FrameDirection,
    FunctionCallCancelFrame,
    FunctionCallFromLLM,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallsStartedFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    UserImageRawFrame,
    UserImageRequestFrame,
)
from llm_sim.service import (
    FrameProcessor,
    LLMService,
    OpenAILLMContext,
    Pipeline,
    PipelineTask,
)

DOWN = FrameDirection.DOWNSTREAM
UP = FrameDirection.UPSTREAM


def call(function_name: str, tool_call_id: str = "", **arguments: Any) -> FunctionCallFromLLM:
    return FunctionCallFromLLM(function_name, tool_call_id or function_name, arguments)


class Passing(FrameProcessor):
    """Forward everything; hold the frames of some classes for a while."""

    def __init__(self, delay: float = 0.0, slow: tuple[type[Frame], ...] = (), **kwargs: Any):
        super().__init__(**kwargs)
        self.delay = delay
        self.slow = slow

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, self.slow):
            await asyncio.sleep(self.delay)
        await self.push_frame(frame, direction)


class Camera(FrameProcessor):
    """Answer each request for an image after a while; forward everything else."""

    def __init__(self, delay: float = 0.0, format: str = "RGB") -> None:
        super().__init__()
        self.delay = delay
        self.format = format

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, UserImageRequestFrame):
            self.create_task(self._show(frame))
        else:
            await self.push_frame(frame, direction)

    async def _show(self, request: UserImageRequestFrame) -> None:
        await asyncio.sleep(self.delay)
        pixel = UserImageRawFrame(b"\xff\0\0", (1, 1), self.format, request.user_id, request)
        await self.push_frame(pixel)


class ScriptedLLM(LLMService):
    """Play one turn a run: strings are text, a list is a batch of calls."""

    def __init__(self, turns: Sequence[Sequence[Any]] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.turns = [list(turn) for turn in turns]
        self.given: list[list[dict[str, Any]]] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        self.given.append(json.loads(json.dumps(frame.context.messages)))
        turn = self.turns.pop(0) if self.turns else []
        await self.push_frame(LLMFullResponseStartFrame())
        try:
            for part in turn:
                if isinstance(part, str):
                    await self.push_frame(LLMTextFrame(text=part))
                else:
                    for function_call in part:
                        function_call.context = frame.context
                    await self.run_function_calls(part)
                await asyncio.sleep(0)
        finally:
            await self.push_frame(LLMFullResponseEndFrame())


class Bot:
    """User aggregator, model, processors of the test, assistant aggregator."""

    def __init__(
        self, llm: LLMService, *between: FrameProcessor, before: Sequence[FrameProcessor] = ()
    ) -> None:
        self.llm = llm
        self.context = OpenAILLMContext()
        pair = llm.create_context_aggregator(self.context)
        self.user, self.assistant = pair.user(), pair.assistant()
        self.pipeline = Pipeline([*before, self.user, llm, *between, self.assistant])
        self.task = PipelineTask(self.pipeline)
        self.pushed: list[tuple[str, FrameDirection, Frame]] = []
        self.processed: list[tuple[str, FrameDirection, Frame]] = []
        self.errors: list[str] = []
        self.ended_early = False
        for processor in self.pipeline.processors:
            self._tap(processor)

    def _tap(self, processor: FrameProcessor) -> None:
        queue_frame, process_frame = processor.queue_frame, processor.process_frame

        def queue(frame: Frame, direction: FrameDirection = DOWN, callback: Any = None) -> Any:
            self.pushed.append((processor.name, direction, frame))
            return queue_frame(frame, direction, callback)

        def process(frame: Frame, direction: FrameDirection) -> Any:
            self.processed.append((processor.name, direction, frame))
            if isinstance(frame, ErrorFrame) and processor is self.pipeline.source:
                self.errors.append(frame.error)
            return process_frame(frame, direction)

        processor.queue_frame = queue  # type: ignore[method-assign]
        processor.process_frame = process  # type: ignore[method-assign]

    def seen(self, processor: FrameProcessor, *classes: type[Frame]) -> list[str]:
        """What a processor was given, as short words."""
        return [
            told(frame)
            for name, _, frame in self.pushed
            if name == processor.name and isinstance(frame, classes or Frame)
        ]

    def calls_seen(self, processor: FrameProcessor, tool_call_id: str) -> list[str]:
        """What a processor was given about one call."""
        return [
            word.split(":")[0]
            for word in self.seen(processor, *CALL_FRAMES)
            if tool_call_id in word.split(":")[1].split(",")
        ]

    @property
    def tool_contents(self) -> dict[str, str]:
        return {
            m["tool_call_id"]: m["content"] for m in self.context.messages if "tool_call_id" in m
        }

    @property
    def conversation(self) -> list[str]:
        return [said(message) for message in self.context.messages]


CALL_FRAMES = (
    FunctionCallsStartedFrame,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallCancelFrame,
)


def told(frame: Frame) -> str:
    word = type(frame).__name__.removesuffix("Frame").removeprefix("FunctionCall")
    if getattr(getattr(frame, "properties", None), "is_final", True) is False:
        word = "Update"
    if isinstance(frame, FunctionCallsStartedFrame):
        return f"{word}:{','.join(c.tool_call_id for c in frame.function_calls)}"
    if isinstance(
        frame, (FunctionCallInProgressFrame, FunctionCallResultFrame, FunctionCallCancelFrame)
    ):
        return f"{word}:{frame.tool_call_id}"
    return word


def said(message: dict[str, Any]) -> str:
    if "tool_calls" in message:
        return f"calls {message['tool_calls'][0]['id']}"
    who = message["role"] if message["role"] != "tool" else message["tool_call_id"]
    return f"{who}: {message['content']}"


async def settle() -> None:
    """Let everything that is ready run, and whatever that makes ready."""
    for _ in range(200):
        await asyncio.sleep(0)

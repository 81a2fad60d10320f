"""Drive pipecat-ai 0.0.73 through scenarios: the program that runs in its own environment.

Reads scenarios from standard input, one line of JSON each (``Scenario.to_plain()``), and prints one
line of JSON for each frame about a call, and each end, that the service hands to a neighbour, for
each context and interruption that reaches the service, for rest, and for each error in the log.

The service, the aggregator and the frames are Pipecat's own and unmodified; of ``llm_sim`` only the
loop is used, which needs nothing but the standard library.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import sys
from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from typing import Any, ClassVar

import pipecat.frames.frames as pipecat_frames
from loguru import logger
from pipecat.clocks.base_clock import BaseClock
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    FunctionCallCancelFrame,
    FunctionCallFromLLM,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallsStartedFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    StartFrame,
    StartInterruptionFrame,
    TextFrame,
)
from pipecat.processors.aggregators.openai_llm_context import (
    OpenAILLMContext,
    OpenAILLMContextFrame,
)
from pipecat.processors.frame_processor import (
    FrameDirection,
    FrameProcessor,
    FrameProcessorSetup,
)
from pipecat.services.llm_service import LLMService
from pipecat.services.openai.llm import OpenAIAssistantContextAggregator
from pipecat.utils.asyncio.task_manager import TaskManager, TaskManagerParams

from llm_sim.loop import SimLoop

Scenario = dict[str, Any]
Tell = Callable[..., None]

_ABOUT_CALLS = (
    FunctionCallsStartedFrame,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallCancelFrame,
)
_HEARD = (*_ABOUT_CALLS, EndFrame, CancelFrame)
_STIMULI = {"interrupt": StartInterruptionFrame, "end": EndFrame, "cancel": CancelFrame}
_TOLD = ("arguments", "result", "cancel_on_interruption")
_MAX_STEPS = 200_000
_REST_SECS, _END_SECS = 60, 1
_UNITS_SECS = {"m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def seconds(duration: str) -> float:
    """Return a duration of a scenario, such as ``"300ms"``, in seconds."""
    match = re.fullmatch(r"([0-9.]+)([a-z]+)", duration)
    if match is None:
        raise ValueError(f"not a duration: {duration!r}")
    return float(match[1]) * _UNITS_SECS[match[2]]


def way(direction: FrameDirection) -> str:
    """Return ``"down"`` or ``"up"``."""
    return "up" if direction == FrameDirection.UPSTREAM else "down"


class LoopClock(BaseClock):  # type: ignore[misc]
    """Pipecat's clock, reading the loop's."""

    def get_time(self) -> int:
        return int(asyncio.get_running_loop().time() * 1e9)

    def start(self) -> None:
        pass


class Passing(FrameProcessor):  # type: ignore[misc]
    """Stands before the service."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)


class Playout(FrameProcessor):  # type: ignore[misc]
    """Stands in for a TTS: it holds each text, and what is queued behind waits."""

    def __init__(self, secs: float) -> None:
        super().__init__()
        self._secs = secs

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TextFrame):
            await asyncio.sleep(self._secs)
        await self.push_frame(frame, direction)


class ScriptedService(LLMService):  # type: ignore[misc]
    """The real service with a script for a model."""

    frames: ClassVar[Any] = pipecat_frames

    def __init__(self, scenario: Scenario, tell: Tell) -> None:
        super().__init__(run_in_parallel=scenario.get("mode", "parallel") == "parallel")
        self._sim_turns = list(scenario["script"])
        self._sim_first_token = seconds(scenario.get("latency", {}).get("llm", "0s"))
        self._sim_tell = tell
        if "bot" in scenario:
            load(scenario["bot"])(self)
        for name, tool in scenario.get("tools", {}).items():
            if tool.get("registered", True):
                keeps = tool.get("cancel_on_interruption", True)
                self.register_function(name, stub(tool), cancel_on_interruption=keeps)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, (OpenAILLMContextFrame, StartInterruptionFrame)):
            heard = "asked" if isinstance(frame, OpenAILLMContextFrame) else "interrupted"
            self._sim_tell(heard=heard, way=way(direction))
        await super().process_frame(frame, direction)
        if isinstance(frame, OpenAILLMContextFrame):
            await self._play(frame.context)
        else:
            await self.push_frame(frame, direction)

    async def _play(self, context: OpenAILLMContext) -> None:
        turn = self._sim_turns.pop(0) if self._sim_turns else []
        try:
            await self.push_frame(LLMFullResponseStartFrame())
            if self._sim_first_token:
                await asyncio.sleep(self._sim_first_token)
            for step in turn:
                if "say" in step:
                    await self.push_frame(LLMTextFrame(step["say"]))
                elif "wait" in step:
                    await asyncio.sleep(seconds(step["wait"]))
            calls = [step for step in turn if "call" in step]
            await self.run_function_calls([from_llm(call, context) for call in calls])
        finally:
            await self.push_frame(LLMFullResponseEndFrame())


def load(reference: str) -> Callable[[Any], None]:
    """Return the function ``package.module:attribute`` that registers a bot's handlers."""
    module, _, attribute = reference.partition(":")
    build: Callable[[Any], None] = getattr(importlib.import_module(module), attribute)
    return build


def from_llm(call: dict[str, Any], context: OpenAILLMContext) -> FunctionCallFromLLM:
    """Return a call of the script as the model's."""
    return FunctionCallFromLLM(
        function_name=call["call"],
        tool_call_id=call["as"],
        arguments=dict(call.get("args", {})),
        context=context,
    )


def stub(tool: dict[str, Any]) -> Callable[[Any], Any]:
    """Return a handler that behaves as a stub tool of a scenario says."""

    async def handler(params: Any) -> None:
        if "latency" in tool:
            await asyncio.sleep(seconds(tool["latency"]))
        if "raises" in tool:
            raise RuntimeError(tool["raises"])
        await params.result_callback(deepcopy(tool.get("result", {"ok": True})))

    return handler


def listen(neighbour: Any, heard: FrameDirection, tell: Tell) -> None:
    """Tell of each frame about a call, and each end, that a neighbour is handed by the service."""
    queue_frame = neighbour.queue_frame

    def listening(frame: Any, direction: Any = FrameDirection.DOWNSTREAM, *rest: Any) -> Any:
        if direction == heard and isinstance(frame, _HEARD):
            tell(way=way(direction), type=type(frame).__name__.removesuffix("Frame"), **told(frame))
        return queue_frame(frame, direction, *rest)

    neighbour.queue_frame = listening


def told(frame: Any) -> dict[str, Any]:
    """Return the calls that a frame speaks of, and what else it says."""
    if not isinstance(frame, _ABOUT_CALLS):
        return {"calls": [], "fields": {}}
    calls = getattr(frame, "function_calls", None) or [frame]
    listed = [[call.tool_call_id, call.function_name] for call in calls]
    if isinstance(frame, FunctionCallsStartedFrame):
        return {"calls": listed, "fields": {"arguments": [dict(c.arguments) for c in calls]}}
    fields = {name: getattr(frame, name) for name in _TOLD if hasattr(frame, name)}
    properties = getattr(frame, "properties", None)
    if properties is not None:
        fields["properties"] = {"run_llm": properties.run_llm}
    return {"calls": listed, "fields": fields}


async def set_up(scenario: Scenario, context: OpenAILLMContext, tell: Tell) -> list[Any]:
    """Return the processors, linked, set up and listened to."""
    row: list[Any] = [Passing(), ScriptedService(scenario, tell)]
    if "playout" in scenario.get("latency", {}):
        row.append(Playout(seconds(scenario["latency"]["playout"])))
    row.append(OpenAIAssistantContextAggregator(context))
    manager = TaskManager()
    manager.setup(TaskManagerParams(loop=asyncio.get_running_loop()))
    for left, right in pairwise(row):
        left.link(right)
    for processor in row:
        await processor.setup(FrameProcessorSetup(clock=LoopClock(), task_manager=manager))
    listen(row[0], FrameDirection.UPSTREAM, tell)
    listen(row[2], FrameDirection.DOWNSTREAM, tell)
    return row


async def converse(scenario: Scenario, tell: Tell) -> None:
    """Run one conversation: start, open, bring in what is injected, come to rest, end."""
    loop = asyncio.get_running_loop()
    context = OpenAILLMContext()
    row = await set_up(scenario, context, tell)
    await row[0].queue_frame(StartFrame(allow_interruptions=True))

    async def user_says(text: str) -> None:
        context.add_message({"role": "user", "content": text})
        await row[0].queue_frame(OpenAILLMContextFrame(context))

    await user_says(scenario.get("user", "Hello."))
    opened = loop.time()
    for injection in scenario.get("inject", ()):
        await asyncio.sleep(opened + seconds(injection["after"]) - loop.time())
        if isinstance(injection["do"], str):
            await row[0].queue_frame(_STIMULI[injection["do"]]())
        else:
            await user_says(injection["do"]["say"])
    await asyncio.sleep(_REST_SECS)
    tell(heard="rest")
    await row[0].queue_frame(EndFrame())
    await asyncio.sleep(_END_SECS)
    for processor in row:
        await processor.cleanup()


def main() -> None:
    """Run every scenario of standard input."""
    logger.remove()
    for line in sys.stdin:
        run(json.loads(line))


def run(scenario: Scenario) -> None:
    """Run a scenario on a loop of its own."""
    loop = SimLoop(max_steps=_MAX_STEPS)

    def tell(**what: Any) -> None:
        print(json.dumps({"scenario": scenario["name"], "ms": loop.time_ns // 1_000_000, **what}))

    def tell_error(message: Any) -> None:
        tell(error=message.record["message"])

    sink = logger.add(tell_error, level="ERROR", format="{message}")
    try:
        loop.run_until_complete(converse(scenario, tell))
    except TypeError as error:
        # A bot that registers its handlers in a way that this release does not know.
        tell(error=str(error))
    loop.close()
    logger.remove(sink)


if __name__ == "__main__":
    main()

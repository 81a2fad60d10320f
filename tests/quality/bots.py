"""Handlers and processors that open the windows in which the planted races lie."""

from __future__ import annotations

import asyncio

from llm_sim.frames import (
    Frame,
    FrameDirection,
    FunctionCallsStartedFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from llm_sim.service import FrameProcessor, FunctionCallParams, LLMService
from llm_sim.targets import Bot


async def _works(params: FunctionCallParams) -> None:
    await asyncio.sleep(0.1)
    await params.result_callback({"done": params.function_name})


async def _is_silent(params: FunctionCallParams) -> None:
    await asyncio.sleep(0.05)


async def _is_cancelled_from_inside(params: FunctionCallParams) -> None:
    await asyncio.sleep(0.05)
    raise asyncio.CancelledError


async def _answers_when_cancelled(params: FunctionCallParams) -> None:
    try:
        await asyncio.sleep(0.1)
    finally:
        await params.result_callback("done")


async def _works_on_after_its_answer(params: FunctionCallParams) -> None:
    await params.result_callback("done")
    await asyncio.sleep(0.1)


async def _cleans_up(params: FunctionCallParams) -> None:
    try:
        await _works(params)
    finally:
        await asyncio.sleep(0.08)


async def _swallows_its_cancellation(params: FunctionCallParams) -> None:
    try:
        await _works(params)
    except asyncio.CancelledError:
        await asyncio.sleep(2.5)


async def _takes_long(params: FunctionCallParams) -> None:
    await asyncio.sleep(0.25)
    await params.result_callback("late")


def catches_all(llm: LLMService) -> None:
    llm.register_function(None, _works)


BOOKS = Bot(catches_all, mutating=["f"])
"""A catch-all whose f changes the world."""


def works_twice(llm: LLMService) -> None:
    llm.register_function("f", _works)
    llm.register_function("g", _works)


HANGS_UP = Bot(works_twice, terminal=["g"])
"""Two tools, of which g ends things for the user."""


def is_silent(llm: LLMService) -> None:
    llm.register_function("f", _is_silent)


def is_cancelled_from_inside(llm: LLMService) -> None:
    llm.register_function("f", _is_cancelled_from_inside)


def answers_when_cancelled(llm: LLMService) -> None:
    llm.register_function("f", _answers_when_cancelled)


def works_on_after_its_answer(llm: LLMService) -> None:
    llm.register_function("f", _works_on_after_its_answer)


def cleans_up(llm: LLMService) -> None:
    llm.register_function("f", _cleans_up)


def swallows_its_cancellation(llm: LLMService) -> None:
    llm.register_function("f", _swallows_its_cancellation)


def times_out(llm: LLMService) -> None:
    llm.register_function("f", _takes_long, timeout_secs=0.1)


def unregisters(llm: LLMService) -> None:
    """Let g unregister f while both run."""

    async def unregister(params: FunctionCallParams) -> None:
        llm.unregister_function("f")
        await _works(params)

    llm.register_function("f", _works)
    llm.register_function("g", unregister)


def registers_anew(llm: LLMService, before: bool = True) -> None:
    """Let g register f, which an interruption cancels, as one that it does not, while both run."""

    async def register(params: FunctionCallParams) -> None:
        llm.register_function("f", _works, cancel_on_interruption=not before)
        await _works(params)

    llm.register_function("f", _works, cancel_on_interruption=before)
    llm.register_function("g", register)


def registers_anew_as_cancellable(llm: LLMService) -> None:
    """Let g register f, which no interruption cancels, as one that it does, while both run."""
    registers_anew(llm, before=False)


class Microphone(FrameProcessor):
    """Hears the user speak from 20 ms to 150 ms after a call was announced."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, FunctionCallsStartedFrame):
            self.create_task(self._hear())
        await self.push_frame(frame, direction)

    async def _hear(self) -> None:
        await asyncio.sleep(0.02)
        await self.push_frame(UserStartedSpeakingFrame())
        await asyncio.sleep(0.13)
        await self.push_frame(UserStoppedSpeakingFrame())


def hears_the_user(llm: LLMService) -> list[FrameProcessor]:
    llm.register_function("f", _works)
    return [Microphone(), llm]

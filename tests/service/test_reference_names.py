"""Each name of the reference text is here, with its signature.

Where a signature has more than the text's, what is added has a default.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import llm_sim.frames as frames
import llm_sim.service as service
from llm_sim.frames import ControlFrame, DataFrame, FunctionCallResultProperties, SystemFrame
from llm_sim.service import (
    AIService,
    BaseLLMAdapter,
    FrameProcessor,
    LLMService,
    OpenAILLMAdapter,
    OpenAILLMContext,
)

CALL = ["function_name", "tool_call_id", "arguments"]
FIELDS = {
    "FunctionCallParams": [*CALL, "llm", "context", "result_callback"],
    "FunctionCallRegistryItem": ["function_name", "handler", "cancel_on_interruption"],
    "FunctionCallRunnerItem": ["registry_item", *CALL, "context", "run_llm"],
    "FunctionCallFromLLM": [*CALL, "context"],
    "FunctionCallResultProperties": ["run_llm", "on_context_updated"],
    "FunctionCallsStartedFrame": ["function_calls"],
    "FunctionCallInProgressFrame": [*CALL, "cancel_on_interruption"],
    "FunctionCallResultFrame": [*CALL, "result", "run_llm", "properties"],
    "FunctionCallCancelFrame": ["function_name", "tool_call_id"],
    "UserImageRequestFrame": [
        "user_id",
        "context",
        "function_name",
        "tool_call_id",
        "video_source",
    ],
    "UserImageRawFrame": ["image", "size", "format", "user_id", "request"],
    "OpenAILLMContextFrame": ["context"],
    "ErrorFrame": ["error", "fatal"],
    "FrameProcessorPauseFrame": ["processor"],
    "FrameProcessorResumeFrame": ["processor"],
    "FrameProcessorPauseUrgentFrame": ["processor"],
    "FrameProcessorResumeUrgentFrame": ["processor"],
    "LLMMessagesAppendFrame": ["messages"],
    "LLMMessagesUpdateFrame": ["messages"],
    "LLMSetToolsFrame": ["tools"],
    "LLMSetToolChoiceFrame": ["tool_choice"],
    "LLMUserAggregatorParams": ["aggregation_timeout"],
    "LLMAssistantAggregatorParams": ["expect_stripped_words"],
}


@pytest.mark.parametrize("name", FIELDS)
def test_the_fields_of_the_text_come_first_and_what_is_added_has_a_default(name: str) -> None:
    home: Any = service if hasattr(service, name) else frames
    assert name in home.__all__
    fields = [field for field in dataclasses.fields(getattr(home, name)) if field.init]
    wanted = FIELDS[name]
    assert [field.name for field in fields][: len(wanted)] == wanted
    added = fields[len(wanted) :]
    assert [field.name for field in added if field.default is dataclasses.MISSING] == []


KINDS = {
    "StartFrame": SystemFrame,
    "CancelFrame": SystemFrame,
    "EndFrame": ControlFrame,
    "StartInterruptionFrame": SystemFrame,
    "InterruptionFrame": SystemFrame,
    "FunctionCallsStartedFrame": SystemFrame,
    "UserImageRequestFrame": SystemFrame,
    "UserImageRawFrame": SystemFrame,
    "FrameProcessorPauseFrame": ControlFrame,
    "FrameProcessorResumeFrame": ControlFrame,
    "FrameProcessorPauseUrgentFrame": SystemFrame,
    "FrameProcessorResumeUrgentFrame": SystemFrame,
    "LLMMessagesUpdateFrame": DataFrame,
    "LLMSetToolsFrame": DataFrame,
    "LLMSetToolChoiceFrame": DataFrame,
    # Of the kind that they have in today's Pipecat, and not in the text: see the reference page.
    "FunctionCallInProgressFrame": ControlFrame,
    "FunctionCallResultFrame": DataFrame,
    # Of neither's kind: see the frame.
    "FunctionCallCancelFrame": ControlFrame,
}


@pytest.mark.parametrize("name", KINDS)
def test_the_frames_of_the_text_are_exported_and_of_their_kind(name: str) -> None:
    assert name in frames.__all__
    assert issubclass(getattr(frames, name), KINDS[name])


def parameters(method: Callable[..., Any]) -> str:
    """The parameters without their types: ``a, b=1, *, c=None``."""
    signature = inspect.signature(method)
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
        if parameter.name != "self"
    ]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))


METHODS = {
    LLMService.register_function: (
        "(function_name, handler, start_callback=None, *, cancel_on_interruption=True, "
        "timeout_secs=None)"
    ),
    LLMService.unregister_function: "(function_name)",
    LLMService.has_function: "(function_name)",
    LLMService.get_llm_adapter: "()",
    LLMService.create_context_aggregator: "(context, *, user_params=None, assistant_params=None)",
    LLMService.run_function_calls: "(function_calls)",
    LLMService.request_image_frame: (
        "(user_id, *, function_name=None, tool_call_id=None, text_content=None, video_source=None)"
    ),
    LLMService.start: "(frame)",
    LLMService.stop: "(frame)",
    LLMService.cancel: "(frame)",
    LLMService.process_frame: "(frame, direction)",
    LLMService.event_handler: "(event_name)",
    LLMService.add_event_handler: "(event_name, handler)",
    FrameProcessor.setup: "(setup)",
    FrameProcessor.cleanup: "()",
    FrameProcessor.link: "(processor)",
    FrameProcessor.create_task: "(coroutine, name=None)",
    FrameProcessor.cancel_task: "(task, timeout=None)",
    FrameProcessor.wait_for_task: "(task, timeout=None)",
    FrameProcessor.get_event_loop: "()",
    FrameProcessor.pause_processing_frames: "()",
    FrameProcessor.resume_processing_frames: "()",
    FrameProcessor.pause_processing_system_frames: "()",
    FrameProcessor.resume_processing_system_frames: "()",
    service.FunctionCallResultCallback.__call__: "(result, *, properties=None)",
    service.FunctionSchema.__init__: "(name, description, properties, required)",
    service.ToolsSchema.__init__: "(standard_tools, custom_tools=None)",
    OpenAILLMContext.__init__: "(messages=None, tools=NOT_GIVEN, tool_choice=NOT_GIVEN)",
}


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__qualname__)
def test_a_method_takes_what_the_text_says(method: Callable[..., Any]) -> None:
    assert parameters(method) == METHODS[method]


def test_frames_are_queued_and_pushed_downstream_unless_it_is_said() -> None:
    for method in (FrameProcessor.queue_frame, FrameProcessor.push_frame):
        default = inspect.signature(method).parameters["direction"].default
        assert default is service.FrameDirection.DOWNSTREAM


def test_a_service_is_an_ai_service_is_a_processor() -> None:
    assert issubclass(LLMService, AIService)
    assert issubclass(AIService, FrameProcessor)
    assert LLMService.adapter_class is OpenAILLMAdapter
    assert issubclass(OpenAILLMAdapter, BaseLLMAdapter)
    assert isinstance(LLMService().get_llm_adapter(), OpenAILLMAdapter)


def test_a_service_runs_calls_in_parallel_unless_it_is_said() -> None:
    run_in_parallel = inspect.signature(LLMService).parameters["run_in_parallel"]
    assert run_in_parallel.default is True
    assert LLMService(False, name="sequential").name == "sequential"


def test_the_type_names_are_exported() -> None:
    names = {"FunctionCallHandler", "FunctionCallResultCallback", "LLMUserAggregatorParams"}
    assert names <= set(service.__all__)
    assert FunctionCallResultProperties() == FunctionCallResultProperties(None, None)


def test_both_names_of_a_frame_are_one_class() -> None:
    assert frames.StartInterruptionFrame is frames.InterruptionFrame
    assert frames.OpenAILLMContextFrame is frames.LLMContextFrame


def documented() -> list[tuple[str, str]]:
    """Each name of the page's table, with the package that it says."""
    page = (Path(__file__).parents[2] / "docs" / "reference-core.md").read_text(encoding="utf-8")
    table = page.split("## Where each name lives")[1].split("## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    return [
        (name, package)
        for names, packages in rows
        for name in re.findall(r"`(\w+)`", names)
        for package in re.findall(r"`([\w.]+)`", packages)
    ]


@pytest.mark.parametrize(("name", "package"), documented())
def test_a_name_lives_where_the_page_says(name: str, package: str) -> None:
    assert name in import_module(package).__all__


def test_the_page_knows_every_name_that_the_text_has() -> None:
    names = {name for name, _ in documented()}
    assert set(FIELDS) | set(KINDS) <= names

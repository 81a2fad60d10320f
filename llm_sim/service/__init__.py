"""The reference core: a voice agent's service with function calling, correct on every schedule."""

from llm_sim.frames import FrameDirection
from llm_sim.service._adapters import BaseLLMAdapter, OpenAILLMAdapter
from llm_sim.service._aggregator_pair import LLMContextAggregatorPair
from llm_sim.service._ai_service import AIService
from llm_sim.service._assistant_aggregator import (
    LLMAssistantAggregator,
    LLMAssistantAggregatorParams,
)
from llm_sim.service._errors import UnknownFunctionError
from llm_sim.service._frame_lanes import FrameCallback
from llm_sim.service._function_calling import AFTER_RESULT_TIMEOUT_SECS, IMAGE_TIMEOUT_SECS
from llm_sim.service._llm_context import CANCELLED, IN_PROGRESS, LLMContext, OpenAILLMContext
from llm_sim.service._llm_service import LLMService
from llm_sim.service._ongoing_calls import OngoingCall
from llm_sim.service._pipeline import Pipeline, PipelineSink, PipelineSource
from llm_sim.service._pipeline_task import PipelineRunner, PipelineTask
from llm_sim.service._processor import FrameProcessor, FrameProcessorSetup
from llm_sim.service._task_owner import CANCEL_TIMEOUT_SECS
from llm_sim.service._tool_schemas import (
    NOT_GIVEN,
    AdapterType,
    FunctionSchema,
    NotGiven,
    ToolsSchema,
)
from llm_sim.service._types import (
    FunctionCallHandler,
    FunctionCallParams,
    FunctionCallRegistryItem,
    FunctionCallResultCallback,
    FunctionCallRunnerItem,
)
from llm_sim.service._user_aggregator import LLMUserAggregator, LLMUserAggregatorParams

__all__ = [
    "AFTER_RESULT_TIMEOUT_SECS",
    "CANCELLED",
    "CANCEL_TIMEOUT_SECS",
    "IMAGE_TIMEOUT_SECS",
    "IN_PROGRESS",
    "NOT_GIVEN",
    "AIService",
    "AdapterType",
    "BaseLLMAdapter",
    "FrameCallback",
    "FrameDirection",
    "FrameProcessor",
    "FrameProcessorSetup",
    "FunctionCallHandler",
    "FunctionCallParams",
    "FunctionCallRegistryItem",
    "FunctionCallResultCallback",
    "FunctionCallRunnerItem",
    "FunctionSchema",
    "LLMAssistantAggregator",
    "LLMAssistantAggregatorParams",
    "LLMContext",
    "LLMContextAggregatorPair",
    "LLMService",
    "LLMUserAggregator",
    "LLMUserAggregatorParams",
    "NotGiven",
    "OngoingCall",
    "OpenAILLMAdapter",
    "OpenAILLMContext",
    "Pipeline",
    "PipelineRunner",
    "PipelineSink",
    "PipelineSource",
    "PipelineTask",
    "ToolsSchema",
    "UnknownFunctionError",
]

"""The names that others rely on."""

from __future__ import annotations

import subprocess
import sys

import pytest

import llm_sim.service as service
from llm_sim.service import LLMContext, LLMService, OpenAILLMAdapter, OpenAILLMContext


def test_the_exported_names_are_there() -> None:
    assert [name for name in service.__all__ if not hasattr(service, name)] == []
    assert len(set(service.__all__)) == len(service.__all__)


@pytest.mark.slow
def test_the_core_depends_on_the_standard_library_only() -> None:
    code = (
        "import sys, llm_sim.service; "
        "foreign = ('pydantic', 'loguru', 'pipecat', 'pytest', 'yaml'); "
        "print([name for name in foreign if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_both_names_of_the_context_are_one_class() -> None:
    assert LLMContext is OpenAILLMContext


def test_the_context_keeps_messages_tools_and_tool_choice() -> None:
    context = OpenAILLMContext([{"role": "system", "content": "s"}], ["tool"], "auto")
    held = context.messages
    context.add_message({"role": "user", "content": "u"})
    assert [m["role"] for m in held] == ["system", "user"]
    context.set_messages([{"role": "user", "content": "new"}])
    assert held == context.get_messages() == [{"role": "user", "content": "new"}]
    context.set_tools(None)
    context.set_tool_choice("none")
    assert OpenAILLMAdapter().get_llm_invocation_params(context) == {
        "messages": held,
        "tools": None,
        "tool_choice": "none",
    }


def test_the_adapter_is_made_of_the_adapter_class() -> None:
    class Mine(OpenAILLMAdapter):
        pass

    class MyLLM(LLMService):
        adapter_class = Mine

    assert type(MyLLM().get_llm_adapter()) is Mine

"""The context, with the methods that Pipecat's has."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any

import pytest

from llm_sim.errors import UsageError
from llm_sim.service import NOT_GIVEN, OpenAILLMContext

HELLO = {"role": "user", "content": "Grüß dich"}


def image_url(context: OpenAILLMContext) -> str:
    url: str = context.messages[-1]["content"][-1]["image_url"]["url"]
    return url


def test_a_list_of_messages_is_kept_and_not_copied() -> None:
    held: list[dict[str, Any]] = []
    context = OpenAILLMContext(held)
    held.append(HELLO)
    assert context.messages is context.get_messages() is held
    assert OpenAILLMContext(iter([HELLO])).messages == [HELLO]
    assert OpenAILLMContext().messages == []


def test_tools_and_tool_choice_are_not_given_unless_they_are() -> None:
    context = OpenAILLMContext()
    assert (context.tools, context.tool_choice) == (NOT_GIVEN, NOT_GIVEN)
    context.set_tools([{"type": "function"}])
    context.set_tool_choice("auto")
    assert (context.tools, context.tool_choice) == ([{"type": "function"}], "auto")
    context.set_tools([])
    assert context.tools is NOT_GIVEN


def test_messages_become_a_context_with_names_and_stay_as_they_are() -> None:
    context = OpenAILLMContext.from_messages([HELLO, {"role": "tool", "name": "f"}])
    assert [message["name"] for message in context.messages] == ["user", "f"]
    assert "name" not in HELLO


def test_the_standard_form_is_the_form_of_the_context() -> None:
    context = OpenAILLMContext([HELLO])
    assert context.from_standard_message(HELLO) is HELLO
    assert context.to_standard_messages(HELLO) == [HELLO]
    assert context.get_messages_for_initializing_history() is context.messages
    stored = context.get_messages_for_persistent_storage()
    assert stored == context.messages
    assert stored is not context.messages


def test_persistent_storage_takes_the_conversion_of_a_subclass() -> None:
    class Twofold(OpenAILLMContext):
        def to_standard_messages(self, obj: dict[str, Any]) -> list[dict[str, Any]]:
            return [obj, obj]

    assert Twofold([HELLO]).get_messages_for_persistent_storage() == [HELLO, HELLO]


def test_the_log_shows_no_bytes_and_changes_nothing() -> None:
    context = OpenAILLMContext([dict(HELLO), {"mime_type": "image/png", "data": "x"}])
    context.add_image_frame_message(format="image/jpeg", size=(1, 1), image=b"jpg", text="Look")
    logged = json.loads(context.get_messages_for_logging())
    assert logged[1]["data"] == "..."
    assert logged[2]["content"] == [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "data:image/..."}},
    ]
    assert "Grüß" in context.get_messages_for_logging()
    assert image_url(context) == "data:image/jpeg;base64," + base64.b64encode(b"jpg").decode()


def test_all_messages_are_told_as_json() -> None:
    assert json.loads(OpenAILLMContext([HELLO]).get_messages_json()) == [HELLO]


@pytest.mark.parametrize(
    ("format", "pixel"), [("L", b"\1"), ("RGB", b"\1\2\3"), ("RGBA", b"\1\2\3\4")]
)
def test_pixels_become_a_png(format: str, pixel: bytes) -> None:
    context = OpenAILLMContext()
    context.add_image_frame_message(format=format, size=(2, 3), image=pixel * 6)
    kind, _, data = image_url(context).partition(",")
    png = base64.b64decode(data)
    assert (kind, png[:8]) == ("data:image/png;base64", b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (2, 3)
    length = struct.unpack(">I", png[33:37])[0]
    assert zlib.decompress(png[41 : 41 + length]) == (b"\0" + pixel * 2) * 3


@pytest.mark.parametrize(
    ("format", "problem"), [("YUV", "got 'YUV'"), (None, "got None"), ("RGB", "3 bytes, got 1")]
)
def test_an_image_that_cannot_be_shown_is_refused(format: Any, problem: str) -> None:
    context = OpenAILLMContext()
    with pytest.raises(UsageError, match=problem):
        context.add_image_frame_message(format=format, size=(1, 1), image=b"x")
    assert context.messages == []

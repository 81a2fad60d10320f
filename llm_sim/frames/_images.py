"""The frames that ask a user for an image, and bring it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llm_sim.frames._base import SystemFrame


@dataclass(slots=True, eq=False)
class UserImageRequestFrame(SystemFrame):
    """Ask the user's transport for an image; travels upstream.

    Parameters:
        user_id: Whose camera.
        context: The text that goes with the image.
        function_name: The function that asks, if one does.
        tool_call_id: The call that asks, if one does.
        video_source: Which of the user's sources.
        result_callback: What settles the call when the image is there; set by the service.
    """

    user_id: str
    context: Any = None
    function_name: str | None = None
    tool_call_id: str | None = None
    video_source: str | None = None
    result_callback: Any = None


@dataclass(slots=True, eq=False)
class InputImageRawFrame(SystemFrame):
    """An image from the input transport.

    Parameters:
        image: The pixels, row by row, or the bytes of an encoded image.
        size: Width and height in pixels.
        format: ``"RGB"``, ``"RGBA"`` or ``"L"`` for pixels; a MIME type for an encoded image.
    """

    image: bytes
    size: tuple[int, int]
    format: str | None


@dataclass(slots=True, eq=False)
class UserImageRawFrame(InputImageRawFrame):
    """An image of a user, asked for or not.

    Parameters:
        user_id: Whose image.
        request: The frame that asked for it.
    """

    user_id: str = ""
    request: UserImageRequestFrame | None = None

"""Make a user's message of an image, with the standard library only."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any, Final

from llm_sim.errors import UsageError

# Samples a pixel, and PNG's name for it (W3C PNG, 11.2.1).
_PIXELS: Final = {"L": (1, 0), "RGB": (3, 2), "RGBA": (4, 6)}


def image_message(
    format: str | None, size: tuple[int, int], image: bytes, text: Any
) -> dict[str, Any]:
    """Return a message of the user with an image in it, in OpenAI's form.

    Args:
        format: See `data_url`.
        size: See `data_url`.
        image: See `data_url`.
        text: What goes before the image, if anything.

    Raises:
        UsageError: As `data_url` does.
    """
    said = [{"type": "text", "text": str(text)}] if text else []
    shown = {"type": "image_url", "image_url": {"url": data_url(format, size, image)}}
    return {"role": "user", "content": [*said, shown]}


def data_url(format: str | None, size: tuple[int, int], image: bytes) -> str:
    """Return an image as a ``data:`` URL; pixels become a PNG.

    Args:
        format: ``"L"``, ``"RGB"`` or ``"RGBA"`` for pixels; a MIME type for an encoded image.
        size: Width and height in pixels.
        image: The pixels, row by row, or the encoded image.

    Raises:
        UsageError: The format is none of these, or the pixels do not fill the size.
    """
    # PNG because the standard library can write one; Pipecat writes a JPEG, with Pillow.
    if format in _PIXELS:
        format, image = "image/png", _png(format, size, image)
    if not format or not format.startswith("image/"):
        raise UsageError(f"an image is {', '.join(_PIXELS)} or a MIME type, got {format!r}")
    return f"data:{format};base64,{base64.b64encode(image).decode('ascii')}"


def _png(format: str, size: tuple[int, int], pixels: bytes) -> bytes:
    samples, colour = _PIXELS[format]
    width, height = size
    row = width * samples
    if len(pixels) != row * height:
        raise UsageError(
            f"{width}x{height} pixels of {format} are {row * height} bytes, got {len(pixels)}"
        )
    unfiltered = b"".join(
        b"\0" + pixels[start : start + row] for start in range(0, row * height, row)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(unfiltered)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

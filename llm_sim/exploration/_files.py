"""Files that are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path


def write_text(path: Path, text: str) -> None:
    """Write a file by way of a temporary one beside it, so that it is never half-written.

    A device or a pipe (``/dev/stdout``) is written to, not replaced.

    Args:
        path: Where it stands; its directory is there.
        text: What is in it, in UTF-8.

    Raises:
        OSError: It cannot be written; what was there before still is.
    """
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    whole = path.resolve()
    temporary = whole.with_name(f".{whole.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(whole)
    finally:
        temporary.unlink(missing_ok=True)

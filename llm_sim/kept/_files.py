"""Files that are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

HOME: Final = ".llm_sim"
"""The directory of a project in which what can be made again is kept; git ignores it."""


def make_directory(directory: Path) -> None:
    """Create a directory with its parents; one that stands in ``.llm_sim`` is ignored by git.

    Raises:
        OSError: It cannot be created.
    """
    directory.mkdir(parents=True, exist_ok=True)
    ignore = directory.parent / ".gitignore"
    if ignore.parent.name == HOME and not ignore.exists():
        write_text(ignore, "*\n")


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

"""Files that are whole or not there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from llm_sim.errors import UsageError


def check_writable(path: Path | None) -> None:
    """Refuse a place that cannot be written to before the work begins.

    Raises:
        UsageError: The path is a directory, or its directory is missing, or it may not be
            written to.
    """
    if path is None:
        return
    if path.is_dir():
        raise UsageError(f"{path}: is a directory; name a file")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no directory {path.parent}; create it first")
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise UsageError(f"{path}: it may not be written to")


def write_text(path: Path, text: str) -> None:
    """Write a file by way of a temporary one beside it, so that it is never half-written.

    A device or a pipe (``/dev/stdout``) is written to, not replaced.
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


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, whole."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")

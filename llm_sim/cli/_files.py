"""Files that are whole or not there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

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


def create_directory(directory: Path) -> None:
    """Create a directory with its parents, if it is not there.

    Raises:
        UsageError: It cannot be created.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = "it is a file" if directory.is_file() else error.strerror
        raise UsageError(
            f"{directory}: the directory cannot be created: {why}; name another one"
        ) from None


def check_one_run(trace: Path | None, runs: Sequence[str]) -> None:
    """Refuse a trace of several runs.

    Raises:
        UsageError: A trace is wanted, and there is more than one run.
    """
    if trace is not None and len(runs) > 1:
        raise UsageError(f"--trace writes one run: name a scenario, like {runs[0]}")

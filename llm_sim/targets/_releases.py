"""Which release of a distribution is installed."""

from __future__ import annotations

import importlib.metadata
from functools import cache


@cache
def installed_release(distribution: str) -> str | None:
    """Return a distribution's release, or None where it is not installed.

    Asked for in every run, and the answer takes as long to find as a short run does, so it is
    found once in a process.
    """
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None

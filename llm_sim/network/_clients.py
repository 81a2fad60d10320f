"""What clients need to know of a simulated network."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def names_found_by_the_loop() -> Iterator[None]:
    """Let aiohttp ask the loop for names, also where aiodns is installed.

    aiodns asks the real world, in a thread of its own. Each session that is made meanwhile and
    names no resolver of its own asks the loop instead, which is what aiohttp does without aiodns.
    """
    connector, resolver = (sys.modules.get(f"aiohttp.{name}") for name in ("connector", "resolver"))
    if connector is None or resolver is None:
        yield
        return
    default = connector.DefaultResolver
    connector.DefaultResolver = resolver.ThreadedResolver  # type: ignore[attr-defined]
    try:
        yield
    finally:
        connector.DefaultResolver = default  # type: ignore[attr-defined]

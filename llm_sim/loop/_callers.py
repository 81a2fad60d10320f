"""Find who asked: the line of the user's code, not that of a library in between."""

from __future__ import annotations

import functools
import sys
import sysconfig
from collections.abc import Collection, Iterable, Iterator
from pathlib import PurePath
from types import FrameType
from typing import Final

_CLIENTS: Final = frozenset(
    {
        *("aiodns", "aiohappyeyeballs", "aiohttp", "anyio", "httpcore", "httpcore2", "httpx"),
        *("httpx2", "openai", "requests", "tenacity", "urllib3", "websockets"),
    }
)
"""Installed libraries that ask on behalf of others."""


def visible_caller() -> str:
    """Describe who called, from the frames of this step; an empty string if they do not tell."""
    return users_line(_outwards(sys._getframe(1)))


def users_line(frames: Iterable[FrameType]) -> str:
    """Describe the first frame of the user's code, or else the first of an installed library.

    Args:
        frames: From the innermost outwards.

    Returns:
        ``file:line in function``, or an empty string if there are only frames of ours, of the
        standard library, and of clients.
    """
    in_library = ""
    for frame in frames:
        package = _package_of(frame)
        if package == "llm_sim":
            continue
        root = _root_of(frame.f_code.co_filename)
        if root is None:
            return _place(frame)
        # If no line is the user's, a library's line is better than none. Clients are left out,
        # because they ask on behalf of others.
        if root == "installed" and not in_library and package not in _CLIENTS:
            in_library = _place(frame)
    return in_library


def line_that_waits_in_a_client(frames: Iterable[FrameType]) -> str:
    """Describe who waits for a client library, from the frames of a suspended task.

    Args:
        frames: From the innermost outwards.
    """
    waiting = [frame for frame in frames if _root_of(frame.f_code.co_filename) != "standard"]
    return users_line(waiting) if waiting and _package_of(waiting[0]) in _CLIENTS else ""


def asks_for_itself(asking: Collection[str]) -> bool:
    """Tell whether the standard library asks for itself, or a module that is being imported.

    ``platform`` and ``ctypes.util`` start programs to learn what machine this is.

    Args:
        asking: The modules through which one asks.
    """
    frames = [frame for frame in _outwards(sys._getframe(1)) if _package_of(frame) not in asking]
    if any(frame.f_globals.get("__name__") == "importlib._bootstrap" for frame in frames):
        return True
    others = [frame for frame in frames if _package_of(frame) not in ("asyncio", "llm_sim")]
    return bool(others) and _root_of(others[0].f_code.co_filename) == "standard"


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frames from one outwards, up to the loop: who runs the loop did not ask."""
    while frame is not None:
        module, function = frame.f_globals.get("__name__"), frame.f_code.co_name
        if (module, function) in (
            ("llm_sim.loop._machine", "_run_stretch"),
            ("asyncio.base_events", "_run_once"),
        ):
            return
        yield frame
        frame = frame.f_back


@functools.cache
def _root_of(filename: str) -> str | None:
    """Tell whether a file is ``"standard"``, ``"installed"``, or (None) the user's own."""
    if filename.startswith("<frozen "):
        return "standard"
    paths = sysconfig.get_paths()
    for root, names in (
        ("installed", ("purelib", "platlib")),
        ("standard", ("stdlib", "platstdlib")),
    ):
        if any(PurePath(filename).is_relative_to(paths[name]) for name in names):
            return root
    return None


def _package_of(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _place(frame: FrameType) -> str:
    code = frame.f_code
    return f"{PurePath(code.co_filename).name}:{frame.f_lineno} in {code.co_qualname}"

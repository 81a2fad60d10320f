"""Refuse what blocking code would reach past the loop, while a loop runs on its thread.

For this a run borrows ten functions of the process. They do what they always do in every other
thread, for every other loop, and when no simulated loop is running.
"""

from __future__ import annotations

import functools
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, get_ident
from typing import Any, Final

from llm_sim.loop._callers import asks_for_itself
from llm_sim.loop._refusals import PROCESS_REMEDY, Refusals

_REMEDY: Final = (
    "a blocking client would hold up the loop and everybody on it; use an asynchronous one "
    "(aiohttp, httpx.AsyncClient) with a server that the bot's Network declares, or a stub"
)

_SLEEP_REMEDY: Final = (
    "it holds up the loop and everybody on it; await asyncio.sleep, or hand the function that "
    "sleeps to asyncio.to_thread, where it takes virtual time"
)
_real_sleep: Final = time.sleep  # noqa: TID251 - for whoever waits outside a run

# Runs in several threads share what is borrowed: the first borrows it, the last gives it back.
_lock = Lock()
_loops: dict[int, list[Refusals]] = {}
"""The loops that are watched, by thread; the innermost is the last."""
_lent: list[tuple[Any, str, Any]] = []
"""What was put in its place: the owner, the name, and what stood there, if anything did."""
_MISSING: Final = object()


@contextmanager
def outside_refused(loop: Refusals) -> Iterator[None]:
    """Refuse what blocking code asks for on this thread while a loop runs on it.

    Refused are: to connect a socket or to send through it (``AF_UNIX`` is allowed), to look up a
    name, and to start a program, unless the standard library does so for itself.

    Two functions of ``ssl`` work differently meanwhile. ``SSLContext.wrap_bio``, with which anyio
    encrypts, returns an object that passes bytes through, because the servers of a simulated
    network do not encrypt. ``ssl.create_default_context``, which httpx calls for each client and
    which takes longer than ten runs, makes one context for all calls with the same arguments.

    Args:
        loop: The loop; it remembers what was refused.
    """
    thread = get_ident()
    with _lock:
        if not _loops:
            _borrow()
        _loops.setdefault(thread, []).append(loop)
    try:
        yield
    finally:
        with _lock:
            _loops[thread].remove(loop)
            if not _loops[thread]:
                del _loops[thread]
            if not _loops:
                _give_back()


def _borrow() -> None:
    for owner, name, make in (
        (socket.socket, "connect", _make_connect),
        (socket.socket, "connect_ex", _make_connect),
        (socket.socket, "sendto", _make_sendto),
        (socket, "getaddrinfo", _make_getaddrinfo),
        (socket, "gethostbyaddr", _make_gethostby),
        (socket, "gethostbyname", _make_gethostby),
        (ssl.SSLContext, "wrap_bio", _make_wrap_bio),
        (ssl, "create_default_context", _make_create_default_context),
        (subprocess.Popen, "__init__", _make_popen),
        (os, "system", _make_system),
    ):
        # `vars` and not `getattr`: `socket.socket` inherits `connect`. To give it back means to
        # delete ours, and not to set what was inherited.
        _lent.append((owner, name, vars(owner).get(name, _MISSING)))
        setattr(owner, name, make(getattr(owner, name)))


def _give_back() -> None:
    while _lent:
        owner, name, before = _lent.pop()
        if before is _MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


def _running() -> Refusals | None:
    """Return the simulated loop that runs on this thread."""
    loops = _loops.get(get_ident())
    return loops[-1] if loops and loops[-1].is_running() else None


def _make_connect(real: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        loop = _running()
        # AF_UNIX does not leave the machine.
        if loop is None or self.family not in (socket.AF_INET, socket.AF_INET6):
            return real(self, address)
        raise loop.refuse(f"a blocking connection to {_spell(*address[:2])}", _REMEDY)

    return connect


def _make_sendto(real: Callable[..., Any]) -> Callable[..., Any]:
    def sendto(self: socket.socket, data: Any, *flags_and_address: Any) -> Any:
        loop = _running()
        if loop is None or self.family not in (socket.AF_INET, socket.AF_INET6):
            return real(self, data, *flags_and_address)
        raise loop.refuse(f"a datagram to {_spell(*flags_and_address[-1][:2])}", _REMEDY)

    return sendto


def _make_gethostby(real: Callable[..., Any]) -> Callable[..., Any]:
    def gethostby(host: Any) -> Any:
        loop = _running()
        if loop is None:
            return real(host)
        raise loop.refuse(f"the address of {host}", _REMEDY)

    return gethostby


def _make_getaddrinfo(real: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        loop = _running()
        # Without a host it is the machine's own address, which nobody has to be asked for.
        if loop is None or host in (None, "", b""):
            return real(host, port, *args, **options)
        raise loop.refuse(f"a blocking connection to {_spell(host, port)}", _REMEDY)

    return getaddrinfo


def _make_popen(real: Callable[..., Any]) -> Callable[..., Any]:
    def popen(self: Any, args: Any, *more: Any, **how: Any) -> None:
        loop = _running()
        if loop is not None and not asks_for_itself(("subprocess", "os")):
            raise loop.refuse(f"the program {args!r}", PROCESS_REMEDY)
        real(self, args, *more, **how)

    return popen


def _make_system(real: Callable[..., Any]) -> Callable[..., Any]:
    def system(command: Any) -> Any:
        loop = _running()
        if loop is not None and not asks_for_itself(("os",)):
            raise loop.refuse(f"the program {command!r}", PROCESS_REMEDY)
        return real(command)

    return system


def blocking_sleep(secs: Any, /) -> None:
    """Sleep as ``time.sleep`` does; in virtual time if a simulated loop runs on this thread.

    Raises:
        UnsupportedOperationError: The loop itself is put to sleep, not a function for an executor.
    """
    loop = _running()
    # Zero takes no time, and about a negative number the real one complains.
    if loop is None or not secs > 0:
        _real_sleep(secs)
    elif not loop.sleep_in_executor(secs):
        raise loop.refuse(f"time.sleep({secs})", _SLEEP_REMEDY)


def _make_wrap_bio(real: Callable[..., Any]) -> Callable[..., Any]:
    def wrap_bio(self: ssl.SSLContext, incoming: Any, outgoing: Any, *args: Any, **how: Any) -> Any:
        if _running() is None:
            return real(self, incoming, outgoing, *args, **how)
        return _Plain(incoming, outgoing)

    return wrap_bio


def _make_create_default_context(real: Callable[..., Any]) -> Callable[..., Any]:
    def create_default_context(*args: Any, **how: Any) -> Any:
        # A bytearray, which `cadata` may be, cannot be looked up.
        if _running() is None or any(isinstance(one, bytearray) for one in how.values()):
            return real(*args, **how)
        return _default_context(real, *args, **how)

    return create_default_context


@functools.cache
def _default_context(real: Callable[..., Any], *args: Any, **how: Any) -> Any:
    return real(*args, **how)


def _spell(host: Any, port: Any) -> str:
    return f"{host.decode() if isinstance(host, bytes) else host}:{port}"


class _Plain:
    """An ``ssl.SSLObject`` that does not encrypt."""

    server_side = False
    session = None
    session_reused = None

    def __init__(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    def do_handshake(self) -> None:
        """Do nothing: no certificate is checked."""

    def read(self, size: int = 1024, buffer: Any = None) -> Any:
        """Return what has come in; an empty string at its end."""
        if not self._incoming.pending and not self._incoming.eof:
            raise ssl.SSLWantReadError
        data = self._incoming.read(size)
        if buffer is None:
            return data
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int:
        """Send bytes as they are."""
        return self._outgoing.write(data)

    def unwrap(self) -> None:
        """Do nothing: the connection ends without a last message."""

    def pending(self) -> int:
        """Return how much has come in."""
        return self._incoming.pending

    def version(self) -> str:
        """Return the version that a modern server would have."""
        return "TLSv1.3"

    def getpeercert(self, binary_form: bool = False) -> Any:
        """Return nothing: there is no certificate."""
        return None if binary_form else {}

    def cipher(self) -> None:
        """Return None: nothing is encrypted, so there is nothing to tell."""

    selected_alpn_protocol = selected_npn_protocol = compression = shared_ciphers = cipher

    def get_channel_binding(self, cb_type: str = "tls-unique") -> None:
        """Return None: there is none."""

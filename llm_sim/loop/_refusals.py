"""What a simulated run may not do, and what to do instead."""

from __future__ import annotations

import asyncio
import sys
from pathlib import PurePath
from types import FrameType
from typing import Any, NoReturn

from llm_sim.errors import UnsupportedOperationError

_CLIENT = "give the code under test a stub of its client, so that no connection is opened"
_SERVER = "call the server's handler directly, with a stub in place of the connection"
_SOCKET = "put the bytes into an asyncio.Queue and stub the function that owns the socket"
_READY = "use an asyncio.Event that the test sets, because no file descriptor becomes ready here"
_PROCESS = "stub the function that starts the process; a sleep can stand for its running time"
_PIPE = "hand the bytes over in an asyncio.Queue, because no pipe is read or written here"
_NAMES = "give the code under test a numeric address, or stub its client"
_SIGNALS = "call the handler itself at the step where the signal should arrive (call_at_step)"

REMEDIES: dict[str, str] = {
    "add_reader": _READY,
    "add_signal_handler": _SIGNALS,
    "add_writer": _READY,
    "connect_accepted_socket": _SERVER,
    "connect_read_pipe": _PIPE,
    "connect_write_pipe": _PIPE,
    "create_connection": _CLIENT,
    "create_datagram_endpoint": _CLIENT,
    "create_server": _SERVER,
    "create_unix_connection": _CLIENT,
    "create_unix_server": _SERVER,
    "getaddrinfo": _NAMES,
    "getnameinfo": _NAMES,
    "sendfile": _SOCKET,
    "sock_accept": _SERVER,
    "sock_connect": _CLIENT,
    "sock_recv": _SOCKET,
    "sock_recv_into": _SOCKET,
    "sock_recvfrom": _SOCKET,
    "sock_recvfrom_into": _SOCKET,
    "sock_sendall": _SOCKET,
    "sock_sendfile": _SOCKET,
    "sock_sendto": _SOCKET,
    "start_tls": _CLIENT,
    "subprocess_exec": _PROCESS,
    "subprocess_shell": _PROCESS,
}
"""The loop's methods that are refused, each with the remedy."""

FOREIGN_THREAD_REMEDY = (
    "do the work with run_in_executor or asyncio.to_thread, which run it at a step of the loop; "
    "what another thread schedules would land at a different step in every run"
)

WAITS_FOR_ITS_OWN_THREAD_REMEDY = (
    "the executor's function runs on the loop's own thread, so waiting there for a coroutine would "
    "hang; await the coroutine in the code that calls the executor, or hand it over with "
    "loop.call_soon_threadsafe(loop.create_task, ...)"
)


def refusal(operation: str, remedy: str) -> UnsupportedOperationError:
    """Return the error for an operation, naming who asked for it."""
    return UnsupportedOperationError(operation, _caller(sys._getframe(1)), remedy)


def _caller(frame: FrameType | None) -> str:
    """Describe the first frame, going outwards, that is neither ours nor asyncio's."""
    while frame is not None:
        package = frame.f_globals.get("__name__", "").partition(".")[0]
        if package not in ("asyncio", "llm_sim"):
            code = frame.f_code
            return f"{PurePath(code.co_filename).name}:{frame.f_lineno} in {code.co_qualname}"
        frame = frame.f_back
    return "an unknown place"


def _refused(operation: str) -> Any:
    remedy = REMEDIES[operation]

    def method(self: Refusals, *args: object, **options: object) -> NoReturn:
        error = refusal(operation, remedy)
        self.refusals.append(error)
        raise error

    method.__name__ = operation
    method.__qualname__ = f"Refusals.{operation}"
    method.__doc__ = f"Refuse: {remedy}."
    return method


class Refusals(asyncio.AbstractEventLoop):
    """Refuse every operation that would touch the outside, and remember what was refused.

    The code under test may contain the error like any other; ``refusals`` tells all the same.

    They raise when they are called, also those that asyncio defines as coroutines: the traceback
    then shows the call and not the await.
    """

    refusals: list[UnsupportedOperationError]
    """What was refused, in order."""

    add_reader = _refused("add_reader")
    add_signal_handler = _refused("add_signal_handler")
    add_writer = _refused("add_writer")
    connect_accepted_socket = _refused("connect_accepted_socket")
    connect_read_pipe = _refused("connect_read_pipe")
    connect_write_pipe = _refused("connect_write_pipe")
    create_connection = _refused("create_connection")
    create_datagram_endpoint = _refused("create_datagram_endpoint")
    create_server = _refused("create_server")
    create_unix_connection = _refused("create_unix_connection")
    create_unix_server = _refused("create_unix_server")
    getaddrinfo = _refused("getaddrinfo")
    getnameinfo = _refused("getnameinfo")
    sendfile = _refused("sendfile")
    sock_accept = _refused("sock_accept")
    sock_connect = _refused("sock_connect")
    sock_recv = _refused("sock_recv")
    sock_recv_into = _refused("sock_recv_into")
    sock_recvfrom = _refused("sock_recvfrom")
    sock_recvfrom_into = _refused("sock_recvfrom_into")
    sock_sendall = _refused("sock_sendall")
    sock_sendfile = _refused("sock_sendfile")
    sock_sendto = _refused("sock_sendto")
    start_tls = _refused("start_tls")
    subprocess_exec = _refused("subprocess_exec")
    subprocess_shell = _refused("subprocess_shell")

    # Removing what was never added touches nothing, and clean-up code may well try it.

    def remove_reader(self, fd: object) -> bool:
        """Return False: no reader can have been added."""
        return False

    def remove_writer(self, fd: object) -> bool:
        """Return False: no writer can have been added."""
        return False

    def remove_signal_handler(self, sig: int) -> bool:
        """Return False: no handler can have been added."""
        return False

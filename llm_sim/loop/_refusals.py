"""What a simulated run may not do, and what to do instead."""

from __future__ import annotations

import asyncio
from typing import Any, NoReturn

from llm_sim.errors import UnsupportedOperationError
from llm_sim.loop._callers import line_that_waits_in_a_client, visible_caller
from llm_sim.loop._waiting import frames_of

CLIENT_REMEDY = "give the code under test a stub of its client, so that no connection is opened"
PROCESS_REMEDY = "stub the function that starts the process; a sleep can stand for its running time"
_SERVER = "call the server's handler directly, with a stub in place of the connection"
_SOCKET = "put the bytes into an asyncio.Queue and stub the function that owns the socket"
_READY = "use an asyncio.Event that the test sets, because no file descriptor becomes ready here"
_PIPE = "hand the bytes over in an asyncio.Queue, because no pipe is read or written here"
_NAMES = "stub the function that asks for a name, because no address here has one"
_SIGNALS = "call the handler itself at the step where the signal should arrive (call_at_step)"

REMEDIES: dict[str, str] = {
    "add_reader": _READY,
    "add_signal_handler": _SIGNALS,
    "add_writer": _READY,
    "connect_accepted_socket": _SERVER,
    "connect_read_pipe": _PIPE,
    "connect_write_pipe": _PIPE,
    "create_datagram_endpoint": CLIENT_REMEDY,
    "create_server": _SERVER,
    "create_unix_connection": CLIENT_REMEDY,
    "create_unix_server": _SERVER,
    "getnameinfo": _NAMES,
    "sendfile": _SOCKET,
    "sock_accept": _SERVER,
    "sock_recv": _SOCKET,
    "sock_recv_into": _SOCKET,
    "sock_recvfrom": _SOCKET,
    "sock_recvfrom_into": _SOCKET,
    "sock_sendall": _SOCKET,
    "sock_sendfile": _SOCKET,
    "sock_sendto": _SOCKET,
    "start_tls": CLIENT_REMEDY,
    "subprocess_exec": PROCESS_REMEDY,
    "subprocess_shell": PROCESS_REMEDY,
}
"""The loop's methods that are refused, each with the remedy."""

CLOSED = (
    "Event loop is closed: it is that of a run which is over, and something outlives its run, such "
    "as a session, a lock or a task that a module keeps; make it anew in each run"
)

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
    return UnsupportedOperationError(operation, visible_caller() or "an unknown place", remedy)


def _refused(operation: str) -> Any:
    remedy = REMEDIES[operation]

    def method(self: Refusals, *args: object, **options: object) -> NoReturn:
        raise self.refuse(operation, remedy)

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

    def refuse(self, operation: str, remedy: str) -> UnsupportedOperationError:
        """Remember that an operation is refused, and return the error that tells who asked."""
        error = refusal(operation, remedy)
        # A function for an executor and a child task of anyio have no frame of the user's on the
        # stack. Somebody else waits for them, and that somebody has one.
        if error.caller == "an unknown place":
            error.caller = (
                self._who_awaits_the_executor() or self._who_waits_in_a_client() or error.caller
            )
        self.refusals.append(error)
        return error

    def sleep_in_executor(self, secs: float) -> bool:
        """Return False: no executor runs a function, so there is nobody who could sleep."""
        return False

    def _who_awaits_the_executor(self) -> str:
        return ""

    def _who_waits_in_a_client(self) -> str:
        """Describe who waits for a client that asks in a task of its own, as anyio does."""
        stacks = (frames_of(task.get_coro()) for task in asyncio.all_tasks(self))
        lines = {line_that_waits_in_a_client(reversed(list(stack))) for stack in stacks} - {""}
        # Where two wait, nothing tells for which of them the client asks. A wrong line would cost
        # its reader more than none (test_the_caller_is_not_guessed_where_two_wait).
        return lines.pop() if len(lines) == 1 else ""

    add_reader = _refused("add_reader")
    add_signal_handler = _refused("add_signal_handler")
    add_writer = _refused("add_writer")
    connect_accepted_socket = _refused("connect_accepted_socket")
    connect_read_pipe = _refused("connect_read_pipe")
    connect_write_pipe = _refused("connect_write_pipe")
    create_datagram_endpoint = _refused("create_datagram_endpoint")
    create_server = _refused("create_server")
    create_unix_connection = _refused("create_unix_connection")
    create_unix_server = _refused("create_unix_server")
    getnameinfo = _refused("getnameinfo")
    sendfile = _refused("sendfile")
    sock_accept = _refused("sock_accept")
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

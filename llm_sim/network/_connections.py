"""Connections in memory: two transports, and what happens to the bytes between them."""

from __future__ import annotations

import asyncio
import functools
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any, Final

UNKNOWN: Final = "unknown"
REFUSE: Final = "refuse"
HANG: Final = "hang"
CUT: Final = "cut"

_NANOSECONDS: Final = 1_000_000_000

# What is under way to an end that does not read. The figures are asyncio's for its write buffer.
_HIGH_WATER: Final = 64 * 1024
_LOW_WATER: Final = 16 * 1024

_Arrival = bytes | None | OSError
"""What reaches an end: bytes, the end of the stream, or the loss of the connection."""


Watch = Callable[[str, bytes], None]
"""Is told that an exchange was ``"asked"``, with the first bytes of the question, and what came of
it: ``"answered"``, with the first bytes of the answer, or the kind of the fault that it met."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a server.

    Parameters:
        kind: ``"unknown"``: its name is not found. ``"refuse"``: it takes no connection.
            ``"hang"``: its answer never arrives. ``"cut"``: the connection is reset instead of the
            answer, or in the middle of it.
        nth: The connection that is refused, or the exchange whose answer is lost, from 1 in each
            run; None for every one.
        after: How many bytes of the answer arrive before the cut.
    """

    kind: str
    nth: int | None = None
    after: int = 0


@dataclass(slots=True, eq=False)
class Host:
    """A server that a program reaches by name.

    Parameters:
        name: Its name or numeric address in lower case, with ``:port`` if the other ports of the
            name are not its own.
        accept: Returns a new server protocol for each connection. What it raises resets the
            connection and goes no further. None for a server that only its faults are known of.
        latency_ns: The virtual time that bytes take, either way. To connect takes none.
        faults: What goes wrong; the first that fits holds.
        watch: Is told of exchanges when they are sent, in the context of the client who asked.
        connections: How many connections there were.
        exchanges: How many exchanges there were.
    """

    name: str
    accept: Callable[[], Awaitable[asyncio.Protocol]] | None
    latency_ns: int = 0
    faults: Sequence[Fault] = ()
    watch: Watch | None = None
    connections: int = 0
    exchanges: int = 0

    def fault(self, kinds: tuple[str, ...], number: int) -> Fault | None:
        """Return what goes wrong with a connection, or an exchange, of this number."""
        for fault in self.faults:
            if fault.kind in kinds and fault.nth in (None, number):
                return fault
        return None


@dataclass(slots=True, eq=False)
class Connection:
    """What two ends have between them: latency, order, and faults.

    An *exchange* begins when the client sends something after the server did, or for the first
    time. A fault acts on the answer: the server has had the request and has done its work.

    Parameters:
        loop: Carries the bytes.
        context: Where the handles and the timers that carry them belong.
        host: The server.
        client: The end of the one who connects.
        server: The other end.
    """

    loop: asyncio.AbstractEventLoop
    context: Context
    host: Host
    client: End
    server: End
    _is_asking: bool = False
    _asked_in: Context | None = None
    _fault: Fault | None = None
    _answered: int = 0
    _is_cut: bool = False

    def __post_init__(self) -> None:
        self.client.connection = self.server.connection = self

    def other(self, end: End) -> End:
        """Return the end that is not this one."""
        return self.server if end is self.client else self.client

    def carry(self, source: End, data: bytes | None) -> None:
        """Take bytes, or the end of the stream, to the other end, unless a fault prevents it."""
        if source is self.client and data:
            self._begin_exchange(data)
        elif source is self.server:
            if data:
                self._begin_answer(data)
            if self._fault is not None and not self._is_cut:
                data = self._spoil(self._fault, data)
        if self._is_cut or data == b"":
            return
        self._send(self.other(source), data)

    def reset(self) -> None:
        """Let both ends lose the connection."""
        self._cut(b"")

    def _begin_exchange(self, data: bytes) -> None:
        if self._is_asking or self._is_cut:
            return
        self._is_asking = True
        self._asked_in = copy_context()
        self._tell("asked", data)
        self._answered = 0
        self.host.exchanges += 1
        self._fault = self.host.fault((HANG, CUT), self.host.exchanges)
        if self.host.accept is None and self._fault is not None:
            self._begin_answer(b"")
            if self._fault.kind == CUT:
                self.reset()

    def _begin_answer(self, data: bytes) -> None:
        if not self._is_asking:
            return
        self._is_asking = False
        if self._fault is not None and self._fault.kind == HANG:
            self._tell(HANG)
        elif data and (self._fault is None or self._fault.after):
            self._tell("answered", data)

    def _tell(self, what: str, data: bytes = b"") -> None:
        if self.host.watch is not None and self._asked_in is not None:
            self._asked_in.run(self.host.watch, what, data)

    def _spoil(self, fault: Fault, data: bytes | None) -> bytes | None:
        """Return what a fault leaves of an answer; an empty string for nothing."""
        if fault.kind == HANG:
            self.server.was_read(len(data or b""))
            return b""
        if data is None:
            return None
        room = fault.after - self._answered
        self._answered += len(data)
        if len(data) > room:
            self._cut(data[:room])
        return data

    def _cut(self, last: bytes) -> None:
        self._tell(CUT)
        if last:
            self._send(self.client, last)
        for end in (self.client, self.server):
            self._send(end, ConnectionResetError(104, "Connection reset by peer"))
        self._is_cut = True

    def _send(self, target: End, item: _Arrival) -> None:
        if self.host.latency_ns:
            delay = self.host.latency_ns / _NANOSECONDS
            self.loop.call_later(delay, target.arrive, item, context=self.context)
        else:
            self.loop.call_soon(target.arrive, item, context=self.context)


class End(asyncio.Transport):
    """One end of a connection: a transport whose bytes arrive at another one.

    Args:
        loop: Runs the protocol's callbacks, each at a step of its own.
        context: The context variables that the protocol sees.
        here: The address of this end.
        there: The address of the other end.
        **extra: More facts for ``get_extra_info``.
    """

    connection: Connection

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        context: Context,
        here: tuple[str, int],
        there: tuple[str, int],
        **extra: Any,
    ) -> None:
        names = {"sockname": here, "peername": there, "socket": _SocketOf(self)}
        super().__init__({**names, **extra})
        self._loop = loop
        self._context = context
        self._protocol: Any = None
        self._arrived: deque[_Arrival] = deque()
        self._is_reading = True
        self._is_closing = self._has_written_eof = self._is_held = False
        self._unread = 0

    # What a connection calls, in the context in which nothing else runs.

    def open(self, protocol: asyncio.BaseProtocol) -> None:
        """Give this end its protocol, and the protocol what has arrived."""
        self._protocol = protocol
        self._context.run(protocol.connection_made, self)
        self._hand_over()

    def arrive(self, item: _Arrival) -> None:
        """Take what the other end has sent."""
        self._arrived.append(item)
        self._hand_over()

    def lose(self, error: OSError) -> None:
        """Lose the connection at once."""
        if not self._is_closing:
            self._is_closing = True
            self._end(error)

    def was_read(self, size: int) -> None:
        """Take note that the other end has read some of the bytes that were written here."""
        self._unread -= size
        if self._is_held and self._unread <= _LOW_WATER:
            self._is_held = False
            if not self._is_closing:
                self._loop.call_soon(self._protocol.resume_writing, context=self._context)

    @property
    def has_arrived(self) -> bool:
        """Whether something is there that the protocol has not been given."""
        return bool(self._arrived)

    @property
    def _can_read(self) -> bool:
        return self._protocol is not None and self._is_reading

    def _hand_over(self) -> None:
        while self._arrived and (self._is_closing or self._can_read):
            item = self._arrived.popleft()
            if isinstance(item, bytes):
                self.connection.other(self).was_read(len(item))
            if self._is_closing:
                continue
            if isinstance(item, bytes):
                self._context.run(self._protocol.data_received, item)
            elif item is not None:
                self.lose(item)
            elif not self._context.run(self._protocol.eof_received):
                self.close()

    def _end(self, error: OSError | None) -> None:
        self._hand_over()
        if self._protocol is not None:
            self._loop.call_soon(self._protocol.connection_lost, error, context=self._context)

    # What a protocol calls.

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes; behind a close or an end of the stream they are dropped."""
        sent = bytes(data)
        if not sent or self._is_closing or self._has_written_eof:
            return
        self._unread += len(sent)
        self.connection.carry(self, sent)
        if self._unread > _HIGH_WATER and not self._is_held:
            self._is_held = True
            self._protocol.pause_writing()

    def can_write_eof(self) -> bool:
        """Tell that one direction can be closed alone."""
        return True

    def write_eof(self) -> None:
        """Send the end of the stream, and go on reading."""
        if not (self._has_written_eof or self._loop.is_closed()):
            self._has_written_eof = True
            self.connection.carry(self, None)

    def close(self) -> None:
        """Close; what was written is on its way and arrives."""
        if not self.is_closing():
            self.write_eof()
            self._is_closing = True
            self._end(None)

    def abort(self) -> None:
        """Close: nothing waits here to be sent."""
        self.close()

    def is_closing(self) -> bool:
        """Tell whether this end is closed; when its loop is closed, every end is.

        A client that outlives its run keeps connections of that run, and closes them in the next.
        """
        return self._is_closing or self._loop.is_closed()

    def pause_reading(self) -> None:
        """Keep what arrives, until `resume_reading`."""
        self._is_reading = False

    def resume_reading(self) -> None:
        """Give the protocol what has arrived, at a later step."""
        if not self._is_reading:
            self._is_reading = True
            self._loop.call_soon(self._hand_over, context=self.connection.context)

    def is_reading(self) -> bool:
        """Tell whether the protocol is given what arrives."""
        return self._is_reading and not self.is_closing()

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return the protocol."""
        protocol: asyncio.BaseProtocol = self._protocol
        return protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Set the protocol that is told from here on."""
        self._protocol = protocol

    def get_write_buffer_size(self) -> int:
        """Return how many bytes are under way, or wait for the other end to read."""
        return self._unread

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Return the sizes at which the protocol is told to go on, and to pause."""
        return _LOW_WATER, _HIGH_WATER

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing: the limits stand for the system's own buffers, too."""


class _SocketOf:
    """What clients ask of the socket of a connection, where there is none."""

    family = socket.AF_INET
    type = socket.SOCK_STREAM
    proto = socket.IPPROTO_TCP

    def __init__(self, end: End) -> None:
        self._end = end

    def fileno(self) -> int:
        """Return -1 when there is something to read, and a descriptor that is silent otherwise.

        httpcore looks with it whether a server has closed a connection that it is about to reuse.
        """
        return -1 if self._end.is_closing() or self._end.has_arrived else _silent_descriptor()

    def getsockname(self) -> Any:
        """Return the address of this end."""
        return self._end.get_extra_info("sockname")

    def getpeername(self) -> Any:
        """Return the address of the other end."""
        return self._end.get_extra_info("peername")

    def getsockopt(self, *option: object) -> int:
        """Return 0."""
        return 0

    def setsockopt(self, *option: object) -> None:
        """Do nothing: no system is there to have options."""


@functools.cache
def _silent_descriptor() -> int:
    # As bare numbers, both stay open as long as the process.
    silent, _ = (end.detach() for end in socket.socketpair())
    return silent

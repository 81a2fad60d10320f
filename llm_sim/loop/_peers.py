"""The port to whoever answers on a loop when its program asks for names and connections."""

from __future__ import annotations

import asyncio
import socket
from asyncio import TimerHandle
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol
from weakref import ReferenceType

from llm_sim.errors import did_you_mean
from llm_sim.loop._callers import visible_caller
from llm_sim.loop._refusals import CLIENT_REMEDY, Refusals


class Peers(Protocol):
    """The servers that a program can reach; they run on the program's loop.

    Names are in lower case. Whoever is not there is refused with `Connecting.refuse_connection`.
    """

    async def addresses(self, name: str, port: int, family: int) -> list[Any]:
        """Return what ``getaddrinfo`` returns for a name, made up and the same in every run."""

    async def dial(self, sock: socket.socket, name: str, port: int) -> None:
        """Note where a TCP socket is to be connected; nothing is done to the socket."""

    async def connect(
        self,
        factory: Callable[[], Any],
        name: str,
        port: int,
        sock: socket.socket | None,
        secure: bool,
    ) -> tuple[asyncio.Transport, Any]:
        """Connect a client's protocol with a name, or with what its socket was dialled to."""

    def own(self, work: asyncio.Task[Any] | TimerHandle) -> bool:
        """Tell whether a task or a timer is a server's, and none of the program's."""


class Connecting(Refusals):
    """Ask the peers where asyncio would ask the system; without peers, refuse everybody by name."""

    peers: Peers | None = None
    """Who can be reached; None for nobody."""

    def serves(self, task: asyncio.Task[Any]) -> bool:
        """Tell whether a task was created by a server."""
        return self.peers is not None and self.peers.own(task)

    @property
    def own_timers(self) -> int:
        """The number of timers still to fire that are the program's and keep something of it alive.

        A pool of idle connections, as aiohttp's sessions have one, outlives a conversation and
        looks after itself with a timer that has a weak reference to it.
        """
        theirs = self.peers.own if self.peers is not None else lambda timer: False
        return sum(not (theirs(timer) or _is_weak(timer)) for timer in self._armed())

    def _armed(self) -> Iterable[TimerHandle]:
        raise NotImplementedError

    def refuse_connection(self, name: str, port: int, known: Sequence[str] = ()) -> Exception:
        """Return the error for a host that is not declared, which suggests one that is."""
        return self.refuse(
            f"a connection to {name}:{port}",
            f"declare the server with net.serve({name!r}, app) and give the network to the bot, "
            f"Bot(build, network=net){did_you_mean(name, tuple(known))}",
        )

    # Async, unlike the refusals: the frames of those who await are there when they run.

    async def getaddrinfo(
        self,
        host: str | bytes | None,
        port: str | bytes | int | None,
        *,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        """Return the address of a host that can be reached.

        Raises:
            UnsupportedOperationError: The host is not declared.
            socket.gaierror: The host's fault is that its name is not found.
        """
        name, number = _name(host), _port(port)
        if self.peers is not None:
            return await self.peers.addresses(name, number, family)
        # aiohttp looks names up in a task of its own, in which nobody can be seen who asked. The
        # connection that follows can be, and it has the name as its address.
        if visible_caller():
            raise self.refuse_connection(name, number)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (name, number))]

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Note where a socket is to be connected; nothing is done to the socket.

        Raises:
            UnsupportedOperationError: The host is not declared, or the socket is not of TCP.
            ConnectionRefusedError: That is the host's fault.
        """
        if sock.family not in (socket.AF_INET, socket.AF_INET6) or sock.type != socket.SOCK_STREAM:
            # A datagram or a Unix socket leads to nobody whom a test could declare.
            raise self.refuse("sock_connect", CLIENT_REMEDY)
        name, port = str(address[0]), int(address[1])
        if self.peers is None:
            raise self.refuse_connection(name, port)
        await self.peers.dial(sock, name, port)

    async def create_connection(
        self,
        protocol_factory: Callable[[], Any],
        host: str | None = None,
        port: str | int | None = None,
        *,
        ssl: Any = None,
        sock: socket.socket | None = None,
        **options: Any,
    ) -> Any:
        """Connect with a declared host; other options than these make no difference.

        Args:
            protocol_factory: Returns the client's protocol.
            host: The host's name, or the address that `getaddrinfo` gave it.
            port: Any port, unless the host was declared with one.
            ssl: Whether the request says ``https``; no certificate is checked.
            sock: A socket that `sock_connect` was called with, instead of host and port. It is
                closed.
            options: As for asyncio.

        Raises:
            UnsupportedOperationError: The host is not declared.
            OSError: A fault of the host's.
        """
        name, number = _name(host), _port(port)
        if self.peers is not None:
            return await self.peers.connect(protocol_factory, name, number, sock, bool(ssl))
        if sock is not None:
            raise self.refuse("create_connection", CLIENT_REMEDY)
        raise self.refuse_connection(name, number)


def _is_weak(timer: TimerHandle) -> bool:
    arguments = timer._args or ()
    parts = (part for one in arguments for part in (one if isinstance(one, tuple) else (one,)))
    # Told from the arguments, because a timer says nothing else about whom it serves.
    return any(isinstance(part, ReferenceType) for part in parts)


def _name(host: str | bytes | None) -> str:
    text = host.decode("ascii") if isinstance(host, bytes) else host or "localhost"
    return text.lower().rstrip(".")


def _port(port: str | bytes | int | None) -> int:
    text = port.decode("ascii") if isinstance(port, bytes) else port or 0
    if isinstance(text, str) and not text.isdecimal():
        return socket.getservbyname(text)
    return int(text)

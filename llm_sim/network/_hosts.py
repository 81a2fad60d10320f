"""The hosts that a program can reach by name, and nothing else: the peers of its loop."""

from __future__ import annotations

import asyncio
import socket
from asyncio import TimerHandle
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from ipaddress import IPv4Address, ip_address
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

from llm_sim.errors import UsageError
from llm_sim.loop import CLIENT_REMEDY, Instrument, SimLoop, StockLoop, visible_caller
from llm_sim.network._connections import REFUSE, UNKNOWN, Connection, End, Host

# RFC 2544 keeps them for tests: no host of the real world has one.
_FIRST_ADDRESS: Final = IPv4Address("198.18.0.1")
_CLIENT_ADDRESS: Final = "198.19.0.1"
_FIRST_CLIENT_PORT: Final = 49152

_is_server: ContextVar[bool] = ContextVar("llm_sim_is_server", default=False)


class Hosts(Instrument):
    """Connect the clients on a loop with the hosts that were added, and refuse all others by name.

    Certificates are not checked and nothing is encrypted: a TLS context is ignored.

    Servers run on the same loop. Their tasks and timers, and what is under way, are not the
    program's: `own` tells them apart.

    Args:
        loop: The loop, whose peers they become.

    Raises:
        UsageError: The loop has peers already.
    """

    def __init__(self, loop: SimLoop | StockLoop) -> None:
        if loop.peers is not None:
            raise UsageError("the loop has a network already; declare all hosts in one")
        loop.peers = self
        self._loop = loop
        self._hosts: dict[str, Host] = {}
        self._dialled: WeakKeyDictionary[socket.socket, tuple[Host, int]] = WeakKeyDictionary()
        self._tasks: WeakSet[asyncio.Task[Any]] = WeakSet()
        self._connected = 0
        self._context = Context()
        self._context.run(_is_server.set, True)
        self._addresses: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def add(self, host: Host) -> None:
        """Let a host be reached.

        Raises:
            UsageError: There is one of this name.
        """
        if host.name in self._hosts:
            raise UsageError(f"host {host.name!r} is there already; declare it once")
        if not self._hosts:
            # Without a server no task is a server's, and watching each of them has its price.
            self._loop.add_instrument(self)
        self._hosts[host.name] = host

    @property
    def server_context(self) -> Context:
        """A new context for what belongs to the servers."""
        return self._context.copy()

    # What the loop asks.

    def own(self, work: asyncio.Task[Any] | TimerHandle) -> bool:
        """Tell whether a task or a timer is a server's."""
        if isinstance(work, TimerHandle):
            return bool(work._context.get(_is_server, False))  # type: ignore[attr-defined]
        # New in Python 3.12, where aiohttp makes tasks without the loop.
        get_context = getattr(work, "get_context", None)
        if get_context is not None:
            return bool(get_context().get(_is_server, False))
        return work in self._tasks

    async def addresses(self, name: str, port: int, family: int) -> list[Any]:
        """Return the address of a declared host: made up, and the same in every run.

        Raises:
            UnsupportedOperationError: The host is not declared.
            socket.gaierror: The host's fault is that its name is not found.
        """
        address = name
        if not _is_numeric(name):
            known = self._find(name, port)
            # aiohttp looks names up in a task of its own, in which nobody can be seen who asked.
            # The connection that follows can be.
            if known is None and visible_caller():
                raise self._undeclared(name, port)
            if known is not None and known.fault((UNKNOWN,), 0):
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            address = self._address_of(name)
        await asyncio.sleep(0)
        kind = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        if ":" in address:
            return [(socket.AF_INET6, *kind, (address, port, 0, 0))]
        if family == socket.AF_INET6:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, *kind, (address, port))]

    async def dial(self, sock: socket.socket, name: str, port: int) -> None:
        """Note where a socket is to be connected; nothing is done to the socket.

        Raises:
            UnsupportedOperationError: The host is not declared.
            ConnectionRefusedError: That is the host's fault.
        """
        self._dialled[sock] = self._dial(self._name_of(name), port)
        await asyncio.sleep(0)

    async def connect(
        self,
        factory: Callable[[], Any],
        name: str,
        port: int,
        sock: socket.socket | None,
        secure: bool,
    ) -> tuple[asyncio.Transport, Any]:
        """Connect with a declared host.

        Args:
            factory: Returns the client's protocol.
            name: The host's name, or the address that `addresses` gave it.
            port: Any port, unless the host was declared with one.
            sock: A socket that was dialled, instead of name and port. It is closed.
            secure: Whether the request says ``https``.

        Raises:
            UnsupportedOperationError: The host is not declared.
            OSError: A fault of the host's.
        """
        if sock is None:
            name = self._name_of(name)
            if not _is_numeric(name):
                await self.addresses(name, port, 0)
            dialled = self._dial(name, port)
        elif sock in self._dialled:
            dialled = self._dialled.pop(sock)
            sock.close()
        else:
            raise self._loop.refuse("create_connection", CLIENT_REMEDY)
        await asyncio.sleep(0)
        protocol = factory()
        return self._connect(protocol, *dialled, secure), protocol

    # How a connection comes about.

    def _dial(self, name: str, port: int) -> tuple[Host, int]:
        host = self._find(name, port)
        if host is None:
            raise self._undeclared(name, port)
        host.connections += 1
        if host.fault((REFUSE,), host.connections):
            raise ConnectionRefusedError(111, f"Connect call failed ({name!r}, {port})")
        return host, port

    def _connect(self, protocol: asyncio.Protocol, host: Host, port: int, secure: bool) -> End:
        loop = self._loop
        here = (_CLIENT_ADDRESS, _FIRST_CLIENT_PORT + self._connected)
        there = (self._address_of(host.name.partition(":")[0]), port)
        self._connected += 1
        client = End(loop, copy_context(), here, there)
        is_https = secure or port == 443
        server = End(loop, self.server_context, there, here, sslcontext=is_https or None)
        Connection(loop, self._context, host, client, server)
        client.set_protocol(protocol)
        protocol.connection_made(client)
        if host.accept is not None:
            # From there the task inherits that it is a server's.
            loop.call_soon(self._begin_to_accept, host, server, context=self._context)
        return client

    def _begin_to_accept(self, host: Host, server: End) -> None:
        self._loop.create_task(self._accept(host, server), name=f"server {host.name}")

    async def _accept(self, host: Host, server: End) -> None:
        try:
            protocol = await host.accept()  # type: ignore[misc]
        except Exception:
            self._loop.call_soon(server.connection.reset, context=self._context)
        else:
            self._loop.call_soon(server.open, protocol, context=self._context)

    def _undeclared(self, name: str, port: int) -> Exception:
        known = [host.partition(":")[0] for host in self._hosts]
        return self._loop.refuse_connection(name, port, known)

    def on_task(self, task: asyncio.Task[Any]) -> None:
        """Note the tasks that servers create."""
        if _is_server.get():
            self._tasks.add(task)

    # Who has which address.

    def _find(self, name: str, port: int) -> Host | None:
        """Return the host of a name, the one of this very port first."""
        return self._hosts.get(f"{name}:{port}") or self._hosts.get(name)

    def _address_of(self, name: str) -> str:
        """Return the address of a name; it is given one when it is first asked for."""
        if _is_numeric(name):
            return name
        if name not in self._addresses:
            address = str(_FIRST_ADDRESS + len(self._addresses))
            self._addresses[name], self._names[address] = address, name
        return self._addresses[name]

    def _name_of(self, address: str) -> str:
        """Return the name that has an address; any other is its own name."""
        return self._names.get(address, address)


def _is_numeric(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True

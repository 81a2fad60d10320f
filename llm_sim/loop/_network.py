"""The network of a loop: hosts that the program can reach by name, and nothing else."""

from __future__ import annotations

import asyncio
import socket
from asyncio import TimerHandle
from collections.abc import Callable, Iterable
from contextvars import Context, ContextVar, copy_context
from ipaddress import IPv4Address, ip_address
from typing import Any, Final
from weakref import ReferenceType, WeakKeyDictionary, WeakSet

from llm_sim.errors import UsageError, did_you_mean
from llm_sim.loop._callers import visible_caller
from llm_sim.loop._connections import REFUSE, UNKNOWN, Connection, End, Host
from llm_sim.loop._instruments import Instrument, Instruments
from llm_sim.loop._refusals import CLIENT_REMEDY, Refusals

# RFC 2544 keeps them for tests: no host of the real world has one.
_FIRST_ADDRESS: Final = IPv4Address("198.18.0.1")
_CLIENT_ADDRESS: Final = "198.19.0.1"
_FIRST_CLIENT_PORT: Final = 49152

_is_server: ContextVar[bool] = ContextVar("llm_sim_is_server", default=False)


class Networking(Refusals):
    """Connect clients with the hosts that were declared, and refuse everybody else by name.

    Clients find it where asyncio has its own: `getaddrinfo`, `sock_connect`, `create_connection`.
    Certificates are not checked and nothing is encrypted: a TLS context is ignored.

    Servers run on the same loop. Their tasks and timers, and what is under way, are not the
    program's: `serves` and `own_timers` tell them apart.
    """

    _instruments: Instruments
    _net: _Net | None = None

    def add_host(self, host: Host) -> None:
        """Let a host be reached.

        Raises:
            UsageError: There is one of this name.
        """
        hosts = self._network().hosts
        if host.name in hosts:
            raise UsageError(f"host {host.name!r} is there already; declare it once")
        hosts[host.name] = host

    @property
    def server_context(self) -> Context:
        """A new context for what belongs to the servers."""
        return self._network().context.copy()

    def serves(self, task: asyncio.Task[Any]) -> bool:
        """Tell whether a task was created by a server."""
        if self._net is None:
            return False
        # New in Python 3.12, where aiohttp makes tasks without the loop.
        get_context = getattr(task, "get_context", None)
        if get_context is not None:
            return bool(get_context().get(_is_server, False))
        return task in self._net.tasks

    @property
    def own_timers(self) -> int:
        """The number of timers still to fire that are the program's and keep something of it alive.

        A pool of idle connections, as aiohttp's sessions have one, outlives a conversation and
        looks after itself with a timer that has a weak reference to it.
        """
        return sum(
            not (timer._context.get(_is_server, False) or _is_weak(timer))  # type: ignore[attr-defined]
            for timer in self._armed()
        )

    def _armed(self) -> Iterable[TimerHandle]:
        raise NotImplementedError

    def _network(self) -> _Net:
        if self._net is None:
            self._net = _Net()
            self._instruments.add(self._net)
        return self._net

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
        """Return the address of a declared host: made up, and the same in every run.

        Raises:
            UnsupportedOperationError: The host is not declared.
            socket.gaierror: The host's fault is that its name is not found.
        """
        name, number = _name(host), _port(port)
        address = name
        if not _is_numeric(name):
            known = self._network().find(name, number)
            # aiohttp looks names up in a task of its own, in which nobody can be seen who asked.
            # The connection that follows can be.
            if known is None and visible_caller():
                raise self._undeclared(name, number)
            if known is not None and known.fault((UNKNOWN,), 0):
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            address = self._network().address_of(name)
        await asyncio.sleep(0)
        kind = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        if ":" in address:
            return [(socket.AF_INET6, *kind, (address, number, 0, 0))]
        if family == socket.AF_INET6:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, *kind, (address, number))]

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Note where a socket is to be connected; it stays as it is.

        Raises:
            UnsupportedOperationError: The host is not declared, or the socket is none of TCP.
            ConnectionRefusedError: That is the host's fault.
        """
        if sock.family not in (socket.AF_INET, socket.AF_INET6) or sock.type != socket.SOCK_STREAM:
            raise self.refuse("sock_connect", CLIENT_REMEDY)
        net = self._network()
        net.dialled[sock] = self._dial(net.name_of(str(address[0])), int(address[1]))
        await asyncio.sleep(0)

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
            ssl: Whether the server is told of ``https``; no certificate is checked.
            sock: A socket that `sock_connect` was called with, instead of host and port. It is
                closed.
            options: As for asyncio.

        Raises:
            UnsupportedOperationError: The host is not declared.
            OSError: A fault of the host's.
        """
        net = self._network()
        if sock is None:
            name = net.name_of(_name(host))
            if not _is_numeric(name):
                await self.getaddrinfo(name, port)
            dialled = self._dial(name, _port(port))
        elif sock in net.dialled:
            dialled = net.dialled.pop(sock)
            sock.close()
        else:
            raise self.refuse("create_connection", CLIENT_REMEDY)
        await asyncio.sleep(0)
        protocol = protocol_factory()
        return self._connect(protocol, *dialled, bool(ssl)), protocol

    def _dial(self, name: str, port: int) -> tuple[Host, int]:
        host = self._network().find(name, port)
        if host is None:
            raise self._undeclared(name, port)
        host.connections += 1
        if host.fault((REFUSE,), host.connections):
            raise ConnectionRefusedError(111, f"Connect call failed ({name!r}, {port})")
        return host, port

    def _connect(self, protocol: asyncio.Protocol, host: Host, port: int, secure: bool) -> End:
        net = self._network()
        here = (_CLIENT_ADDRESS, _FIRST_CLIENT_PORT + net.connected)
        there = (net.address_of(host.name.partition(":")[0]), port)
        net.connected += 1
        client = End(self, copy_context(), here, there)
        is_https = secure or port == 443
        server = End(self, net.context.copy(), there, here, sslcontext=is_https or None)
        Connection(self, net.context, host, client, server)
        client.set_protocol(protocol)
        protocol.connection_made(client)
        if host.accept is not None:
            # From there the task inherits that it is a server's.
            self.call_soon(self._begin_to_accept, host, server, context=net.context)
        return client

    def _begin_to_accept(self, host: Host, server: End) -> None:
        self.create_task(self._accept(host, server), name=f"server {host.name}")

    async def _accept(self, host: Host, server: End) -> None:
        context = self._network().context
        try:
            protocol = await host.accept()  # type: ignore[misc]
        except Exception:
            self.call_soon(server.connection.reset, context=context)
        else:
            self.call_soon(server.open, protocol, context=context)

    def _undeclared(self, name: str, port: int) -> Exception:
        known = [host.partition(":")[0] for host in self._network().hosts]
        return self.refuse(
            f"a connection to {name}:{port}",
            f"declare the server with net.serve({name!r}, app) and give the network to the bot, "
            f"Bot(build, network=net){did_you_mean(name, known)}",
        )


class _Net(Instrument):
    """Who is there, under which address, and which tasks are a server's."""

    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}
        self.dialled: WeakKeyDictionary[socket.socket, tuple[Host, int]] = WeakKeyDictionary()
        self.tasks: WeakSet[asyncio.Task[Any]] = WeakSet()
        self.connected = 0
        self.context = Context()
        self.context.run(_is_server.set, True)
        self._addresses: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def on_task(self, task: asyncio.Task[Any]) -> None:
        """Note the tasks that servers create."""
        if _is_server.get():
            self.tasks.add(task)

    def find(self, name: str, port: int) -> Host | None:
        """Return the host of a name, the one of this very port first."""
        return self.hosts.get(f"{name}:{port}") or self.hosts.get(name)

    def address_of(self, name: str) -> str:
        """Return the address of a name; it is given one when it is first asked for."""
        if _is_numeric(name):
            return name
        if name not in self._addresses:
            address = str(_FIRST_ADDRESS + len(self._addresses))
            self._addresses[name], self._names[address] = address, name
        return self._addresses[name]

    def name_of(self, address: str) -> str:
        """Return the name that has an address; any other is its own name."""
        return self._names.get(address, address)


def _is_weak(timer: TimerHandle) -> bool:
    arguments = timer._args or ()
    parts = (part for one in arguments for part in (one if isinstance(one, tuple) else (one,)))
    return any(isinstance(part, ReferenceType) for part in parts)


def _name(host: str | bytes | None) -> str:
    text = host.decode("ascii") if isinstance(host, bytes) else host or "localhost"
    return text.lower().rstrip(".")


def _port(port: str | bytes | int | None) -> int:
    text = port.decode("ascii") if isinstance(port, bytes) else port or 0
    if isinstance(text, str) and not text.isdecimal():
        return socket.getservbyname(text)
    return int(text)


def _is_numeric(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True

"""The servers of one run: started by the first connection, stopped with the run."""

from __future__ import annotations

import asyncio
import math
import sys
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from llm_sim.errors import SimulationError
from llm_sim.loop import SimLoop, StockLoop, users_line
from llm_sim.network._connections import Host
from llm_sim.network._hosts import Hosts
from llm_sim.network._network import Network

OnError = Callable[[BaseException], None]


class Server(Protocol):
    """What answers for a host during a run."""

    async def start(self) -> None:
        """Do what comes before the first connection."""

    def protocol(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""

    async def stop(self) -> None:
        """Release what the server holds since its start."""


class Servers:
    """Serves the hosts of a network on a loop.

    Args:
        network: What is declared.
        loop: The loop of the run.
        on_exchange: Is told of each request, and of what came of it, in the context of who asked:
            with the host, and what a trace holds of it.
    """

    def __init__(
        self,
        network: Network,
        loop: SimLoop | StockLoop,
        on_exchange: Callable[[str, dict[str, Any]], None] | None = None,
    ) -> None:
        self._loop = loop
        self._on_exchange = on_exchange
        self._started: dict[str, asyncio.Task[Server]] = {}
        self.failures: list[SimulationError] = []
        """What the applications raised, in order."""
        declared_hosts = network.hosts
        self._hosts = Hosts(loop)
        for name, declared in declared_hosts.items():
            accept = None if declared.build is None else partial(self._accept, name, declared.build)
            watch = partial(self._told, name)
            self._hosts.add(Host(name, accept, declared.latency_ns, tuple(declared.faults), watch))

    def stop(self) -> None:
        """Begin to stop what was started; the servers have stopped when the loop is at rest."""
        if self._started:
            self._hosts.server_context.run(self._loop.create_task, self._stop())

    async def _stop(self) -> None:
        for name, start in self._started.items():
            try:
                await (await start).stop()
            except Exception as error:
                self.failed(_application(name), error)

    async def _accept(self, name: str, build: Callable[[], Any]) -> asyncio.Protocol:
        if name not in self._started:
            self._started[name] = self._loop.create_task(self._start(name, build))
        return (await self._started[name]).protocol()

    async def _start(self, name: str, build: Callable[[], Any]) -> Server:
        try:
            server = _server_for(build(), partial(self.failed, _application(name)))
            await server.start()
        except Exception as error:
            self.failed(_application(name), error)
            raise
        return server

    def _told(self, name: str, phase: str, data: bytes) -> None:
        if self._on_exchange is None:
            return
        words = data.partition(b"\r\n")[0].decode("latin-1").split(" ")
        told: dict[str, Any] = {"phase": phase}
        if phase == "asked" and len(words) == 3 and words[2].startswith("HTTP/"):
            told |= {"method": words[0], "target": words[1]}
        elif phase == "answered" and words[1:] and words[1].isdecimal():
            told["status"] = int(words[1])
        self._on_exchange(name, told)

    def failed(self, who: str, error: BaseException) -> None:
        """Note what an application has raised; the same exception counts once.

        Args:
            who: What raised, in words.
            error: The exception.
        """
        if any(failure.__cause__ is error for failure in self.failures):
            return
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        place = users_line(reversed(frames)) or "an unknown place"
        failure = SimulationError(
            f"{who} raised {type(error).__name__}: {error} (at {place}); a "
            "run in which the test's own server fails has no verdict"
        )
        failure.__cause__ = error
        self.failures.append(failure)


def _application(name: str) -> str:
    return f"the application of {name!r}"


def _server_for(app: Any, on_error: OnError) -> Server:
    # Who has made such an application has imported aiohttp; nobody else needs it.
    web = sys.modules.get("aiohttp.web")
    if web is not None and isinstance(app, web.Application):
        return _Aiohttp(app, on_error)
    from llm_sim.network._asgi import Asgi

    return Asgi(app, on_error)


class _Aiohttp:
    """An ``aiohttp.web.Application`` behind aiohttp's own server."""

    def __init__(self, app: Any, on_error: OnError) -> None:
        from aiohttp.web import AppRunner

        _forget_loop(app)
        # A deadline at infinity never comes: an idle connection stays open, and no run waits for
        # its end.
        self._runner = AppRunner(
            app,
            access_log=None,
            keepalive_timeout=math.inf,
            shutdown_timeout=0,
        )
        self._on_error = on_error

    async def start(self) -> None:
        """Run the application's startup."""
        await self._runner.setup()

    def protocol(self) -> asyncio.Protocol:
        """Return the protocol of aiohttp's server."""
        server: Any = self._runner.server
        connection = server()
        connection.logger = _Log(connection, self._on_error)
        protocol: asyncio.Protocol = connection
        return protocol

    async def stop(self) -> None:
        """Run the application's shutdown and cleanup."""
        await self._runner.cleanup()


def _forget_loop(app: Any) -> None:
    # An application is bound to the first loop that it runs on, and each run has a new one.
    app._loop = None
    for part in app._subapps:
        _forget_loop(part)


class _Log:
    """The logger of a connection of aiohttp's server.

    Only in this way the server tells that a handler has raised. One whose client has gone is told
    so by an exception, which is no failure of its own.
    """

    def __init__(self, connection: Any, on_error: OnError) -> None:
        self._connection = connection
        self._on_error = on_error

    def exception(self, message: str, *args: Any, exc_info: Any = None, **more: Any) -> None:
        """Pass an exception on."""
        if not self._connection.connected:
            return
        error = exc_info if isinstance(exc_info, BaseException) else sys.exc_info()[1]
        self._on_error(error or RuntimeError(message % args if args else message))

    def debug(self, *args: Any, **more: Any) -> None:
        """Say nothing of clients that have left or are not understood."""

    info = warning = error = debug

"""What a bot can reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from llm_sim.errors import UsageError
from llm_sim.network._connections import CUT, HANG, REFUSE, UNKNOWN, Fault
from llm_sim.scenario import parse_duration


@dataclass(slots=True)
class Declared:
    """One host.

    Parameters:
        build: Returns the application of a run; None if there is only what goes wrong.
        latency_ns: The virtual time that bytes take, either way.
        faults: What goes wrong.
    """

    build: Callable[[], Any] | None = None
    latency_ns: int = 0
    faults: list[Fault] = field(default_factory=list)


class Network:
    """The servers that the code under test can reach with its own asynchronous clients.

    ``aiohttp.ClientSession`` and ``httpx.AsyncClient`` work as they are, over ``http`` and
    ``https``, in virtual time: they find the hosts that are declared here, and every other one is
    refused by name. Certificates are not checked, and nothing is encrypted.

    A host is a name or a numeric address; with ``:port`` behind it, that port alone.

    Example::

        net = Network()
        net.serve("api.shop.test", app, latency="200ms")
        net.cut("api.shop.test", nth=2)
        net.refuse("api.down.test")
        bot = Bot(build, network=net)
    """

    def __init__(self) -> None:
        self._hosts: dict[str, Declared] = {}

    def serve(
        self,
        host: str,
        app: Any = None,
        *,
        build: Callable[[], Any] | None = None,
        latency: str | int = 0,
    ) -> None:
        """Let an application answer for a host.

        An application that raises is a bug of the test: the run then ends with its error instead of
        a verdict, unless it has been told that its client has gone. What it answers, of any status,
        is its own business.

        Args:
            host: Its name.
            app: An ASGI application or an ``aiohttp.web.Application``. The same object serves every
                run: what it remembers, the next run finds. ASGI's lifespan is not called; the
                startup and the cleanup of aiohttp are, in each run that connects.
            build: Returns a fresh application for each run instead, so that runs are independent.
            latency: The virtual time that bytes take, either way, with a unit: an answer comes
                after twice that. To connect takes none.

        Raises:
            UsageError: The host is no name or has an application; both of app and build were given,
                or neither; or the latency cannot be read.
        """
        declared = self._declared(host)
        if declared.build is not None:
            raise UsageError(f"host {host!r} is served already; give each host one application")
        if (app is None) == (build is None):
            raise UsageError(f"host {host!r}: give an app, or build=, which returns one")
        if not callable(build or app):
            what = type(app if build is None else build).__name__
            raise UsageError(
                f"host {host!r}: a {what} is no application; give one of ASGI or aiohttp"
            )
        declared.latency_ns = parse_duration(latency)
        declared.build = build if build is not None else lambda: app

    def refuse(self, host: str, *, nth: int | None = None) -> None:
        """Refuse connections with a host.

        Args:
            host: Its name; it needs no application.
            nth: Which connection of a run, from 1; by default all.
        """
        self._add(host, Fault(REFUSE, _checked(nth)))

    def unknown(self, host: str) -> None:
        """Let the name of a host not be found.

        Args:
            host: Its name; it needs no application.
        """
        self._add(host, Fault(UNKNOWN))

    def hang(self, host: str, *, nth: int | None = None) -> None:
        """Let answers of a host never arrive; its application has had the request all the same.

        Args:
            host: Its name; it needs no application.
            nth: The answer to which request of a run, from 1; by default all.
        """
        self._add(host, Fault(HANG, _checked(nth)))

    def cut(self, host: str, *, nth: int | None = None, after: int = 0) -> None:
        """Reset a connection when an answer comes; the application has had the request.

        Args:
            host: Its name; it needs no application.
            nth: The answer to which request of a run, from 1; by default all.
            after: How many bytes of the answer arrive, its head included. An answer that is no
                longer than that arrives in full.
        """
        if after < 0:
            raise UsageError(f"after must be at least 0 bytes, not {after}")
        self._add(host, Fault(CUT, _checked(nth), after))

    @property
    def hosts(self) -> dict[str, Declared]:
        """What was declared, by host, in the order of first mention.

        Raises:
            UsageError: A host has neither an application nor a fault that always holds.
        """
        for name, declared in self._hosts.items():
            if declared.build is None and all(fault.nth is not None for fault in declared.faults):
                raise UsageError(
                    f"host {name!r} has faults and no application for the rest of the time: add "
                    f"net.serve({name!r}, app), or leave nth out"
                )
        return dict(self._hosts)

    def _add(self, host: str, fault: Fault) -> None:
        self._declared(host).faults.append(fault)

    def _declared(self, host: str) -> Declared:
        if not host or "/" in host or host != host.strip():
            raise UsageError(f"host {host!r}: write the name alone, as in 'api.shop.test'")
        return self._hosts.setdefault(host.lower(), Declared())


def _checked(nth: int | None) -> int | None:
    if nth is not None and nth < 1:
        raise UsageError(f"nth must be at least 1, or None for every one, not {nth}")
    return nth

"""What a loop asks its peers, and that without peers it refuses everybody."""

from __future__ import annotations

import asyncio
import socket
import sysconfig
import weakref
from asyncio import TimerHandle
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from llm_sim.errors import UnsupportedOperationError
from llm_sim.loop import SimLoop, StockLoop

AnyLoop = SimLoop | StockLoop


@pytest.fixture(params=[SimLoop, StockLoop])
def loop(request: pytest.FixtureRequest) -> Iterator[AnyLoop]:
    loop = request.param()
    yield loop
    for task in loop.tasks():
        task.cancel()
    loop.run_until_idle()
    loop.close()


class Noting:
    """Peers that note what they are asked; every answer is what was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.owned: set[str] = set()

    async def addresses(self, name: str, port: int, family: int) -> list[Any]:
        self.asked.append(("addresses", name, port, family))
        return [name]

    async def dial(self, sock: socket.socket, name: str, port: int) -> None:
        self.asked.append(("dial", name, port))

    async def connect(
        self,
        factory: Callable[[], Any],
        name: str,
        port: int,
        sock: socket.socket | None,
        secure: bool,
    ) -> tuple[asyncio.Transport, Any]:
        self.asked.append(("connect", name, port, sock, secure))
        return asyncio.Transport(), factory()

    def own(self, work: asyncio.Task[Any] | TimerHandle) -> bool:
        return isinstance(work, asyncio.Task) and work.get_name() in self.owned


def outcome(loop: AnyLoop, coro: Coroutine[Any, Any, Any]) -> Any:
    """Run to rest and return what the coroutine returned, or the exception that it raised."""
    task = loop.create_task(coro)
    loop.run_until_idle()
    error = task.exception()
    return task.result() if error is None else error


def test_peers_are_asked_for_names_in_lower_case_and_ports_as_numbers(loop: AnyLoop) -> None:
    loop.peers = peers = Noting()

    async def main() -> None:
        await loop.getaddrinfo(b"API.test.", "https", family=socket.AF_INET)
        await loop.create_connection(asyncio.Protocol, "API.test", "80", ssl=True)
        await loop.create_connection(asyncio.Protocol, None, 80)
        with socket.socket() as sock:
            await loop.sock_connect(sock, ("198.18.0.1", 80))

    outcome(loop, main())
    assert peers.asked == [
        ("addresses", "api.test", 443, socket.AF_INET),
        ("connect", "api.test", 80, None, True),
        ("connect", "localhost", 80, None, False),
        ("dial", "198.18.0.1", 80),
    ]


def test_a_socket_that_is_not_of_tcp_is_refused_before_anybody_is_asked(loop: AnyLoop) -> None:
    loop.peers = peers = Noting()

    async def main() -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            await loop.sock_connect(sock, ("198.18.0.1", 80))

    assert str(outcome(loop, main())).startswith("sock_connect is refused in a simulated run")
    assert peers.asked == []


def test_peers_tell_which_tasks_are_theirs(loop: AnyLoop) -> None:
    task = loop.create_task(asyncio.sleep(0), name="of a server")
    assert not loop.serves(task)
    loop.peers = peers = Noting()
    peers.owned.add("of a server")
    assert loop.serves(task)


@pytest.mark.parametrize("host", ["api.shop.test", "10.0.0.5"])
def test_without_peers_nobody_can_be_reached(loop: AnyLoop, host: str) -> None:
    error = outcome(loop, loop.create_connection(asyncio.Protocol, host, 80))
    assert isinstance(error, UnsupportedOperationError)
    assert error.operation == f"a connection to {host}:80"
    assert error.remedy == (
        f"declare the server with net.serve({host!r}, app) and give the network to the bot, "
        "Bot(build, network=net)"
    )
    assert loop.refusals == [error]


def test_without_peers_a_socket_leads_nowhere(loop: AnyLoop) -> None:
    async def connect() -> None:
        with socket.socket() as sock:
            await loop.sock_connect(sock, ("10.0.0.5", 80))

    async def use() -> None:
        with socket.socket() as sock:
            await loop.create_connection(asyncio.Protocol, sock=sock)

    assert outcome(loop, connect()).operation == "a connection to 10.0.0.5:80"
    assert outcome(loop, use()).operation == "create_connection"


def test_without_peers_a_name_is_refused_to_whoever_can_be_seen_asking(loop: AnyLoop) -> None:
    async def main() -> None:
        await loop.getaddrinfo("api.shop.test", 80)

    assert outcome(loop, main()).caller.endswith("<locals>.main")


def test_without_peers_a_name_that_a_library_asks_for_is_refused_when_it_connects(
    loop: AnyLoop,
) -> None:
    async def main() -> None:
        # The task begins with the loop's own coroutine: nobody can be seen who asked.
        [info] = await loop.create_task(loop.getaddrinfo("api.shop.test", 80))
        assert loop.refusals == []
        await loop.create_connection(asyncio.Protocol, *info[4])

    error = outcome(loop, main())
    assert str(error).startswith("a connection to api.shop.test:80 is refused")
    assert error.caller.endswith("<locals>.main")


@pytest.mark.parametrize(
    ("module", "caller"),
    [
        ("acme.client", "client.py:1 in ask"),
        # It asks for somebody, and nobody is to be seen in its task.
        ("httpx.client", "an unknown place"),
    ],
)
def test_where_no_line_is_the_users_the_caller_is_a_librarys(
    loop: AnyLoop, module: str, caller: str
) -> None:
    source = "async def ask(loop): await loop.create_connection(None, 'api.shop.test', 80)"
    namespace: dict[str, Any] = {"__name__": module}
    exec(compile(source, f"{sysconfig.get_path('purelib')}/client.py", "exec"), namespace)
    error = outcome(loop, namespace["ask"](loop))
    assert isinstance(error, UnsupportedOperationError)
    assert error.caller == caller


class Pool:
    """Looks after itself."""

    def clean(self) -> None: ...


def test_a_timer_that_keeps_nothing_alive_is_not_counted_as_the_programs(loop: AnyLoop) -> None:
    pool = Pool()
    loop.call_later(1, lambda ref: None, weakref.ref(pool))
    loop.call_later(1, lambda pair: None, (weakref.ref(pool), "clean"))
    loop.call_later(1, pool.clean)
    assert (loop.timers, loop.own_timers) == (3, 1)

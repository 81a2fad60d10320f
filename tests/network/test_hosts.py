"""Connections in memory: what a client sees of hosts that were declared, and of all others."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from llm_sim.errors import UnsupportedOperationError, UsageError
from llm_sim.loop import SimLoop, StockLoop
from llm_sim.network import CUT, HANG, REFUSE, UNKNOWN, Fault, Host, Hosts

MS = 1_000_000

AnyLoop = SimLoop | StockLoop


@pytest.fixture(params=[SimLoop, StockLoop])
def loop(request: pytest.FixtureRequest) -> Iterator[AnyLoop]:
    loop = request.param()
    yield loop
    for task in loop.tasks():
        task.cancel()
    loop.run_until_idle()
    loop.close()


@pytest.fixture
def hosts(loop: AnyLoop) -> Hosts:
    return Hosts(loop)


class Echo(asyncio.Protocol):
    """Sends back what it gets, in capitals; closes when it is told to."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data.upper())
        if b"bye" in data:
            self.transport.close()


async def accept_echo() -> Echo:
    return Echo()


def echo(name: str, latency_ns: int = 0, *faults: Fault) -> Host:
    return Host(name, accept_echo, latency_ns, faults)


def outcome(loop: AnyLoop, coro: Coroutine[Any, Any, Any]) -> Any:
    """Run to rest and return what the coroutine returned, or the exception that it raised."""
    task = loop.create_task(coro)
    loop.run_until_idle()
    assert task.done()
    error = task.exception()
    return task.result() if error is None else error


async def ask(*words: bytes, host: str = "echo.test", port: int = 80) -> list[bytes]:
    """Send words over one connection, and return the answers."""
    reader, writer = await asyncio.open_connection(host, port)
    answers = []
    try:
        for word in words:
            writer.write(word)
            answers.append(await reader.read(100))
    finally:
        writer.close()
    return answers


def test_a_client_talks_with_a_declared_host(loop: AnyLoop, hosts: Hosts) -> None:
    hosts.add(echo("echo.test"))
    assert outcome(loop, ask(b"one", b"two")) == [b"ONE", b"TWO"]
    assert (loop.time_ns, loop.tasks(), loop.timers) == (0, [], 0)


def test_bytes_take_their_time_either_way_and_connecting_takes_none(
    loop: AnyLoop, hosts: Hosts
) -> None:
    hosts.add(echo("echo.test", 200 * MS))

    async def main() -> tuple[list[bytes], float]:
        return await ask(b"one", b"two"), loop.time()

    assert outcome(loop, main()) == ([b"ONE", b"TWO"], 0.8)


def test_what_is_sent_in_pieces_arrives_in_order(loop: AnyLoop, hosts: Hosts) -> None:
    hosts.add(echo("echo.test", 1))

    async def main() -> bytes:
        reader, writer = await asyncio.open_connection("echo.test", 80)
        writer.writelines([b"a", b"b"])
        writer.write(b"bye")
        answer = await reader.read()
        writer.close()
        return answer

    assert outcome(loop, main()) == b"ABBYE"


def test_a_host_with_a_port_is_that_port_alone(loop: AnyLoop, hosts: Hosts) -> None:
    hosts.add(echo("localhost:8080"))
    assert outcome(loop, ask(b"one", host="LOCALHOST.", port=8080)) == [b"ONE"]
    error = outcome(loop, ask(b"one", host="localhost", port=9090))
    assert str(error).startswith("a connection to localhost:9090 is refused in a simulated run")


def test_a_numeric_address_is_a_name_too(loop: AnyLoop, hosts: Hosts) -> None:
    hosts.add(echo("10.0.0.5"))
    hosts.add(echo("::1"))
    assert outcome(loop, ask(b"one", host="10.0.0.5")) == [b"ONE"]
    assert outcome(loop, ask(b"one", host="::1")) == [b"ONE"]


def test_a_declared_host_has_an_address_that_leads_to_it(loop: AnyLoop, hosts: Hosts) -> None:
    hosts.add(echo("one.test"))
    hosts.add(echo("two.test"))

    async def main() -> Any:
        found = [
            info
            for name in (b"two.test", "one.test", "two.test")
            for info in await loop.getaddrinfo(name, "https", type=socket.SOCK_STREAM)
        ]
        return [info[4] for info in found], await ask(b"one", host=found[0][4][0])

    assert outcome(loop, main()) == (
        [("198.18.0.1", 443), ("198.18.0.2", 443), ("198.18.0.1", 443)],
        [b"ONE"],
    )


def test_a_host_has_no_address_of_another_family(loop: AnyLoop, hosts: Hosts) -> None:
    hosts.add(echo("echo.test"))
    error = outcome(loop, loop.getaddrinfo("echo.test", 80, family=socket.AF_INET6))
    assert isinstance(error, socket.gaierror)


def test_a_socket_that_was_connected_is_a_way_to_its_host(loop: AnyLoop, hosts: Hosts) -> None:
    hosts.add(echo("echo.test"))

    async def main() -> Any:
        sock = socket.socket()
        sock.setblocking(False)
        [info] = await loop.getaddrinfo("echo.test", 80)
        await loop.sock_connect(sock, info[4])
        reader, writer = await asyncio.open_connection(sock=sock)
        writer.write(b"one")
        answer = await reader.read(100)
        peer = writer.get_extra_info("socket").getpeername()
        writer.close()
        return answer, peer, sock.fileno()

    assert outcome(loop, main()) == (b"ONE", ("198.18.0.1", 80), -1)


def test_a_socket_that_was_not_connected_here_is_refused(loop: AnyLoop, hosts: Hosts) -> None:
    async def main() -> None:
        with socket.socket() as sock:
            await loop.create_connection(Echo, sock=sock)

    assert isinstance(outcome(loop, main()), UnsupportedOperationError)


def test_a_socket_of_another_kind_is_refused(loop: AnyLoop) -> None:
    async def main() -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            await loop.sock_connect(sock, ("198.18.0.1", 80))

    assert str(outcome(loop, main())).startswith("sock_connect is refused in a simulated run")


def test_a_host_that_is_not_declared_is_refused_by_name(loop: AnyLoop, hosts: Hosts) -> None:
    hosts.add(echo("api.shop.test"))
    error = outcome(loop, ask(b"one", host="api.shpo.test", port=443))
    assert isinstance(error, UnsupportedOperationError)
    assert error.operation == "a connection to api.shpo.test:443"
    assert error.caller.startswith("test_hosts.py:")
    assert error.caller.endswith(" in ask")
    assert error.remedy == (
        "declare the server with net.serve('api.shpo.test', app) and give the network to the bot, "
        "Bot(build, network=net) (did you mean 'api.shop.test'?)"
    )
    assert loop.refusals == [error]


def test_a_host_that_is_declared_is_refused_by_nobody(loop: AnyLoop, hosts: Hosts) -> None:
    hosts.add(echo("api.shop.test"))
    assert outcome(loop, ask(b"one", host="api.shop.test", port=443)) == [b"ONE"]
    assert loop.refusals == []


def test_a_name_that_a_library_asks_for_in_its_own_task_is_refused_when_it_connects(
    loop: AnyLoop, hosts: Hosts
) -> None:
    async def main() -> None:
        # The task begins with the loop's own coroutine: nobody can be seen who asked.
        [info] = await loop.create_task(loop.getaddrinfo("api.shop.test", 80))
        assert loop.refusals == []
        await loop.create_connection(Echo, *info[4])

    error = outcome(loop, main())
    assert str(error).startswith("a connection to api.shop.test:80 is refused")
    assert error.caller.endswith("<locals>.main")


def test_a_host_cannot_be_declared_twice(loop: AnyLoop, hosts: Hosts) -> None:
    hosts.add(echo("echo.test"))
    with pytest.raises(UsageError, match=r"host 'echo.test' is there already; declare it once"):
        hosts.add(echo("echo.test"))


def test_a_loop_has_one_network(loop: AnyLoop, hosts: Hosts) -> None:
    with pytest.raises(UsageError, match=r"the loop has a network already"):
        Hosts(loop)


# What goes wrong.


@pytest.mark.parametrize(
    ("fault", "answers"),
    [
        (Fault(UNKNOWN), ["gaierror"] * 3),
        (Fault(REFUSE), ["ConnectionRefusedError"] * 3),
        (Fault(REFUSE, nth=2), [b"AB", "ConnectionRefusedError", b"AB"]),
        (Fault(CUT), ["ConnectionResetError"] * 3),
        (Fault(CUT, nth=2), [b"AB", "ConnectionResetError", b"AB"]),
        (Fault(CUT, nth=2, after=1), [b"AB", "ConnectionResetError after b'A'", b"AB"]),
        (Fault(CUT, nth=2, after=2), [b"AB", b"AB", b"AB"]),
        (Fault(HANG), ["TimeoutError"] * 3),
        (Fault(HANG, nth=2), [b"AB", "TimeoutError", b"AB"]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("latency_ns", [0, 50 * MS])
def test_a_fault_hits_what_it_says(
    loop: AnyLoop, hosts: Hosts, fault: Fault, answers: list[object], latency_ns: int
) -> None:
    hosts.add(echo("echo.test", latency_ns, fault))

    async def once() -> bytes | str:
        got = b""
        writer = None
        try:
            async with asyncio.timeout(1):
                reader, writer = await asyncio.open_connection("echo.test", 80)
                writer.write(b"ab")
                while len(got) < 2:
                    got += await reader.read(1)
        except OSError as error:
            return type(error).__name__ + (f" after {got!r}" if got else "")
        finally:
            if writer is not None:
                writer.close()
        return got

    async def main() -> list[bytes | str]:
        return [await once() for _ in range(3)]

    assert outcome(loop, main()) == answers
    assert (loop.refusals, loop.tasks(), loop.timers) == ([], [], 0)


def test_an_exchange_ends_when_the_client_speaks_again(loop: AnyLoop, hosts: Hosts) -> None:
    hosts.add(echo("echo.test", 0, Fault(CUT, nth=3)))
    assert isinstance(outcome(loop, ask(b"one", b"two", b"three")), ConnectionResetError)


def test_a_server_whose_answer_is_lost_has_had_the_request(loop: AnyLoop, hosts: Hosts) -> None:
    had: list[bytes] = []

    class Server(Echo):
        def data_received(self, data: bytes) -> None:
            had.append(data)
            super().data_received(data)

    async def accept() -> Server:
        return Server()

    hosts.add(Host("echo.test", accept, 0, [Fault(CUT)]))
    assert isinstance(outcome(loop, ask(b"order")), ConnectionResetError)
    assert had == [b"order"]


@pytest.mark.parametrize("kind", [CUT, HANG])
def test_a_host_can_be_known_of_its_faults_alone(loop: AnyLoop, hosts: Hosts, kind: str) -> None:
    hosts.add(Host("down.test", None, 0, [Fault(kind)]))

    async def main() -> list[bytes]:
        async with asyncio.timeout(1):
            return await ask(b"one", host="down.test")

    error = {CUT: ConnectionResetError, HANG: TimeoutError}[kind]
    assert isinstance(outcome(loop, main()), error)


def test_a_server_that_cannot_accept_resets_the_connection(loop: AnyLoop, hosts: Hosts) -> None:
    async def fail() -> Echo:
        raise ValueError("not today")

    hosts.add(Host("echo.test", fail))
    assert isinstance(outcome(loop, ask(b"one")), ConnectionResetError)


# Transports.


def pair(
    loop: AnyLoop, hosts: Hosts, server: Callable[[], Echo]
) -> tuple[asyncio.Transport, Recording]:
    """Connect a protocol that notes what it is told."""

    async def accept() -> Echo:
        return server()

    hosts.add(Host("host.test", accept))

    async def connect() -> Any:
        return await loop.create_connection(Recording, "host.test", 80)

    transport, protocol = outcome(loop, connect())
    return transport, protocol


class Recording(asyncio.Protocol):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def data_received(self, data: bytes) -> None:
        self.told.append(data)

    def eof_received(self) -> bool:
        self.told.append("end")
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self.told.append(f"lost {error}")

    def pause_writing(self) -> None:
        self.told.append("pause")

    def resume_writing(self) -> None:
        self.told.append("resume")


def test_a_transport_that_does_not_read_keeps_what_arrives(loop: AnyLoop, hosts: Hosts) -> None:
    transport, protocol = pair(loop, hosts, Echo)
    transport.pause_reading()
    transport.write(b"one")
    loop.run_until_idle()
    assert (protocol.told, transport.is_reading()) == ([], False)
    transport.resume_reading()
    loop.run_until_idle()
    assert (protocol.told, transport.is_reading()) == ([b"ONE"], True)
    transport.close()


def test_a_writer_is_told_to_pause_until_the_reader_has_caught_up(
    loop: AnyLoop, hosts: Hosts
) -> None:
    class Slow(Echo):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self.transport.pause_reading()
            loop.call_later(1, self.transport.resume_reading)

        def data_received(self, data: bytes) -> None: ...

    transport, protocol = pair(loop, hosts, Slow)
    loop.run_until_idle()
    transport.write(b"x" * 64 * 1024)
    assert protocol.told == []
    transport.pause_reading()
    transport.write(b"x")
    assert (protocol.told, transport.get_write_buffer_size()) == (["pause"], 64 * 1024 + 1)
    loop.run_until_idle()
    assert (protocol.told, transport.get_write_buffer_size()) == (["pause", "resume"], 0)
    transport.close()


def test_the_end_of_a_stream_leaves_the_other_direction_open(loop: AnyLoop, hosts: Hosts) -> None:
    class Half(Echo):
        def eof_received(self) -> bool:
            self.transport.write(b"I have heard you")
            self.transport.close()
            return True

    transport, protocol = pair(loop, hosts, Half)
    transport.write_eof()
    transport.write(b"dropped")
    loop.run_until_idle()
    assert protocol.told == [b"I have heard you", "end"]
    assert not transport.is_closing()
    transport.close()
    loop.run_until_idle()
    assert protocol.told[2:] == ["lost None"]


def test_what_arrives_at_a_closed_transport_is_dropped(loop: AnyLoop, hosts: Hosts) -> None:
    transport, protocol = pair(loop, hosts, Echo)
    transport.write(b"one")
    transport.abort()
    transport.write(b"two")
    loop.run_until_idle()
    assert (protocol.told, transport.is_closing()) == (["lost None"], True)


def test_the_socket_of_a_connection_is_silent_until_something_is_to_be_read(
    loop: AnyLoop, hosts: Hosts
) -> None:
    transport, _ = pair(loop, hosts, Echo)
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport.pause_reading()
    silent = sock.fileno()
    transport.write(b"one")
    loop.run_until_idle()
    assert (silent >= 0, sock.fileno(), sock.getsockname()) == (True, -1, ("198.19.0.1", 49152))
    transport.close()


def test_the_tasks_and_timers_of_a_server_are_told_from_the_programs(
    loop: AnyLoop, hosts: Hosts
) -> None:
    class Busy(Echo):
        def data_received(self, data: bytes) -> None:
            self.task = loop.create_task(asyncio.sleep(5), name="of the server")

    transport, _ = pair(loop, hosts, Busy)
    transport.write(b"one")
    own = loop.create_task(asyncio.sleep(5), name="of the program")
    loop.max_time_ns = 1
    assert loop.run_until_idle() == "time"
    assert [(task.get_name(), loop.serves(task)) for task in loop.tasks()] == [
        ("of the program", False),
        ("of the server", True),
    ]
    assert (loop.timers, loop.own_timers, own.done()) == (2, 1, False)
    loop.max_time_ns = None
    transport.close()


def test_a_client_that_is_cancelled_leaves_nothing_behind(loop: AnyLoop, hosts: Hosts) -> None:
    hosts.add(echo("echo.test", 200 * MS))
    task = loop.create_task(ask(b"one"))
    loop.call_later(0.3, task.cancel)
    loop.run_until_idle()
    assert (task.cancelled(), loop.tasks(), loop.timers) == (True, [], 0)

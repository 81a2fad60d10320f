"""What blocking code asks for is refused on the thread that runs a loop, and nowhere else."""

from __future__ import annotations

import asyncio
import ctypes.util
import importlib
import os
import platform
import socket
import ssl
import subprocess
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_sim.errors import UnsupportedOperationError
from llm_sim.loop import SimLoop, StockLoop, blocking_sleep, outside_refused

loops = pytest.mark.parametrize("loop_type", [SimLoop, StockLoop])


def fetch() -> None:
    """Ask as `urllib` does."""
    urllib.request.urlopen("http://api.shop.test/price")


def connect() -> None:
    """Ask as a client does that keeps addresses of its own."""
    with socket.socket() as sock:
        sock.connect(("127.0.0.1", 9))


def try_to_connect() -> None:
    """Ask as a client does that wants no exception."""
    with socket.socket() as sock:
        sock.connect_ex(("127.0.0.1", 9))


def send() -> None:
    """Send without a connection."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.sendto(b"hello", ("127.0.0.1", 9))


def look_up() -> None:
    """Ask for an address."""
    socket.gethostbyname("api.shop.test")


def run_program() -> None:
    """Start a program."""
    subprocess.run(["true"], check=True)


def run_command() -> None:
    """Let the shell start one."""
    os.system("true")


async def at_once(ask: Callable[[], None]) -> None:
    ask()


async def in_a_thread(ask: Callable[[], None]) -> None:
    await asyncio.to_thread(ask)


async def in_an_executor(ask: Callable[[], None]) -> None:
    await asyncio.get_running_loop().run_in_executor(None, ask)


def refused(loop: SimLoop | StockLoop, main: Any) -> list[UnsupportedOperationError]:
    """Run a program that contains its own exceptions, and return what was refused."""

    async def whole() -> None:
        with pytest.raises(Exception):  # noqa: B017, PT011 - what it contains is not the point
            await main

    with outside_refused(loop):
        task = loop.create_task(whole())
        loop.run_until_idle()
    loop.close()
    task.result()
    return loop.refusals


@loops
@pytest.mark.parametrize("how", [at_once, in_a_thread, in_an_executor])
@pytest.mark.parametrize(
    ("ask", "operation"),
    [
        (fetch, "a blocking connection to api.shop.test:80"),
        (connect, "a blocking connection to 127.0.0.1:9"),
        (try_to_connect, "a blocking connection to 127.0.0.1:9"),
        (send, "a datagram to 127.0.0.1:9"),
        (look_up, "the address of api.shop.test"),
        (run_program, "the program ['true']"),
        (run_command, "the program 'true'"),
    ],
)
def test_blocking_code_is_refused_by_name(
    ask: Callable[[], None], operation: str, how: Any, loop_type: type[SimLoop | StockLoop]
) -> None:
    [error] = refused(loop_type(), how(ask))
    assert error.operation == operation
    assert error.caller.startswith("test_outside.py:")
    assert error.caller.endswith(f" in {ask.__name__}")


@loops
def test_where_a_library_runs_in_a_thread_the_caller_is_who_awaits_it(
    loop_type: type[SimLoop | StockLoop],
) -> None:
    async def main() -> None:
        await asyncio.to_thread(urllib.request.urlopen, "http://api.shop.test/price")

    [error] = refused(loop_type(), main())
    assert error.caller.endswith(" in " + main.__qualname__)


@pytest.mark.parametrize(
    "ask", [lambda: ctypes.util.find_library("c"), lambda: platform.uname().processor]
)
def test_the_standard_library_may_start_programs_to_learn_what_machine_this_is(ask: Any) -> None:
    expected = ask()

    async def main() -> Any:
        return ask()

    loop = SimLoop()
    with outside_refused(loop):
        assert loop.run_until_complete(main()) == expected
    loop.close()
    assert loop.refusals == []


def test_a_module_that_is_imported_may_start_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "asks_the_system.py").write_text("import os\ncode = os.system('true')\n")
    monkeypatch.syspath_prepend(tmp_path)

    async def main() -> Any:
        return importlib.import_module("asks_the_system").code

    loop = SimLoop()
    with outside_refused(loop):
        assert loop.run_until_complete(main()) == 0
    loop.close()


@loops
def test_a_loop_that_is_put_to_sleep_is_told_by_name(
    loop_type: type[SimLoop | StockLoop],
) -> None:
    async def main() -> None:
        blocking_sleep(2)

    [error] = refused(loop_type(), main())
    assert error.operation == "time.sleep(2)"
    assert "await asyncio.sleep" in error.remedy


@loops
def test_what_sleeps_in_a_thread_takes_virtual_time(loop_type: type[SimLoop | StockLoop]) -> None:
    def nap() -> str:
        blocking_sleep(1.5)
        blocking_sleep(0)
        blocking_sleep(0.5)
        return "rested"

    async def main() -> list[object]:
        return [await asyncio.to_thread(nap), loop.time()]

    loop = loop_type()
    with outside_refused(loop):
        assert loop.run_until_complete(main()) == ["rested", 2.0]
    loop.close()


def test_who_awaits_a_sleeper_may_give_up() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await asyncio.to_thread(blocking_sleep, 60)
        return loop.time()

    loop = SimLoop()
    with outside_refused(loop):
        assert loop.run_until_complete(main()) == 1.0
        assert loop.run_until_idle() == "idle"
    loop.close()


def test_a_sleeper_that_fails_does_so_when_it_has_slept() -> None:
    def fail() -> None:
        blocking_sleep(3)
        raise ValueError("tired")

    async def main() -> float:
        with pytest.raises(ValueError, match="tired"):
            await asyncio.to_thread(fail)
        return loop.time()

    loop = SimLoop()
    with outside_refused(loop):
        assert loop.run_until_complete(main()) == 3.0
    loop.close()


def test_another_thread_goes_on_as_always() -> None:
    told: list[Any] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        with socket.create_connection(listener.getsockname()) as sock:
            told.append(sock.getpeername() == listener.getsockname())

    async def main() -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    loop = SimLoop()
    with outside_refused(loop), listener:
        loop.run_until_complete(main())
    loop.close()
    assert (told, loop.refusals) == ([True], [])


def test_what_stays_on_the_machine_is_not_refused() -> None:
    async def main() -> list[Any]:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.sendall(b"hello")
            return [theirs.recv(5), socket.getaddrinfo(None, 80)[0][4][1]]

    loop = SimLoop()
    with outside_refused(loop):
        assert loop.run_until_complete(main()) == [b"hello", 80]
    loop.close()


def borrowed() -> list[Any]:
    """Return what a run borrows."""
    return [
        socket.getaddrinfo,
        vars(socket.socket).get("connect"),
        vars(socket.socket).get("connect_ex"),
        vars(socket.socket).get("sendto"),
        socket.gethostbyname,
        subprocess.Popen.__init__,
        os.system,
        ssl.SSLContext.wrap_bio,
        ssl.create_default_context,
    ]


def test_what_is_borrowed_is_given_back_by_the_last_run() -> None:
    before = borrowed()
    outer, inner = SimLoop(), SimLoop()
    with outside_refused(outer):
        during = borrowed()
        with outside_refused(inner):
            assert borrowed() == during
        assert borrowed() == during
    assert borrowed() == before
    # It was inherited, and is again.
    assert "connect" not in vars(socket.socket)
    assert all(one != other for one, other in zip(before, during, strict=True))
    for loop in (outer, inner):
        loop.close()


def test_runs_in_two_threads_give_back_what_they_found() -> None:
    before = borrowed()
    entered, left = threading.Barrier(2), threading.Barrier(2)

    def work(first: bool) -> None:
        loop = SimLoop()
        with outside_refused(loop):
            entered.wait()
            if not first:
                left.wait()
        if first:
            left.wait()
        loop.close()

    threads = [threading.Thread(target=work, args=(first,)) for first in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert borrowed() == before


def test_nothing_is_refused_while_no_loop_runs() -> None:
    loop = SimLoop()
    with outside_refused(loop), socket.create_server(("127.0.0.1", 0)) as listener:
        socket.create_connection(listener.getsockname()).close()
    loop.close()
    assert loop.refusals == []


def test_a_default_context_is_made_once_while_a_loop_runs() -> None:
    async def make() -> list[ssl.SSLContext]:
        purposes = (ssl.Purpose.SERVER_AUTH, ssl.Purpose.SERVER_AUTH, ssl.Purpose.CLIENT_AUTH)
        return [ssl.create_default_context(purpose) for purpose in purposes]

    made = []
    for loop in (SimLoop(), SimLoop()):
        with outside_refused(loop):
            made += loop.run_until_complete(make())
        loop.close()
    places = [made.index(context) for context in made]
    assert places == [0, 0, 2, 0, 0, 2]
    assert ssl.create_default_context() is not ssl.create_default_context()


def test_tls_passes_bytes_through_while_a_loop_runs() -> None:
    context = ssl.create_default_context()

    def wrap() -> tuple[ssl.MemoryBIO, ssl.MemoryBIO, Any]:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        return incoming, outgoing, context.wrap_bio(incoming, outgoing, server_hostname="a.test")

    async def main() -> None:
        incoming, outgoing, tls = wrap()
        tls.do_handshake()
        with pytest.raises(ssl.SSLWantReadError):
            tls.read(10)
        incoming.write(b"hello")
        assert (tls.pending(), tls.read(2), tls.read(10)) == (5, b"he", b"llo")
        incoming.write(b"again")
        buffer = bytearray(10)
        assert (tls.read(10, buffer), bytes(buffer[:5])) == (5, b"again")
        assert (tls.write(b"answer"), outgoing.read()) == (6, b"answer")
        incoming.write_eof()
        assert tls.read(10) == b""
        tls.unwrap()
        facts = [tls.getpeercert(), tls.getpeercert(True), tls.cipher(), tls.get_channel_binding()]
        assert facts == [{}, None, None, None]
        assert tls.version() == "TLSv1.3"

    loop = SimLoop()
    with outside_refused(loop):
        loop.run_until_complete(main())
    loop.close()
    assert isinstance(wrap()[2], ssl.SSLObject)

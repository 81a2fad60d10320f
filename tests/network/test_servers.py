"""Real clients talk with real applications, in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import httpx
import pytest
from aiohttp import web

from llm_sim.loop import SimLoop, StockLoop
from llm_sim.network import Network
from tests.network.apps import SEEN, answer, shelf, shop
from tests.network.clients import UNVERIFIED, Get, play, with_aiohttp, with_httpx

clients = pytest.mark.parametrize("get", [with_aiohttp, with_httpx])
loops = pytest.mark.parametrize("loop_type", [SimLoop, StockLoop])


def one(**how: Any) -> Network:
    net = Network()
    net.serve("api.shop.test", shop, **how)
    return net


@loops
@clients
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("app", [shop, shelf()], ids=["asgi", "aiohttp"])
def test_a_client_reads_an_answer(
    app: Any, scheme: str, get: Get, loop_type: type[SimLoop | StockLoop]
) -> None:
    net = Network()
    net.serve("api.shop.test", app)
    got, servers = play(net, lambda: get(f"{scheme}://api.shop.test/price"), loop_type)
    assert (got[0], json.loads(got[1])["price"]) == (200, 5)
    assert servers.failures == []


@clients
def test_what_an_application_sees_of_a_request(get: Get) -> None:
    async def main() -> list[bytes]:
        urls = ["http://api.shop.test/facts?q=a%20b", "https://api.shop.test:8443/facts"]
        return [(await get(url))[1] for url in urls]

    got, _ = play(one(), main)
    # Of TLS that a client does itself nobody hears: there the port tells.
    schemes = {"with_aiohttp": "https", "with_httpx": "http"}
    assert [json.loads(body) for body in got] == [
        ["http", "q=a%20b", "1.1"],
        [schemes[getattr(get, "__name__", "")], "", "1.1"],
    ]


@clients
def test_a_redirect_is_followed(get: Get) -> None:
    assert play(one(), lambda: get("https://api.shop.test/old"))[0] == (200, b'{"price": 5}')


@clients
def test_the_status_is_the_applications_own_business(get: Get) -> None:
    got, servers = play(one(), lambda: get("http://api.shop.test/nowhere"))
    assert (got, servers.failures) == ((404, b"not here"), [])


async def post_with_aiohttp() -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.post("https://api.shop.test/orders", json={"sku": "a" * 200_000}) as response,
    ):
        return response.status, await response.json()


async def post_with_httpx() -> Any:
    async with httpx.AsyncClient(verify=UNVERIFIED) as client:
        response = await client.post("https://api.shop.test/orders", json={"sku": "a" * 200_000})
        return response.status_code, response.json()


@pytest.mark.parametrize("post", [post_with_aiohttp, post_with_httpx])
def test_a_body_that_fills_every_buffer_arrives(post: Callable[[], Awaitable[Any]]) -> None:
    assert play(one(latency="10ms"), post)[0] == (201, {"ordered": "a" * 200_000})


async def stream_with_aiohttp() -> list[tuple[float, bytes]]:
    loop = asyncio.get_running_loop()
    async with (
        aiohttp.ClientSession() as session,
        session.get("http://api.shop.test/stream") as response,
    ):
        return [(round(loop.time(), 9), part) async for part in response.content.iter_any()]


async def stream_with_httpx() -> list[tuple[float, bytes]]:
    loop = asyncio.get_running_loop()
    async with (
        httpx.AsyncClient(verify=UNVERIFIED) as client,
        client.stream("GET", "http://api.shop.test/stream") as response,
    ):
        return [(round(loop.time(), 9), part) async for part in response.aiter_raw()]


@loops
@pytest.mark.parametrize("stream", [stream_with_aiohttp, stream_with_httpx])
def test_a_streamed_answer_comes_part_by_part(
    stream: Callable[[], Awaitable[Any]], loop_type: type[SimLoop | StockLoop]
) -> None:
    got, _ = play(one(latency="200ms"), stream, loop_type)
    assert got == [(0.4, b"one "), (1.4, b"two "), (2.4, b"three")]


async def twice_with_aiohttp() -> list[int]:
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            async with session.get("https://api.shop.test/price") as response:
                await response.read()
    return []


async def twice_with_httpx() -> list[int]:
    async with httpx.AsyncClient(verify=UNVERIFIED) as client:
        for _ in range(2):
            await client.get("https://api.shop.test/price")
    return []


@pytest.mark.parametrize("twice", [twice_with_aiohttp, twice_with_httpx])
def test_a_connection_is_used_again(twice: Callable[[], Awaitable[Any]]) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["client"])
        await shop(scope, receive, send)

    net = Network()
    net.serve("api.shop.test", app)
    play(net, twice)
    assert seen == [("198.19.0.1", 49152), ("198.19.0.1", 49152)]


def test_httpx_notices_that_a_server_has_closed_a_connection() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["client"])
        await answer(send, b"", headers=[(b"connection", b"close")])

    net = Network()
    net.serve("api.shop.test", app)
    play(net, twice_with_httpx)
    assert seen == [("198.19.0.1", 49152), ("198.19.0.1", 49153)]


def test_many_requests_at_once_have_a_connection_each() -> None:
    async def main() -> float:
        async with aiohttp.ClientSession() as session:

            async def stream() -> None:
                async with session.get("http://api.shop.test/stream") as response:
                    await response.read()

            await asyncio.gather(*(stream() for _ in range(10)))
        return asyncio.get_running_loop().time()

    assert play(one(), main)[0] == 3.0


def test_an_answer_without_a_body_has_none() -> None:
    async def main() -> Any:
        async with httpx.AsyncClient(verify=UNVERIFIED) as client:
            response = await client.head("http://api.shop.test/price")
            return response.headers["content-length"], response.content

    assert play(one(), main)[0] == ("8", b"")


def test_a_client_that_asks_whether_to_go_on_is_told_to() -> None:
    async def main() -> int:
        url = "http://api.shop.test/orders"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json={"sku": "a"}, expect100=True) as response,
        ):
            return response.status

    assert play(one(), main)[0] == 201


def test_what_is_no_http_is_answered_as_such() -> None:
    async def main() -> bytes:
        reader, writer = await asyncio.open_connection("api.shop.test", 80)
        writer.write(b"hello?\r\n\r\n")
        told = await reader.read()
        writer.close()
        return told.partition(b"\r\n")[0]

    got, servers = play(one(), main)
    assert (got, servers.failures) == (b"HTTP/1.1 400 ", [])


# In virtual time.


def test_a_client_runs_into_its_own_timeout() -> None:
    async def main() -> list[object]:
        loop = asyncio.get_running_loop()
        told: list[object] = []
        timeout = aiohttp.ClientTimeout(total=1.5)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            with pytest.raises(TimeoutError):
                await session.get("http://api.shop.test/price")
            told.append(loop.time())
        async with httpx.AsyncClient(timeout=2, verify=UNVERIFIED) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.get("https://api.shop.test/price")
            told.append(loop.time())
        return told

    net = one(latency="5s")
    assert play(net, main)[0] == [1.5, 3.5]
    net = one()
    net.hang("api.shop.test")
    assert play(net, main)[0] == [1.5, 3.5]


@loops
@clients
@pytest.mark.parametrize("when", [0.0, 0.1, 0.3, 0.45])
def test_a_client_that_is_cancelled_leaves_nothing_behind(
    get: Get, when: float, loop_type: type[SimLoop | StockLoop]
) -> None:
    async def main() -> str:
        async def request() -> None:
            await get("https://api.shop.test/stream")

        task = asyncio.create_task(request())
        await asyncio.sleep(when)
        task.cancel()
        await asyncio.wait([task])
        loop: Any = asyncio.get_running_loop()
        left = [task for task in loop.tasks() if not loop.serves(task)]
        return f"{task.cancelled()} {len(left)} {loop.own_timers}"

    assert play(one(latency="200ms"), main, loop_type)[0] == "True 1 0"


# What goes wrong.


async def error_of(get: Get) -> str:
    try:
        await get("https://api.shop.test/price")
    except Exception as error:
        return type(error).__name__
    return "no error"


@pytest.mark.parametrize(
    ("spoil", "with_one", "with_other"),
    [
        (Network.unknown, "ClientConnectorDNSError", "ConnectError"),
        (Network.refuse, "ClientConnectorError", "ConnectError"),
        (Network.cut, "ClientOSError", "ReadError"),
        (lambda net, host: net.cut(host, after=100), "ClientPayloadError", "ReadError"),
        (lambda net, host: net.cut(host, nth=3), "no error", "no error"),
        (lambda net, host: None, "no error", "no error"),
    ],
    ids=["unknown", "refuse", "cut", "cut in the body", "cut later", "nothing"],
)
def test_a_client_tells_what_went_wrong_as_it_always_does(
    spoil: Callable[[Network, str], None], with_one: str, with_other: str
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"x" * 300)

    net = Network()
    net.serve("api.shop.test", app)
    spoil(net, "api.shop.test")
    assert play(net, lambda: error_of(with_aiohttp))[0] == with_one
    assert play(net, lambda: error_of(with_httpx))[0] == with_other


@clients
def test_a_host_without_an_application_can_be_down(get: Get) -> None:
    net = Network()
    net.refuse("api.shop.test")
    assert play(net, lambda: error_of(get))[0] in ("ClientConnectorError", "ConnectError")


@clients
@pytest.mark.parametrize(("app", "line"), [(shop, "shop"), (shelf(), "shelf.<locals>.broken")])
def test_an_application_that_raises_is_told_of_with_its_place(
    app: Any, line: str, get: Get
) -> None:
    net = Network()
    net.serve("api.shop.test", app)
    got, servers = play(net, lambda: get("http://api.shop.test/broken"))
    assert got[0] == 500
    [failure] = servers.failures
    assert str(failure).startswith(
        "the application of 'api.shop.test' raised ValueError: no such shelf (at apps.py:"
    )
    assert f" in {line})" in str(failure)


def test_an_application_that_does_not_finish_its_answer_is_told_of() -> None:
    got, servers = play(one(), lambda: error_of_path("/unfinished"))
    assert got == (500, b"Internal Server Error")
    assert [str(failure.__cause__) for failure in servers.failures] == [
        "the application returned before its answer was complete"
    ]


async def error_of_path(path: str) -> tuple[int, bytes]:
    return await with_aiohttp(f"http://api.shop.test{path}")


def test_an_application_that_cannot_be_built_is_told_of() -> None:
    def build() -> Any:
        raise ValueError("no shop today")

    net = Network()
    net.serve("api.shop.test", build=build)
    got, servers = play(net, lambda: error_of(with_httpx))
    assert (got, [str(failure.__cause__) for failure in servers.failures]) == (
        "ReadError",
        ["no shop today"],
    )


# From run to run.


def test_an_application_serves_every_run() -> None:
    app = shelf()
    net = Network()
    net.serve("api.shop.test", app)
    for _ in range(3):
        play(net, lambda: with_aiohttp("http://api.shop.test/price"))
    assert app[SEEN] == {"startups": 3, "cleanups": 3, "requests": 3}


def test_an_application_that_is_built_is_fresh_in_each_run() -> None:
    built: list[web.Application] = []

    def build() -> web.Application:
        built.append(shelf())
        return built[-1]

    net = Network()
    net.serve("api.shop.test", build=build)
    for _ in range(2):
        play(net, lambda: with_aiohttp("http://api.shop.test/price"))
    assert [app[SEEN] for app in built] == [{"startups": 1, "cleanups": 1, "requests": 1}] * 2


def test_a_server_that_nobody_connects_with_is_not_started() -> None:
    def build() -> Any:
        raise ValueError("never asked for")

    async def main() -> None: ...

    net = Network()
    net.serve("api.shop.test", build=build)
    loop_steps = []
    for network in (net, Network()):
        _, servers = play(network, main)
        loop_steps.append((servers._loop.steps, servers.failures))
    assert loop_steps == [(1, []), (1, [])]


# What an application is told, and may say.


def test_an_application_is_told_that_its_client_has_gone() -> None:
    told: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            told.append((asyncio.get_running_loop().time(), message["type"]))
            if message["type"] == "http.disconnect":
                return

    async def main() -> None:
        timeout = aiohttp.ClientTimeout(total=1.5)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            with pytest.raises(TimeoutError):
                await session.get("http://api.shop.test/price")

    net = Network()
    net.serve("api.shop.test", app)
    _, servers = play(net, main)
    assert (told, servers.failures) == ([(0.0, "http.request"), (1.5, "http.disconnect")], [])


async def _gives_up(scope: Any, receive: Any, send: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    raise ConnectionError("the client has gone")


def _reader() -> web.Application:
    async def read(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app = web.Application()
    app.router.add_post("/orders", read)
    return app


@pytest.mark.parametrize("build", [lambda: _gives_up, _reader], ids=["asgi", "aiohttp"])
def test_an_application_may_give_up_on_a_client_that_leaves_while_it_asks(build: Any) -> None:
    async def leave() -> None:
        _, writer = await asyncio.open_connection("api.shop.test", 80)
        writer.write(b"POST /orders HTTP/1.1\r\nhost: shop\r\ncontent-length: 9\r\n\r\nfour")
        await asyncio.sleep(1)
        writer.close()

    net = Network()
    net.serve("api.shop.test", build=build)
    assert play(net, leave)[1].failures == []


def test_an_application_that_has_answered_has_no_client_left() -> None:
    told: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"early")
        told.extend([(await receive())["type"] for _ in range(2)])

    net = Network()
    net.serve("api.shop.test", app)
    got, servers = play(net, lambda: with_httpx("http://api.shop.test/price"))
    assert (got, servers.failures) == ((200, b"early"), [])
    assert told == ["http.request", "http.disconnect"]


def test_an_application_that_says_what_has_no_place_is_told_of() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.body", "body": b"no head"})

    net = Network()
    net.serve("api.shop.test", app)
    got, servers = play(net, lambda: with_httpx("http://api.shop.test/price"))
    assert (got, [str(failure.__cause__) for failure in servers.failures]) == (
        (500, b"Internal Server Error"),
        ["the application sent 'http.response.body' where it has no place"],
    )


def test_a_part_of_an_application_serves_every_run() -> None:
    whole = web.Application()
    whole.add_subapp("/part/", shelf())
    net = Network()
    net.serve("api.shop.test", whole)
    got = [play(net, lambda: with_aiohttp("http://api.shop.test/part/price"))[0] for _ in range(2)]
    assert [status for status, _ in got] == [200, 200]

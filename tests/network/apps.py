"""Small applications, as a test of a bot would have them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web


async def body_of(receive: Any) -> bytes:
    """Read a request to its end."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    return body


async def answer(
    send: Any, body: bytes, status: int = 200, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    """Send a whole answer."""
    await send({"type": "http.response.start", "status": status, "headers": headers or []})
    await send({"type": "http.response.body", "body": body})


async def shop(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application: prices, orders, and a few awkward ways to answer."""
    body = await body_of(receive)
    match scope["method"], scope["path"]:
        case "GET", "/price":
            await answer(send, b'{"price": 5}', headers=[(b"content-type", b"application/json")])
        case "POST", "/orders":
            order = json.dumps({"ordered": json.loads(body)["sku"]}).encode()
            await answer(send, order, 201, [(b"content-type", b"application/json")])
        case "GET", "/old":
            await answer(send, b"", 302, [(b"location", b"/price")])
        case "GET", "/stream":
            await send({"type": "http.response.start", "status": 200})
            for part in (b"one ", b"two ", b"three"):
                await send({"type": "http.response.body", "body": part, "more_body": True})
                await asyncio.sleep(1)
            await send({"type": "http.response.body"})
        case "HEAD", "/price":
            await answer(send, b"not sent", headers=[(b"content-length", b"8")])
        case "GET", "/facts":
            facts = [scope["scheme"], scope["query_string"].decode(), scope["http_version"]]
            await answer(send, json.dumps(facts).encode())
        case "GET", "/broken":
            raise ValueError("no such shelf")
        case "GET", "/unfinished":
            await send({"type": "http.response.start", "status": 200})
        case _:
            await answer(send, b"not here", 404)


SEEN = web.AppKey("seen", dict[str, int])


def shelf() -> web.Application:
    """Return an aiohttp application that counts its own startups and requests."""
    app = web.Application()
    seen = app[SEEN] = {"startups": 0, "cleanups": 0, "requests": 0}

    async def around(app: web.Application) -> Any:
        seen["startups"] += 1
        yield
        seen["cleanups"] += 1

    async def price(request: web.Request) -> web.Response:
        seen["requests"] += 1
        return web.json_response({"price": 5, "scheme": request.scheme})

    async def broken(request: web.Request) -> web.Response:
        raise ValueError("no such shelf")

    app.cleanup_ctx.append(around)
    app.router.add_get("/price", price)
    app.router.add_get("/broken", broken)
    return app

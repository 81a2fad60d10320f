"""An ASGI server over a transport: HTTP/1.1 with h11."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import unquote

import h11

_App = Callable[[dict[str, Any], Callable[[], Any], Callable[[Any], Any]], Awaitable[None]]
_OnError = Callable[[BaseException], None]

_SORRY: Final = b"Internal Server Error"


class Asgi:
    """Serves an ASGI application, without its lifespan.

    Args:
        app: The application.
        on_error: Is told what the application raises.
    """

    def __init__(self, app: _App, on_error: _OnError) -> None:
        self._app = app
        self._on_error = on_error

    async def start(self) -> None:
        """Do nothing: the application is not told."""

    def protocol(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return _Connection(self._app, self._on_error)

    async def stop(self) -> None:
        """Do nothing: the application is not told."""


class _Connection(asyncio.Protocol):
    """One connection: requests one after the other, each answered by a task of its own."""

    transport: asyncio.Transport

    def __init__(self, app: _App, on_error: _OnError) -> None:
        self.http = h11.Connection(h11.SERVER)
        self.writable = asyncio.Event()
        self.writable.set()
        self.is_lost = False
        self._app = app
        self._on_error = on_error
        self._request: _Request | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.is_lost = True
        self.writable.set()
        if self._request is not None:
            self._request.woken.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        self.http.receive_data(data)
        self._read()

    def eof_received(self) -> None:
        """Close: a client that has gone waits for nothing."""

    def _read(self) -> None:
        try:
            while True:
                event = self.http.next_event()
                if isinstance(event, h11.Request):
                    self._begin(event)
                elif isinstance(event, h11.Data) and self._request is not None:
                    self._request.take(bytes(event.data))
                elif isinstance(event, h11.EndOfMessage) and self._request is not None:
                    self._request.take(None)
                else:
                    return
        except h11.RemoteProtocolError as error:
            self._complain(error)

    def _begin(self, event: h11.Request) -> None:
        request = self._request = _Request(self, _scope(event, self.transport))
        coro = request.answer(self._app, self._on_error)
        request.task = asyncio.get_running_loop().create_task(coro)

    def _complain(self, error: h11.RemoteProtocolError) -> None:
        if self.http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.send_whole(error.error_status_hint, b"Bad Request")
        self.transport.close()

    def send(self, event: h11.Event) -> None:
        """Write the bytes of an HTTP event."""
        data = self.http.send(event)
        if data:
            self.transport.write(data)

    def send_whole(self, status: int, text: bytes) -> None:
        """Write a complete answer."""
        length = str(len(text)).encode()
        headers = [(b"content-type", b"text/plain"), (b"content-length", length)]
        self.send(h11.Response(status_code=status, headers=headers))
        self.send(h11.Data(data=text))
        self.send(h11.EndOfMessage())

    def end_of_answer(self) -> None:
        """Go on to the next request, or close if there can be none."""
        if self.http.our_state is h11.DONE and self.http.their_state is h11.DONE:
            self.http.start_next_cycle()
            self._request = None
            self._read()
        else:
            self.transport.close()


class _Request:
    """A request and what the application does with it."""

    task: asyncio.Task[None]

    def __init__(self, connection: _Connection, scope: dict[str, Any]) -> None:
        self.woken = asyncio.Event()
        self._connection = connection
        self._scope = scope
        self._body: deque[bytes | None] = deque()
        self._start: h11.Response | None = None
        self._is_answered = self._has_begun = self._is_abandoned = False

    def take(self, data: bytes | None) -> None:
        """Take a part of the body; None for its end."""
        self._body.append(data)
        self.woken.set()

    async def answer(self, app: _App, on_error: _OnError) -> None:
        """Let the application answer, and answer for it when it fails."""
        try:
            await app(self._scope, self._receive, self._send)
            if not self._is_answered and not self._connection.is_lost:
                raise RuntimeError("the application returned before its answer was complete")
        except Exception as error:
            # Whoever is told that the client has gone may give up in this way, as Starlette does.
            if not self._is_abandoned:
                on_error(error)
            self._apologize()
        else:
            if self._is_answered and not self._connection.is_lost:
                self._connection.end_of_answer()

    def _apologize(self) -> None:
        if self._connection.is_lost:
            return
        if not self._has_begun:
            self._connection.send_whole(500, _SORRY)
        self._connection.transport.close()

    async def _receive(self) -> dict[str, Any]:
        http = self._connection.http
        if http.they_are_waiting_for_100_continue:
            self._connection.send(h11.InformationalResponse(status_code=100, headers=[]))
        while not (self._body or self._is_answered or self._connection.is_lost):
            self.woken.clear()
            await self.woken.wait()
        if not self._body:
            self._is_abandoned = self._connection.is_lost
            return {"type": "http.disconnect"}
        data = self._body.popleft()
        if data is None:
            # Whoever asks again waits for the client to go.
            return {"type": "http.request", "body": b"", "more_body": False}
        more = self._body != deque([None])
        if not more:
            self._body.clear()
        return {"type": "http.request", "body": data, "more_body": more}

    async def _send(self, message: dict[str, Any]) -> None:
        if self._connection.is_lost:
            return
        kind = message["type"]
        if kind == "http.response.start" and self._start is None:
            headers = [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
            self._start = h11.Response(status_code=message["status"], headers=headers)
        elif kind == "http.response.body" and self._start is not None and not self._is_answered:
            await self._send_body(message.get("body", b""), message.get("more_body", False))
        else:
            raise RuntimeError(f"the application sent {kind!r} where it has no place")

    async def _send_body(self, body: bytes, more: bool) -> None:
        connection = self._connection
        if not self._has_begun and self._start is not None:
            self._has_begun = True
            connection.send(self._start)
        if body and self._scope["method"] != "HEAD":
            connection.send(h11.Data(data=body))
        if not more:
            self._is_answered = True
            self.woken.set()
            connection.send(h11.EndOfMessage())
        await connection.writable.wait()


def _scope(request: h11.Request, transport: asyncio.Transport) -> dict[str, Any]:
    path, _, query = request.target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": request.http_version.decode("ascii"),
        "method": request.method.decode("ascii"),
        "scheme": "https" if transport.get_extra_info("sslcontext") else "http",
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": list(request.headers),
        "client": transport.get_extra_info("peername"),
        "server": transport.get_extra_info("sockname"),
    }

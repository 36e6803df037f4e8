"""The HTTP/1.1 server of the agent's local API."""

import asyncio
from collections.abc import Callable
from typing import cast

from sensu.clock import Clock
from sensu.transport.http1 import CONTINUE, HTTPAnswer, HTTPRequest, ParseProblem, RequestParser, error, rendered

BODY_BYTES_MAX = 2 * 1024 * 1024
HEAD_BYTES_MAX = 32 * 1024
CONNECTIONS_MAX = 100
TIMEOUT_S = 15

Handle = Callable[[str, str, bytes], HTTPAnswer]
"""Answers a request, given its method, path and body."""

FOREIGN = error(403, "requests of web pages are not accepted (the Origin header is that of another server)")
"""The answer to browsers: any web page can make a browser send requests to local servers. Programs send no Origin."""
PROBLEMS = {
    ParseProblem.MALFORMED: error(400, "400 Bad Request"),
    ParseProblem.HEAD_TOO_LARGE: error(431, "request header fields too large"),
    ParseProblem.BODY_TOO_LARGE: error(413, "request body too large"),
}


class HTTPServer:
    """Listens on one address; connections beyond `CONNECTIONS_MAX` are closed."""

    def __init__(self, handle: Handle, clock: Clock) -> None:
        self.handle, self.clock = handle, clock
        self.connections: set[HTTPConnection] = set()
        self.own_origins: frozenset[str] = frozenset()
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> int:
        """Accept connections and return the port; raises OSError if the address cannot be used."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: HTTPConnection(self), host, port, backlog=128)
        bound = int(self._server.sockets[0].getsockname()[1])
        self.own_origins = frozenset(f"http://{own}:{bound}" for own in ("localhost", "127.0.0.1", "[::1]"))
        return bound

    async def close(self) -> None:
        """Stop listening and abort all connections."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.cut()


class HTTPConnection(asyncio.Protocol):
    """One connection; requests are answered in order as they become complete."""

    def __init__(self, server: HTTPServer) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._parser = RequestParser(
            head_bytes_max=HEAD_BYTES_MAX, body_bytes_max=BODY_BYTES_MAX, on_continue=self._continue
        )
        self._answers_unread = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's interface."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports do not inherit from it
        if len(self._server.connections) >= CONNECTIONS_MAX:
            self._transport.abort()
            return
        self._server.connections.add(self)
        self._restart_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio's interface."""
        self._server.connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's interface."""
        self._parser.add(data)
        self._answer_requests()

    @property
    def unparsed_bytes(self) -> int:
        """How much has arrived and waits until the client reads its answers."""
        return self._parser.unparsed_bytes

    def _answer_requests(self) -> None:
        """Answer requests as long as the client reads the answers."""
        while not self._answers_unread and self._transport is not None and not self._transport.is_closing():
            request = self._parser.next()
            if request is None:
                return
            if isinstance(request, ParseProblem):
                self._send(PROBLEMS[request], keep_alive=False)
            else:
                self._send(self._answer(request), keep_alive=request.keep_alive, is_head=request.method == "HEAD")

    def _answer(self, request: HTTPRequest) -> HTTPAnswer:
        for name, value in request.headers:
            if name == "origin" and value not in self._server.own_origins:
                return FOREIGN
        return self._server.handle(request.method, request.path, request.body)

    def _continue(self) -> None:
        if self._transport is not None:
            self._transport.write(CONTINUE)

    def pause_writing(self) -> None:
        """Part of asyncio's interface; requests wait while the client does not read its answers."""
        self._answers_unread = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Part of asyncio's interface."""
        self._answers_unread = False
        self._answer_requests()
        if self._transport is not None and not self._answers_unread:
            self._transport.resume_reading()

    def cut(self) -> None:
        """Abort the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _send(self, answer: HTTPAnswer, *, keep_alive: bool, is_head: bool = False) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(rendered(answer, self._server.clock.now(), keep_alive=keep_alive, is_head=is_head))
        if keep_alive:
            self._restart_timer()
        else:
            self._transport.close()

    def _restart_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(TIMEOUT_S, self.cut)

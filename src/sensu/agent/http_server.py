"""A small HTTP/1.1 server for the agent's local API: few connections, small bodies, little memory."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import cast

import httptools

from sensu.clock import Clock
from sensu.transport.http_pieces import first_piece

BODY_BYTES_MAX = 2 * 1024 * 1024
HEAD_BYTES_MAX = 32 * 1024
CONNECTIONS_MAX = 100
TIMEOUT_S = 15
PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with; `nosniff` marks errors."""

    status: int
    body: bytes = b""
    content_type: str = ""
    nosniff: bool = False


def error(status: int, why: str) -> Answer:
    """An error in plain text."""
    return Answer(status, why.encode() + b"\n", PLAIN, nosniff=True)


Handle = Callable[[str, str, bytes], Answer]
"""The answer to a method, path and body."""


TOO_LONG = error(431, "request header fields too large")
FOREIGN = error(403, "requests of web pages are not accepted (the Origin header is that of another server)")
"""A browser sends what any page asks it to, also to servers on its own host; programs send no Origin header."""


class _Refused(Exception):
    """A request is not parsed further."""


class HTTPServer:
    """Listens on one address."""

    def __init__(self, handle: Handle, clock: Clock) -> None:
        self.handle, self.clock = handle, clock
        self.connections: set[HTTPConnection] = set()
        self.own_origins: frozenset[str] = frozenset()
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> int:
        """Accept connections; returns the port. Raises OSError where the address cannot be had."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: HTTPConnection(self), host, port, backlog=128)
        bound = int(self._server.sockets[0].getsockname()[1])
        self.own_origins = frozenset(f"http://{own}:{bound}" for own in ("localhost", "127.0.0.1", "[::1]"))
        return bound

    async def close(self) -> None:
        """Stop listening and cut all connections."""
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
        self._parser = httptools.HttpRequestParser(self)
        self._url, self._body = b"", bytearray()
        self._head_bytes = 0
        self._unparsed = 0
        self._expects_continue = False
        self._refusal: Answer | None = None
        self._foreign = False
        self._held = b""
        self._unread = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's interface."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is none by inheritance
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
        self._held += data
        self._parse()

    def _parse(self) -> None:
        """Parse what arrived as long as the client takes its answers."""
        while self._held and not self._unread and self._transport is not None and not self._transport.is_closing():
            piece = first_piece(self._held)
            self._held = self._held[len(piece) :]
            try:
                self._parser.feed_data(piece)
                self._unparsed += len(piece)
                if self._unparsed > HEAD_BYTES_MAX:
                    self._refuse(TOO_LONG)
            except httptools.HttpParserUpgrade:
                self._send(error(400, "no upgrade here"), keep_alive=False)
            except (httptools.HttpParserError, _Refused):
                self._send(self._refusal or error(400, "400 Bad Request"), keep_alive=False)

    def pause_writing(self) -> None:
        """Part of asyncio's interface; a client that does not read its answers is asked for no more requests."""
        self._unread = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Part of asyncio's interface."""
        self._unread = False
        self._parse()
        if self._transport is not None and not self._unread:
            self._transport.resume_reading()

    def cut(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def on_message_begin(self) -> None:
        """Part of httptools' interface."""
        self._url, self._body, self._expects_continue = b"", bytearray(), False
        self._head_bytes, self._refusal, self._foreign = 0, None, False

    def on_url(self, url: bytes) -> None:
        """Part of httptools' interface."""
        self._count_head(len(url))
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Part of httptools' interface."""
        self._count_head(len(name) + len(value))
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self._expects_continue = True
        elif name == b"origin" and value.decode("latin-1") not in self._server.own_origins:
            self._foreign = True

    def on_chunk_header(self) -> None:
        """Part of httptools' interface."""
        self._unparsed = 0

    def on_headers_complete(self) -> None:
        """Part of httptools' interface."""
        if self._expects_continue and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Part of httptools' interface."""
        self._unparsed = 0
        self._body += body
        if len(self._body) > BODY_BYTES_MAX:
            self._refuse(error(413, "request body too large"))

    def on_message_complete(self) -> None:
        """Part of httptools' interface."""
        method = self._parser.get_method().decode("latin-1")
        path = self._url.partition(b"?")[0].decode("latin-1")
        self._unparsed = 0
        answer = FOREIGN if self._foreign else self._server.handle(method, path, bytes(self._body))
        self._send(answer, keep_alive=self._parser.should_keep_alive(), head=method == "HEAD")

    def _count_head(self, more_bytes: int) -> None:
        """Count bytes of the request line, the headers or the trailers of a request."""
        self._head_bytes += more_bytes
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(TOO_LONG)

    def _refuse(self, answer: Answer) -> None:
        """End parsing with an answer."""
        self._refusal = answer
        raise _Refused

    def _send(self, answer: Answer, *, keep_alive: bool, head: bool = False) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(render(answer, self._server.clock.now(), keep_alive=keep_alive, head=head))
        if keep_alive:
            self._restart_timer()
        else:
            self._transport.close()

    def _restart_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(TIMEOUT_S, self.cut)


def render(answer: Answer, now: float, *, keep_alive: bool, head: bool) -> bytes:
    """The bytes of an answer."""
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    if answer.content_type:
        lines.append(f"Content-Type: {answer.content_type}")
    if answer.nosniff:
        lines.append("X-Content-Type-Options: nosniff")
    lines.append(f"Date: {formatdate(now, usegmt=True)}")
    if not (head and not answer.body):
        lines.append(f"Content-Length: {len(answer.body)}")
    if not keep_alive:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (b"" if head else answer.body)

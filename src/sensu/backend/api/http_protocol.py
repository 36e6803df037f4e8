"""One connection of the HTTP API: uvicorn's HTTP protocol with limits on what it buffers for a client.

A client may send requests without waiting for responses (pipelining). While a request is being answered, only data that
arrived together with it is parsed; the rest waits unparsed, and the connection is not read until there is room. The
response to invalid HTTP is sent in order, after the responses to earlier requests.
"""

import asyncio
import logging
import re
from dataclasses import dataclass
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from sensu.backend.api.http_cycle import Cycle
from sensu.backend.listening import CONNECTIONS_MAX

logger = logging.getLogger(__name__)

HEAD_BYTES_MAX = 64 * 1024
"""Maximum bytes of a request before its body, and of its trailers; a larger request is answered with 431."""
READ_BYTES_MAX = 16 * 1024
"""The maximum read from a connection at once. At most twice as much waits unparsed."""
LINGER_S = 0.5
"""How long data from a client is discarded after its request was refused."""
PIECE_BYTES = 512
"""The amount of data parsed at once if it may contain several requests."""

_UNKNOWN_METHOD = re.compile(rb"^(?!(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) )[A-Z]+ /", re.MULTILINE)


def _answer(status: bytes, text: bytes = b"", *headers: bytes) -> bytes:
    lines = (b"HTTP/1.1 " + status, *headers, b"content-length: %d" % len(text), b"connection: close")
    return b"\r\n".join(lines) + b"\r\n\r\n" + text


_PLAIN = b"content-type: text/plain; charset=utf-8"
INVALID = _answer(b"400 Bad Request", b"Invalid HTTP request received.", _PLAIN)
HOST_PROBLEM = _answer(b"400 Bad Request")
METHOD_NOT_ALLOWED = _answer(b"405 Method Not Allowed")
HEAD_TOO_LARGE = _answer(b"431 Request Header Fields Too Large")
FULL = _answer(b"503 Service Unavailable", b"", b"retry-after: 1")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take to arrive, a client to read its answer, and to send the next one, in seconds."""

    read_timeout_s: float
    write_timeout_s: float
    idle_timeout_s: float


class _Flow(FlowControl):
    """Pauses and resumes a connection. While `holds` is true, nothing resumes it."""

    holds = False

    def resume_reading(self) -> None:
        if not self.holds:
            super().resume_reading()


class _Refused(Exception):
    """The rest of a request is not parsed."""


class HttpProtocol(HttpToolsProtocol):
    """Parses requests and answers them in order."""

    connections_max = CONNECTIONS_MAX
    reading_since: float | None = None
    blocked_since: float | None = None
    idle_since: float | None = None
    active: RequestResponseCycle | None = None
    flow: _Flow

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Part of asyncio's interface."""
        super().connection_made(transport)
        self.flow = _Flow(transport)
        self._held = b""
        self._refusal: bytes | None = None
        self._head_bytes = 0
        self._head_complete = False
        self.reading_since = self.loop.time()
        if len(self.connections) > self.connections_max:
            transport.write(FULL)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio's interface; requests in progress are notified that the client has disconnected."""
        super().connection_lost(exc)
        self.pipeline.clear()
        self._held = b""
        if self.active is not None and not self.active.response_complete:
            self.active.disconnected = True
            self.active.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's interface."""
        self.idle_since = None
        if self._refusal is not None or self.transport.is_closing():
            return
        if self._held:
            self._held += data
        else:
            self._parse(data)

    def _parse(self, data: bytes) -> None:
        """Parse data while requests can be accepted, and keep the rest."""
        while data:
            if self.pipeline:
                self._held, self.flow.holds = data, True
                self.flow.pause_reading()
                return
            piece = first_piece(data)
            rest = self._feed(piece)
            if self._refusal is not None:
                return
            data = rest + data[len(piece) :]

    def _feed(self, piece: bytes) -> bytes:
        """Parse a piece. Returns the data after a request to upgrade, which is answered like any other request."""
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            logger.debug("ignored a request to upgrade the connection")
            return piece[upgrade.args[0] :]
        except httptools.HttpParserInvalidMethodError:
            self._refuse(METHOD_NOT_ALLOWED if _UNKNOWN_METHOD.search(piece) else INVALID)
        except httptools.HttpParserCallbackError as err:
            self._refuse(err.__context__.args[0] if isinstance(err.__context__, _Refused) else INVALID)
        except httptools.HttpParserError:
            self._refuse(INVALID)
        else:
            self._head_bytes += len(piece)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse(HEAD_TOO_LARGE)
        return b""

    def _refuse(self, answer: bytes) -> None:
        """Stop reading, and close the connection with a response after those to earlier requests."""
        logger.debug("refused a request that is not valid HTTP")
        self._refusal = answer
        if self.pipeline and self.pipeline[0][0].more_body:
            self.pipeline.popleft()
        if self.active is None or self.active.response_complete:
            self._end()
        elif self.active.more_body:  # of the request that is refused
            self._end(silently=self.active.response_started)

    def _end(self, *, silently: bool = False) -> None:
        """Close after the client had time to read the response: closing a connection with unread data would lose it."""
        if silently or self._refusal is None or self.transport.is_closing():
            self.transport.close()
            return
        self.transport.write(self._refusal)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.holds = False
        self.flow.resume_reading()
        self.loop.call_later(LINGER_S, self.transport.close)

    def on_message_begin(self) -> None:
        """Part of httptools' interface."""
        super().on_message_begin()
        self.reading_since = self.loop.time()
        self._head_bytes, self._head_complete = 0, False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Part of httptools' interface; trailers are ignored."""
        if not self._head_complete:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Part of httptools' interface."""
        self._head_bytes, self._head_complete = 0, True
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (not hosts and self.parser.get_http_version() == "1.1"):  # RFC 9112, 3.2
            raise _Refused(HOST_PROBLEM)
        self.cycle = self._next_cycle()
        if self.active is None or self.active.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _next_cycle(self) -> Cycle:
        """The request whose head is complete."""
        version, url = self.parser.get_http_version(), httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        scope = self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = version
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"], scope["query_string"] = url.path, url.query or b""
        return Cycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )

    def on_body(self, body: bytes) -> None:
        """Part of httptools' interface."""
        self._head_bytes = 0
        super().on_body(body)

    def on_chunk_header(self) -> None:
        """Part of httptools' interface."""
        self._head_bytes = 0

    def on_message_complete(self) -> None:
        """Part of httptools' interface."""
        super().on_message_complete()
        self.reading_since = None
        self._head_bytes = 0

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: object) -> None:
        self.active = cycle
        super()._start_asgi_task(cycle, app)  # type: ignore[arg-type]

    def on_response_complete(self) -> None:
        """Part of uvicorn's interface: start the next request, or continue parsing."""
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self.idle_since = self.loop.time()
        if self._refusal is not None:
            if self.active is None or self.active.response_complete:
                self._end()
        elif self._held and not self.pipeline:
            data, self._held, self.flow.holds = self._held, b"", False
            self.idle_since = None
            if self.reading_since is not None:
                self.reading_since = self.loop.time()
            self.flow.resume_reading()
            self._parse(data)

    def pause_writing(self) -> None:
        """Part of asyncio's interface."""
        super().pause_writing()
        self.blocked_since = self.loop.time()

    def resume_writing(self) -> None:
        """Part of asyncio's interface."""
        super().resume_writing()
        self.blocked_since = None

    def is_late(self, now: float, patience: Patience) -> bool:
        """Whether the client took too long to send its request or the next one, or to read its answer."""
        waits = self.reading_since is not None and not self.flow.holds
        reading = waits and now - (self.reading_since or now) > patience.read_timeout_s
        blocked = self.blocked_since is not None and now - self.blocked_since > patience.write_timeout_s
        idle = self.idle_since is not None and now - self.idle_since > patience.idle_timeout_s
        return reading or blocked or idle


def first_piece(data: bytes) -> bytes:
    """The data to parse at once: all of it, unless it may contain several requests."""
    if len(data) > PIECE_BYTES and data.count(b"\n\r\n") + data.count(b"\n\n") > 1:
        return data[:PIECE_BYTES]
    return data


class BoundedReads(asyncio.BufferedProtocol):
    """Makes a protocol read small pieces, through a buffer that all connections of a loop share."""

    def __init__(self, protocol: HttpProtocol, buffer: memoryview) -> None:
        self._protocol = protocol
        self._buffer = buffer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's interface."""
        self._protocol.connection_made(transport)  # type: ignore[arg-type]

    def get_buffer(self, sizehint: int) -> memoryview:
        """Part of asyncio's interface."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Part of asyncio's interface."""
        self._protocol.data_received(bytes(self._buffer[:nbytes]))

    def eof_received(self) -> None:
        """Part of asyncio's interface."""
        self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio's interface."""
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """Part of asyncio's interface."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Part of asyncio's interface."""
        self._protocol.resume_writing()

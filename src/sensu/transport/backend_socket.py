"""The backend's side of the agents' port: answers HTTP requests, and upgrades accepted connections to WebSockets.

A connection starts as `_HTTPConnection`, which parses requests and calls `decide` for each. Refused requests leave the
connection open for the next one. An accepted upgrade hands the connection over to picows, which parses frames in C and
passes messages directly to the session, without a task or queue in between.
"""

import asyncio
import contextlib
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast

import msgspec
import picows
from picows.picows import WSProtocol  # type: ignore[attr-defined]

from sensu import open_files
from sensu.clock import Clock
from sensu.transport import frames, handshake, http1
from sensu.transport.http1 import Headers, HTTPAnswer, HTTPRequest, RequestParser
from sensu.transport.tls_acceptor import TLSAcceptor
from sensu.transport.websocket import PROTOCOL_ERROR, Closed, MessageListener, silent_logger

BACKLOG = 1024
"""How many connections the kernel queues before they are accepted."""


@dataclass(frozen=True, slots=True)
class ListenerLimits:
    """The limits of the port.

    An agent is disconnected if it reads nothing for `write_timeout_s` while data waits for it, or if more than
    `backlog_bytes_max` wait. `http_connections_max` bounds the connections that are not upgraded (yet), which also use
    at most a quarter of the files that the process may open; further connections are closed immediately.
    """

    handshake_timeout_s: float = 15.0
    write_timeout_s: float = 15.0
    backlog_bytes_max: int = 1024 * 1024
    message_bytes_max: int = frames.FRAME_BYTES_MAX
    http_connections_max: int = 10_000
    read_buffer_bytes: int = 4096


class Session(Protocol):
    """Handles one agent connection; its methods must not raise."""

    def connected(self, connection: "AgentConnection") -> None:
        """The 101 answer is sent; messages may be sent from now on."""
        ...

    def received(self, data: bytes) -> None:
        """A whole message arrived."""
        ...

    def ended(self, closed: Closed) -> None:
        """The connection has ended; called once."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted upgrade: additional headers of the answer, and the session for the connection."""

    headers: Headers
    session: Session


Decide = Callable[[HTTPRequest], Awaitable[Accepted | HTTPAnswer]]


class AgentConnection(MessageListener):
    """A connected agent."""

    def __init__(self, session: Session, limits: ListenerLimits, gone: Callable[["AgentConnection"], object]) -> None:
        super().__init__(limits.message_bytes_max)
        self._session = session
        self._limits = limits
        self._gone = gone
        self._stalled: asyncio.TimerHandle | None = None
        self._session_pauses = False
        # Frames pass messages directly to the session, which saves a call per message.
        self.received = session.received  # type: ignore[method-assign]

    def send(self, message: bytes) -> bool:
        """Send a message made by `frames.build`; returns False if the connection has ended or the agent is too slow."""
        transport = self._transport
        if transport is None or self.closed is not None:
            return False
        if self.backlog_bytes > self._limits.backlog_bytes_max:
            self.cut("the agent reads too slowly")
            return False
        transport.send(picows.WSMsgType.BINARY, message)
        return True

    def pong(self, payload: bytes) -> None:
        """Send an unsolicited pong."""
        if self._transport is not None and self.closed is None:
            self._transport.send_pong(payload)

    def protocol_broken(self) -> None:
        """The agent violated the WebSocket protocol: stop reading while picows closes the connection."""
        if self.closed is None and self._transport is not None:
            self.closed = Closed(PROTOCOL_ERROR, "the agent broke the WebSocket protocol", by_peer=False)
            self._transport.underlying_transport.pause_reading()

    def pause_reading(self) -> None:
        """Stop reading from the agent; messages that are already read still arrive."""
        self._session_pauses = True
        if self._transport is not None and self.closed is None:
            self._transport.underlying_transport.pause_reading()

    def resume_reading(self) -> None:
        """Continue reading, but not before the agent has read what waits for it."""
        self._session_pauses = False
        if self._transport is not None and self._stalled is None:
            self._transport.underlying_transport.resume_reading()

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        """Part of picows' interface."""
        super().on_ws_connected(transport)
        self._session.connected(self)

    def ended(self, closed: Closed) -> None:
        """The connection has ended."""
        self.resume_writing()
        self._gone(self)
        self._session.ended(closed)

    def pause_writing(self) -> None:
        """Part of picows' interface; also stops reading, so that an agent cannot request more answers."""
        loop = asyncio.get_running_loop()
        self._stalled = loop.call_later(self._limits.write_timeout_s, self.cut, "the agent does not read")
        if self._transport is not None:
            self._transport.underlying_transport.pause_reading()

    def resume_writing(self) -> None:
        """Part of picows' interface."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        if self._transport is not None and self.closed is None and not self._session_pauses:
            self._transport.underlying_transport.resume_reading()


class AgentListener:
    """The listening port. `decide` is called for each request, one request per connection at a time."""

    def __init__(self, decide: Decide, clock: Clock, limits: ListenerLimits | None = None) -> None:
        self.decide = decide
        self.clock = clock
        self.limits = limits or ListenerLimits()
        self.http_connections: set[_HTTPConnection] = set()
        self.connections: set[AgentConnection] = set()
        self.port = 0
        self.http_connections_max, self.connections_max = self.limits.http_connections_max, sys.maxsize
        self._server: asyncio.Server | TLSAcceptor | None = None
        self._all_gone = asyncio.Event()

    async def start(
        self, host: str, port: int, ssl_context: ssl.SSLContext | None = None, *, shares_port: bool = False
    ) -> None:
        """Listen, with `shares_port` together with other processes; raises OSError if the address cannot be used.

        Port 0 selects a free port; an empty host or `::` means all addresses, IPv6 and IPv4.
        """
        loop = asyncio.get_running_loop()
        sock = listening_socket(host, port, shares_port=shares_port)
        self.port = int(sock.getsockname()[1])
        files_max = open_files.limit()
        self.http_connections_max = min(self.limits.http_connections_max, files_max // 4)
        self.connections_max = files_max * 3 // 4
        if ssl_context is None:
            self._server = await loop.create_server(lambda: _HTTPConnection(self), sock=sock, backlog=BACKLOG)
            return
        self._server = TLSAcceptor(
            sock,
            ssl_context,
            lambda: _HTTPConnection(self),
            backlog=BACKLOG,
            handshake_timeout_s=self.limits.handshake_timeout_s,
            pending_max=self.http_connections_max,
        )
        self._server.start()

    def has_room(self) -> bool:
        """Whether a connection can be accepted: the API needs a share of the files that the process may open."""
        pending = self._server.pending if isinstance(self._server, TLSAcceptor) else 0
        http_connections = len(self.http_connections) + pending
        return (
            len(self.http_connections) < self.http_connections_max
            and http_connections + len(self.connections) < self.connections_max
        )

    async def stop(self) -> None:
        """Stop listening, abort all connections and wait until their sessions have ended.

        Agents see the connection end without a close frame. Source: recorded scenario close-by-backend.
        """
        if self._server is None:
            return
        self._server.close()
        self._forget(None)
        for pending in list(self.http_connections):
            pending.shut()
        for connection in list(self.connections):
            connection.cut("the backend stops")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.limits.write_timeout_s):
                await self._server.wait_closed()
                await self._all_gone.wait()
        self._server, self.port = None, 0

    def admit(self, session: Session) -> AgentConnection:
        """Create the connection of an accepted session; it is counted until it ends."""
        connection = AgentConnection(session, self.limits, self._forget)
        self.connections.add(connection)
        self._all_gone.clear()
        return connection

    def _forget(self, connection: AgentConnection | None) -> None:
        if connection is not None:
            self.connections.discard(connection)
        if not self.connections:
            self._all_gone.set()


def listening_socket(host: str, port: int, *, shares_port: bool = False) -> socket.socket:
    """A listening socket that accepts IPv6 and IPv4: asyncio's own sockets for `::` do not accept IPv4.

    With `shares_port`, several processes can listen on the port; the kernel distributes connections among them.
    """
    create = partial(socket.create_server, backlog=BACKLOG, reuse_port=shares_port)
    if host not in ("", "::"):
        return create((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    if socket.has_dualstack_ipv6():
        with contextlib.suppress(OSError):
            return create(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return create(("", port))


_TOO_LONG = http1.error(431, "request header too large")
_MALFORMED = http1.error(400, "malformed request")


class _HTTPConnection(asyncio.Protocol):
    """A connection that is not upgraded (yet)."""

    def __init__(self, listener: AgentListener) -> None:
        self._listener = listener
        self._parser = RequestParser()
        self._transport: asyncio.Transport | None = None
        self._deciding: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._unread = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's interface."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports do not inherit from it
        if not self._listener.has_room():
            self._transport.abort()
            return
        self._listener.http_connections.add(self)
        _keep_alive(self._transport)
        self._restart_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio's interface."""
        self._leave()
        if self._deciding is not None:
            self._deciding.cancel()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's interface."""
        self._parser.add(data)
        if self._deciding is None and not self._unread:
            self._next_request()
        elif self._parser.unparsed_bytes > http1.HEAD_BYTES_MAX:
            self.shut()  # agents send nothing before the answer

    def pause_writing(self) -> None:
        """Part of asyncio's interface; requests wait while the client does not read its answers."""
        self._unread = True

    def resume_writing(self) -> None:
        """Part of asyncio's interface."""
        self._unread = False
        if self._deciding is None and self._transport is not None and not self._transport.is_closing():
            self._next_request()

    def shut(self) -> None:
        """Abort the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _next_request(self) -> None:
        request = self._parser.next()
        if request is None:
            return
        if isinstance(request, http1.ParseProblem):
            self._answer(_TOO_LONG if request is http1.ParseProblem.HEAD_TOO_LARGE else _MALFORMED, keep=False)
        elif self._parser.unparsed_bytes > http1.HEAD_BYTES_MAX:
            self.shut()
        else:
            self._stop_timer()
            request = msgspec.structs.replace(
                request, certificate=_verified_certificate(self._transport), address=_address(self._transport)
            )
            self._deciding = asyncio.get_running_loop().create_task(self._decide(request))

    async def _decide(self, request: HTTPRequest) -> None:
        decision = await self._listener.decide(request)
        transport = self._transport
        self._deciding = None
        if transport is None or transport.is_closing():
            return
        if isinstance(decision, Accepted):
            self._leave()
            _hand_over(self._listener, transport, request, decision, self._parser.rest())
            return
        keep = request.keep_alive and not request.has_body
        self._answer(decision, keep=keep, is_head=request.method == "HEAD")
        if not transport.is_closing() and not self._unread:
            self._next_request()

    def _answer(self, answer: HTTPAnswer, *, keep: bool, is_head: bool = False) -> None:
        if self._transport is None:
            return
        keep = keep and not answer.until_close
        now = self._listener.clock.now()
        self._transport.write(http1.rendered(answer, now, keep_alive=keep, is_head=is_head))
        if keep:
            self._restart_timer()
        else:
            self._transport.close()

    def _leave(self) -> None:
        self._listener.http_connections.discard(self)
        self._stop_timer()

    def _restart_timer(self) -> None:
        self._stop_timer()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._listener.limits.handshake_timeout_s, self.shut)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _verified_certificate(transport: asyncio.Transport | None) -> bytes:
    """The client's certificate in DER form, empty without one; the TLS handshake fails for an untrusted one."""
    tls = transport.get_extra_info("ssl_object") if transport is not None else None
    return (tls.getpeercert(binary_form=True) or b"") if tls is not None else b""


def _address(transport: asyncio.Transport | None) -> str:
    """The client's network address, IPv4 addresses in their own form; empty if unknown."""
    peer = transport.get_extra_info("peername") if transport is not None else None
    address = str(peer[0]) if peer else ""
    return address.removeprefix("::ffff:") if "." in address else address


def _keep_alive(transport: asyncio.Transport) -> None:
    """Make the kernel detect hosts that disappeared: in this protocol agents send pings, not the backend."""
    sock = transport.get_extra_info("socket")
    if sock is None:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)


_PLAIN_UPGRADE = (
    b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
"""The request that picows gets instead of the agent's, which is already checked and answered here."""


class _Rendered(picows.WSUpgradeResponse):
    """A 101 answer with prepared bytes."""

    __slots__ = ("rendered",)
    rendered: bytes

    def to_bytes(self) -> bytearray:
        """The bytes that picows sends."""
        return bytearray(self.rendered)


def _hand_over(
    listener: AgentListener, transport: asyncio.Transport, request: HTTPRequest, decision: Accepted, early: bytes
) -> None:
    """Turn the connection into a WebSocket; `early` are bytes that the agent sent after its request."""
    connection = listener.admit(decision.session)
    answer = _Rendered()
    fresh = picows.WSUpgradeResponse.create_101_response()
    answer.version, answer.status, answer.headers, answer.body = fresh.version, fresh.status, fresh.headers, None
    answer.rendered = handshake.render_upgrade(request.header("sec-websocket-key"), decision.headers)
    protocol = _websocket_protocol(listener.limits, picows.WSUpgradeResponseWithListener(answer, connection))
    transport.pause_reading()
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    _feed(protocol, _PLAIN_UPGRADE)
    _feed(protocol, early)
    transport.resume_reading()


READ_BYTES_MAX = 16 * 1024
"""How much is read at once; without a bound picows doubles its buffer while an agent sends at full speed."""


class _WebSocketProtocol(WSProtocol):  # type: ignore[misc]
    """picows' protocol with a read buffer that stays small."""

    def get_buffer(self, size_hint: int) -> memoryview:
        """Part of asyncio's interface."""
        buffer: memoryview = super().get_buffer(size_hint)
        if self.transport.is_close_frame_sent and self.listener.closed is None:
            asyncio.get_running_loop().call_soon(self.listener.protocol_broken)
        return buffer[:READ_BYTES_MAX]


def _websocket_protocol(
    limits: ListenerLimits, answer: picows.WSUpgradeResponseWithListener
) -> asyncio.BufferedProtocol:
    protocol: asyncio.BufferedProtocol = _WebSocketProtocol(
        None,  # host and port: for clients
        None,  # path: for clients
        False,  # is_client_side
        lambda _request: answer,
        silent_logger,
        True,  # disconnect_on_exception
        None,  # handshake time-out: enforced before
        False,  # enable_auto_ping: agents ping
        1.0,
        1.0,
        picows.WSAutoPingStrategy.PING_WHEN_IDLE,
        True,  # enable_auto_pong
        limits.message_bytes_max,
        None,  # extra headers: for clients
        limits.read_buffer_bytes,
    )
    return protocol


def _feed(protocol: asyncio.BufferedProtocol, data: bytes) -> None:
    while data:
        buffer = protocol.get_buffer(len(data))
        taken = min(len(buffer), len(data))  # type: ignore[arg-type]
        memoryview(buffer)[:taken] = data[:taken]
        protocol.buffer_updated(taken)
        data = data[taken:]

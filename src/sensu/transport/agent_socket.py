"""The agent's side of the connection to a backend: connects, keeps it alive, sends and yields messages.

Use:

    match await connect(url, agent_headers(...), ssl_context=context):
        case AgentSocket() as socket:
            socket.send(frames.build("keepalive", payload))
            async for message in socket:       # ends when the connection does
                ...
            socket.closed                      # why
        case HandshakeRefused(status=429): ...
        case Unreachable(why): ...
"""

import asyncio
import ssl
import urllib.request
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import picows

from sensu.transport import acknowledgement, frames
from sensu.transport.acknowledgement import Extensions
from sensu.transport.handshake import Agreement, agent_agreement
from sensu.transport.websocket import ABNORMAL, GOING_AWAY, Closed, MessageListener, silent_logger

DEFAULT_PORT = 8081


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """The limits of one connection."""

    handshake_timeout_s: float = 15.0
    heartbeat_interval_s: float = 30.0
    heartbeat_timeout_s: float = 45.0
    message_bytes_max: int = frames.FRAME_BYTES_MAX
    backlog_bytes_max: int = 1024 * 1024
    messages_waiting_max: int = 100


@dataclass(frozen=True, slots=True)
class HandshakeRefused:
    """A backend refused the handshake; `body` is the start of its answer."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No backend answered; `why` is a text for the log, `error` the exception."""

    why: str
    error: Exception | None = None


class AgentSocket(MessageListener):
    """An established connection. Made by `connect`; iterate over it once for the messages of the backend.

    `agreement` is the result of the handshake, `speaks` applies to the next message to send, and `hears` to the message
    that the iteration yielded last.
    """

    def __init__(self, limits: SocketLimits, agreement: Agreement, wanted: Extensions | None = None) -> None:
        """`wanted` is what to request from a backend that offers extensions."""
        super().__init__(limits.message_bytes_max)
        self.agreement = self.speaks = self.hears = agreement
        self._wanted = wanted
        self._limits = limits
        self._messages: deque[frames.Message] = deque()
        self._arrival: asyncio.Future[None] | None = None
        self._reading_paused = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._gone = asyncio.Event()
        self._beat: asyncio.TimerHandle | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def send(self, message: bytes) -> bool:
        """Send a message made by `frames.build`; returns False without sending if the connection has ended or is full.

        If it is full, wait for `writable` and try again.
        """
        if self._transport is None or self.closed is not None or self.backlog_bytes > self._limits.backlog_bytes_max:
            return False
        self._transport.send(picows.WSMsgType.BINARY, message)
        return True

    def ask(self, wanted: Extensions) -> None:
        """Request extensions from the backend, once; all later messages use the new `speaks`.

        The message is sent even if the connection is full: it is small and sent once.
        """
        if self._transport is not None and self.closed is None and not self.speaks.acknowledged:
            message = acknowledgement.request(wanted)
            self._transport.send(picows.WSMsgType.BINARY, frames.build(*message))
            self.speaks = acknowledgement.following(self.speaks, message)

    async def writable(self) -> None:
        """Wait until there is room to send, or the connection has ended."""
        await self._writable.wait()

    def close(self, code: int = GOING_AWAY, reason: str = "bye") -> None:
        """Start the close handshake; `wait_closed` returns within a second."""
        super().close(code, reason)

    async def wait_closed(self) -> Closed:
        """Wait for the end of the connection and return how it ended."""
        await self._gone.wait()
        return self.closed or Closed(ABNORMAL, "", by_peer=True)

    def __aiter__(self) -> AsyncIterator[frames.Message]:
        return self

    async def __anext__(self) -> frames.Message:
        """The next message of the backend; StopAsyncIteration when the connection has ended and all are read."""
        while not self._messages:
            if self._gone.is_set():
                raise StopAsyncIteration
            self._arrival = asyncio.get_running_loop().create_future()
            try:
                await self._arrival
            finally:
                self._arrival = None
        message = self._messages.popleft()
        if self.speaks.acknowledged:
            self.hears = acknowledgement.following(self.hears, message)
        if self._reading_paused and len(self._messages) <= self._limits.messages_waiting_max // 2:
            self._pause_reading(False)
        return message

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        """Part of picows' interface."""
        super().on_ws_connected(transport)
        self._schedule_beat()
        self._restart_deadline()

    def received(self, data: bytes) -> None:
        """Queue a message of the backend; a message without a newline ends the session.

        Source: recorded scenario agent-no-newline-frame.
        """
        message = frames.parse(data)
        if message is None:
            self.close()
            return
        self._messages.append(message)
        if len(self._messages) >= self._limits.messages_waiting_max:
            self._pause_reading(True)
        self._wake()

    def ended(self, closed: Closed) -> None:
        """The connection has ended."""
        for timer in (self._beat, self._deadline):
            if timer is not None:
                timer.cancel()
        self._beat = self._deadline = None
        self._gone.set()
        self._writable.set()
        self._wake()

    def ponged(self, payload: bytes) -> None:
        """The backend is alive; only pongs count. Source: recorded scenario agent-pings-unanswered."""
        self._restart_deadline()
        if payload == acknowledgement.OFFER and self._wanted is not None:
            self.ask(self._wanted)
            self._wanted = None

    def _restart_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._limits.heartbeat_timeout_s, self.cut, "no answer to heartbeats")

    def pause_writing(self) -> None:
        """Part of picows' interface."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Part of picows' interface."""
        self._writable.set()

    def _schedule_beat(self) -> None:
        loop = asyncio.get_running_loop()
        self._beat = loop.call_later(self._limits.heartbeat_interval_s, self._ping)

    def _ping(self) -> None:
        if self._transport is not None:
            self._transport.send_ping()
            self._schedule_beat()

    def _pause_reading(self, paused: bool) -> None:
        if self._transport is None or paused == self._reading_paused:
            return
        self._reading_paused = paused
        underlying = self._transport.underlying_transport
        if paused:
            underlying.pause_reading()
        else:
            underlying.resume_reading()

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)


async def connect(
    url: str,
    headers: Sequence[tuple[str, str]],
    *,
    ssl_context: ssl.SSLContext | None = None,
    limits: SocketLimits | None = None,
    wanted: Extensions | None = None,
) -> AgentSocket | HandshakeRefused | Unreachable:
    """Connect to the backend at `url` (ws or wss, default port 8081); returns the connection, or why it failed.

    `headers` are those of `handshake.agent_headers`; `wanted` is requested from a backend that offers extensions.
    Proxies are taken from HTTP_PROXY, HTTPS_PROXY and NO_PROXY. `ssl_context` is for wss URLs; without it, the system's
    certificate authorities are trusted.
    """
    limits = limits or SocketLimits()
    target = with_port(url)
    try:
        async with asyncio.timeout(limits.handshake_timeout_s):
            _, listener = await picows.ws_connect(
                partial(_listener, limits, headers, wanted),
                target,
                ssl_context=ssl_context,
                websocket_handshake_timeout=limits.handshake_timeout_s,
                logger_name=silent_logger,
                max_frame_size=limits.message_bytes_max,
                extra_headers=headers,
                max_redirects=0,
                proxy=proxy_for(target),
                read_buffer_init_size=4096,
            )
    except picows.WSInvalidStatusError as err:
        return _refusal(err)
    except (OSError, TimeoutError, ValueError, picows.WSError, ssl.SSLError) as err:
        return Unreachable(str(err) or type(err).__name__, err)
    if not isinstance(listener, AgentSocket):
        return Unreachable("the connection ended during the handshake", ConnectionResetError())
    return listener


def _listener(
    limits: SocketLimits,
    asked: Sequence[tuple[str, str]],
    wanted: Extensions | None,
    _request: picows.WSUpgradeRequest,
    response: picows.WSUpgradeResponse,
) -> AgentSocket:
    return AgentSocket(limits, agent_agreement(asked, list(response.headers.items())), wanted)


def _refusal(err: picows.WSHandshakeError) -> HandshakeRefused | Unreachable:
    if err.response is None:
        return Unreachable(str(err), err)
    body = (err.raw_body or b"")[:500].decode("utf-8", "replace").strip()
    return HandshakeRefused(int(err.response.status), body)


def with_port(url: str) -> str:
    """The URL with the default port if it has none."""
    parts = urlsplit(url)
    if parts.port is not None:
        return url
    return parts._replace(netloc=f"{parts.netloc}:{DEFAULT_PORT}").geturl()


def proxy_for(url: str) -> str | None:
    """The proxy from the environment for a ws or wss URL, or None."""
    parts = urlsplit(url)
    proxies = urllib.request.getproxies_environment()
    proxy = proxies.get("https" if parts.scheme == "wss" else "http")
    if not proxy or _is_bypassed(parts.netloc.rpartition("@")[2], proxies.get("no", "")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_bypassed(host_and_port: str, no_proxy: str) -> bool:
    """Whether NO_PROXY matches the host, its domain, the host with its port, or everything."""
    host = host_and_port.rpartition(":")[0].lower()
    for entry in (word.strip().lower() for word in no_proxy.split(",")):
        name = entry.lstrip("*").lstrip(".")
        if entry == "*" or (name and (name in (host, host_and_port) or host.endswith("." + name))):
            return True
    return host in ("localhost", "127.0.0.1", "[::1]")

"""A TCP connection that events are written to, with or without TLS; what the peer sends is discarded.

Uses a plain socket, because a stream of asyncio does not say when the kernel has all bytes, nor when the peer has them.
"""

import asyncio
import contextlib
import fcntl
import socket
import ssl
import struct
import sys
import termios
from collections.abc import Callable
from typing import NamedTuple

from sensu.backend.pipelined.steps.handlers.sockets import addresses
from sensu.resources.handler import HandlerSocket

CONNECT_S = 10.0
"""The time limit for a connection, from the look-up of the host to the end of the TLS handshake."""
PROGRESS_S = 5.0
"""A connection that makes no progress for this time is given up."""
TICKET_S = 1.0
"""With TLS 1.3, how long to wait for the peer's answer to the handshake, because it may still refuse the client."""
CHUNK_BYTES = 65_536
READ_BYTES = 16_384
POLL_S, POLL_MAX_S = 0.0005, 0.02
"""The pauses between questions whether the peer has acknowledged everything."""
_OPEN_STATES = (1, 8)
"""ESTABLISHED and CLOSE_WAIT. Source: Linux, include/net/tcp_states.h."""
_TLS_1_3 = "TLSv1.3"


class StreamTarget(NamedTuple):
    """Where a connection leads; `context` makes the TLS context of a connection, None without TLS."""

    host: str
    port: int
    context: Callable[[], ssl.SSLContext] | None = None


class _Encryption:
    """TLS between the bytes of events and those of the socket."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.layer = context.wrap_bio(self.incoming, self.outgoing, server_hostname=host)

    def shakes_hands(self) -> bool:
        """Whether the handshake needs more bytes from the peer; raises OSError."""
        try:
            self.layer.do_handshake()
        except ssl.SSLWantReadError:
            return True
        return False

    def discard(self, data: bytes) -> bool:
        """Take bytes from the socket; whether the peer goes on. Raises OSError for what is not TLS, and for alerts."""
        self.incoming.write(data)
        with contextlib.suppress(ssl.SSLWantReadError):
            while self.layer.read(READ_BYTES):
                pass
            return False
        return True


class StreamConnection:
    """An open connection; `lost` says why it cannot be used any more."""

    def __init__(self, open_socket: socket.socket, encryption: _Encryption | None) -> None:
        self._socket, self._encryption = open_socket, encryption
        self._writing = asyncio.Lock()
        self._heard = asyncio.Event()
        self._on_loss: Callable[[], None] = lambda: None
        self._reading: asyncio.Task[None] | None = None
        self.lost = ""
        self.proven = False

    @classmethod
    async def open(cls, target: StreamTarget) -> "StreamConnection":
        """A new connection; raises OSError."""
        try:
            async with asyncio.timeout(CONNECT_S):
                context = None if target.context is None else await asyncio.to_thread(target.context)
                connected = await _connected(target)
                try:
                    return await cls._begun(connected, context, target.host)
                except BaseException:
                    connected.close()
                    raise
        except TimeoutError as err:
            raise OSError(f"no connection within {CONNECT_S:g} s") from err

    @classmethod
    async def _begun(cls, connected: socket.socket, context: ssl.SSLContext | None, host: str) -> "StreamConnection":
        encryption = None if context is None else _Encryption(context, host)
        connection = cls(connected, encryption)
        if encryption is not None:
            await connection._shake_hands(encryption)
        connection._reading = asyncio.create_task(connection._discard())
        if encryption is not None and encryption.layer.version() == _TLS_1_3:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICKET_S):
                    await connection._heard.wait()
            if connection.lost:
                raise OSError(connection.lost)
        return connection

    async def _shake_hands(self, encryption: _Encryption) -> None:
        loop = asyncio.get_running_loop()
        while encryption.shakes_hands():
            await self._flush(encryption)
            data = await loop.sock_recv(self._socket, READ_BYTES)
            if not data:
                raise OSError("the peer closed the connection during the TLS handshake")
            encryption.incoming.write(data)
        await self._flush(encryption)

    async def _flush(self, encryption: _Encryption) -> None:
        async with self._writing:
            data = encryption.outgoing.read()
            if data:
                await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def _discard(self) -> None:
        """Read until the connection ends, so that its end is known before something is written."""
        loop = asyncio.get_running_loop()
        why = "the peer closed the connection"
        try:
            while data := await loop.sock_recv(self._socket, READ_BYTES):
                if self._encryption is not None:
                    if not self._encryption.discard(data):
                        break
                    await self._flush(self._encryption)
                self._heard.set()
        except OSError as err:
            why = str(err)
        self.lost = why
        self._heard.set()
        self._on_loss()

    def on_loss(self, call: Callable[[], None]) -> None:
        """Call a function when the connection is lost."""
        self._on_loss = call

    async def send(self, data: bytes) -> None:
        """Return when the peer's host has acknowledged all bytes; raises OSError."""
        for start in range(0, len(data), CHUNK_BYTES):
            try:
                async with asyncio.timeout(PROGRESS_S):
                    await self._write(memoryview(data)[start : start + CHUNK_BYTES])
            except TimeoutError as err:
                raise _stuck() from err
        if sys.platform == "linux":
            await self._acknowledged()
        self.proven = True

    async def _write(self, chunk: memoryview) -> None:
        if self.lost:
            raise OSError(self.lost)
        if self._encryption is None:
            await asyncio.get_running_loop().sock_sendall(self._socket, chunk)
        else:
            self._encryption.layer.write(chunk)
            await self._flush(self._encryption)

    async def _acknowledged(self) -> None:
        loop, pause_s, left = asyncio.get_running_loop(), 0.0, sys.maxsize
        since = loop.time()
        while count := _unacknowledged(self._socket):
            if self.lost:
                raise OSError(self.lost)
            if count < left:
                left, since = count, loop.time()
            elif loop.time() - since > PROGRESS_S:
                raise _stuck()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s or POLL_S, POLL_MAX_S)
        if self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] not in _OPEN_STATES:
            raise OSError(self.lost or "the connection was reset")

    def close(self) -> None:
        """Close the connection; what is not acknowledged may be lost."""
        if self._reading is None or self._reading.done():
            self._socket.close()
        else:
            self._reading.add_done_callback(lambda _: self._socket.close())
            self._reading.cancel()


def _stuck() -> OSError:
    return OSError(f"the peer took nothing for {PROGRESS_S:g} s")


def _unacknowledged(open_socket: socket.socket) -> int:
    """The bytes that the kernel keeps until the peer acknowledges them. Source: Linux, tcp(7), SIOCOUTQ."""
    found: int = struct.unpack("i", fcntl.ioctl(open_socket.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]
    return found


async def _connected(target: StreamTarget) -> socket.socket:
    loop, refused = asyncio.get_running_loop(), OSError("the host has no address")
    place = HandlerSocket(host=target.host, port=target.port)
    for family, _, _, _, address in await addresses(place, socket.SOCK_STREAM):
        connecting = socket.socket(family, socket.SOCK_STREAM)
        try:
            connecting.setblocking(False)
            connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connecting.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            await loop.sock_connect(connecting, address)
        except OSError as err:
            connecting.close()
            refused = err
        except BaseException:
            connecting.close()
            raise
        else:
            return connecting
    raise refused

"""Accepts TLS connections: how many are in their handshake is bounded, and plain HTTP gets an answer.

An event loop's own server counts a connection only after its TLS handshake, so that clients that never begin one could
use up all files of the process.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable

logger = logging.getLogger("sensu.transport")

ACCEPTED_AT_ONCE_MAX = 64
"""How many connections are taken before others get a turn."""
RETRY_S = 1.0
"""When connections are accepted again after it failed, as it does when all files are in use."""

_PLAIN_TEXT = b"Client sent an HTTP request to an HTTPS server.\n"
_PLAIN_ANSWER = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(_PLAIN_TEXT), _PLAIN_TEXT)
)
"""The answer to plain HTTP. Source: Go's net/http, which answers so."""
_LINGER_S = 0.5


class TLSAcceptor:
    """Serves a listening socket until it is closed."""

    def __init__(
        self,
        listener: socket.socket,
        context: ssl.SSLContext,
        new_protocol: Callable[[], asyncio.BaseProtocol],
        *,
        backlog: int,
        handshake_timeout_s: float,
        pending_max: int,
    ) -> None:
        """More than `pending_max` connections in their handshake are closed at once."""
        self._listener, self._context, self._new_protocol = listener, context, new_protocol
        self._backlog, self._handshake_timeout_s, self._pending_max = backlog, handshake_timeout_s, pending_max
        self._loop = asyncio.get_running_loop()
        self._pending: set[asyncio.Task[None]] = set()
        self._retry: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to accept connections; raises OSError where the address is in use."""
        self._listener.setblocking(False)
        self._listener.listen(self._backlog)
        self._loop.add_reader(self._listener, self._accept)

    @property
    def pending(self) -> int:
        """How many connections are in their handshake."""
        return len(self._pending)

    def close(self) -> None:
        """Accept no more, and drop what is in its handshake."""
        if self._listener.fileno() < 0:
            return
        if self._retry is not None:
            self._retry.cancel()
        self._loop.remove_reader(self._listener)
        self._listener.close()
        for task in self._pending:
            task.cancel()

    async def wait_closed(self) -> None:
        """Return when no handshake is under way; call `close` first."""
        if self._pending:
            await asyncio.wait(set(self._pending))

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE_MAX):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as err:
                logger.error("no connection can be accepted: %s", err)
                self._loop.remove_reader(self._listener)
                self._retry = self._loop.call_later(RETRY_S, self._loop.add_reader, self._listener, self._accept)
                return
            if len(self._pending) >= self._pending_max:
                connection.close()
                continue
            connection.setblocking(False)
            task = self._loop.create_task(self._admit(connection))
            self._pending.add(task)
            task.add_done_callback(self._pending.discard)

    async def _admit(self, connection: socket.socket) -> None:
        """Carry out the handshake; a connection that does not come through it is closed without a word in the log."""
        try:
            async with asyncio.timeout(self._handshake_timeout_s):
                if await self._speaks_http(connection):
                    await self._refuse(connection)
                    return
            await self._loop.connect_accepted_socket(
                self._new_protocol, connection, ssl=self._context, ssl_handshake_timeout=self._handshake_timeout_s
            )
        except (OSError, TimeoutError) as err:  # an ssl.SSLError is an OSError
            logger.debug("a TLS handshake failed: %s", err)
            connection.close()
        except BaseException:
            connection.close()
            raise

    async def _speaks_http(self, connection: socket.socket) -> bool:
        """Whether the first byte, which stays unread, begins a method; that of a TLS handshake is no letter."""
        readable = self._loop.create_future()
        self._loop.add_reader(connection, _set, readable)
        try:
            await readable
        finally:
            self._loop.remove_reader(connection)
        return connection.recv(1, socket.MSG_PEEK).isalpha()

    async def _refuse(self, connection: socket.socket) -> None:
        with connection:
            await self._loop.sock_sendall(connection, _PLAIN_ANSWER)
            connection.shutdown(socket.SHUT_WR)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LINGER_S):  # closing what is not read up would lose the answer
                    while await self._loop.sock_recv(connection, 4096):
                        pass


def _set(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)

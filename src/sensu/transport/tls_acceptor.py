"""Accepts TLS connections, with a bound on unfinished handshakes and an answer to plain HTTP requests.

The event loop's own server reports a connection only after its TLS handshake, so clients that never start one could use
up all files of the process.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable

logger = logging.getLogger("sensu.transport")

ACCEPTED_AT_ONCE_MAX = 64
"""How many connections are accepted before other work gets a turn."""
RETRY_S = 1.0
"""How long to wait after accepting failed, for example because all files are in use."""

_PLAIN_TEXT = b"Client sent an HTTP request to an HTTPS server.\n"
_PLAIN_ANSWER = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(_PLAIN_TEXT), _PLAIN_TEXT)
)
"""The answer to plain HTTP. Source: Go's net/http."""
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
        """More than `pending_max` connections in their handshake are closed immediately."""
        self._listener, self._context, self._new_protocol = listener, context, new_protocol
        self._backlog, self._handshake_timeout_s, self._pending_max = backlog, handshake_timeout_s, pending_max
        self._loop = asyncio.get_running_loop()
        self._pending: set[asyncio.Task[None]] = set()
        self._retry: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start accepting connections; raises OSError if the address is in use."""
        self._listener.setblocking(False)
        self._listener.listen(self._backlog)
        self._loop.add_reader(self._listener, self._accept)

    @property
    def pending(self) -> int:
        """How many connections are in their handshake."""
        return len(self._pending)

    def close(self) -> None:
        """Stop accepting, and drop connections in their handshake."""
        if self._listener.fileno() < 0:
            return
        if self._retry is not None:
            self._retry.cancel()
        self._loop.remove_reader(self._listener)
        self._listener.close()
        for task in self._pending:
            task.cancel()

    async def wait_closed(self) -> None:
        """Wait until no handshake is in progress; call `close` first."""
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
        """Perform the handshake; connections that fail are closed and logged at debug level only."""
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
        """Whether the client starts with a letter, as HTTP methods do and TLS does not; the byte stays unread."""
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
                async with asyncio.timeout(_LINGER_S):  # closing with unread data would lose the answer
                    while await self._loop.sock_recv(connection, 4096):
                        pass


def _set(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)

"""The server of the HTTP API: uvicorn's HTTP protocol on the backend's event loop, with timeouts."""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from email.utils import formatdate
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from sensu import open_files
from sensu.backend.api.http_protocol import READ_BYTES_MAX, BoundedReads, HttpProtocol, Patience
from sensu.backend.listening import ListenerSettings, bound_socket, tls_context
from sensu.clock import SystemClock
from sensu.transport.tls_acceptor import TLSAcceptor

logger = logging.getLogger(__name__)

BACKLOG = 2048
SWEEP_S = 1.0


class ApiServer:
    """Serves an ASGI application; `stopping` is called when it stops, to end responses that have no end."""

    def __init__(
        self,
        app: Any,
        settings: ListenerSettings,
        name: str = "API",
        stopping: Callable[[], None] = lambda: None,
    ) -> None:
        self._stopping = stopping
        self._settings = settings
        self._name = name
        self._config = Config(
            app,
            http=HttpProtocol,
            ws="none",
            lifespan="off",
            loop="none",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
        )
        self._state = ServerState()
        self._server: asyncio.Server | TLSAcceptor | None = None
        self._working: Sequence[asyncio.Task[None]] = ()
        self.port = settings.port

    async def start(self) -> None:
        """Accept connections. If the port in the settings is 0, `port` is the one that was chosen.

        Raises ConfigurationError if the address, the certificate or its key cannot be used.
        """
        context = tls_context(self._settings)
        self._config.load()
        listener = bound_socket(self._settings, self._name)
        self.port = listener.getsockname()[1]
        loop = asyncio.get_running_loop()

        connections_max = min(self._settings.connections_max, open_files.limit() // 2)

        buffer = memoryview(bytearray(READ_BYTES_MAX))

        def connected() -> BoundedReads:
            protocol = HttpProtocol(config=self._config, server_state=self._state, app_state={}, _loop=loop)
            protocol.connections_max = connections_max
            return BoundedReads(protocol, buffer)

        if context is None:
            self._server = await loop.create_server(connected, sock=listener, backlog=BACKLOG)
        else:
            self._server = TLSAcceptor(
                listener,
                context,
                connected,
                backlog=BACKLOG,
                handshake_timeout_s=self._settings.read_timeout_s,
                pending_max=connections_max // 2,
            )
            self._server.start()
        self._state.default_headers = [_date()]
        self._working = (
            loop.create_task(self._sweep(), name=f"{self._name} time-outs"),
            loop.create_task(self._tell_time(), name=f"{self._name} dates"),
        )
        logger.info("the %s listens on port %d", self._name, self.port)

    @property
    def connections(self) -> Collection[object]:
        """The open connections."""
        return self._state.connections

    async def stop(self) -> None:
        """Stop accepting connections, wait a while for running requests, then close the remaining connections."""
        if self._server is None:
            return
        self._server.close()
        self._stopping()
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=self._settings.stop_timeout_s)
        for task in list(self._state.tasks):
            task.cancel()
        for connection in list(self._state.connections):
            connection.transport.abort()
        await self._server.wait_closed()
        self._server = None

    async def _tell_time(self) -> None:
        """Keep the Date header of the answers right, to the second (RFC 9110, 6.6.1)."""
        while True:
            await asyncio.sleep(1 - SystemClock().now() % 1)
            self._state.default_headers = [_date()]

    async def _sweep(self) -> None:
        """Close connections whose request does not arrive, or whose response is not read, in time."""
        loop = asyncio.get_running_loop()
        settings = self._settings
        patience = Patience(settings.read_timeout_s, settings.write_timeout_s, settings.idle_timeout_s)
        while True:
            await asyncio.sleep(SWEEP_S)
            now = loop.time()
            for connection in list(self._state.connections):
                if isinstance(connection, HttpProtocol) and connection.is_late(now, patience):
                    connection.transport.abort()


def _date() -> tuple[bytes, bytes]:
    return b"date", formatdate(SystemClock().now(), usegmt=True).encode()

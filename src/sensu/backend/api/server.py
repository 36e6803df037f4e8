"""The listener of the HTTP API: uvicorn's HTTP protocol on the loop of the backend, with time-outs of our own."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from sensu import open_files, tls
from sensu.backend.api.http_protocol import CONNECTIONS_MAX, READ_BYTES_MAX, BoundedReads, HttpProtocol, Patience
from sensu.errors import ConfigurationError
from sensu.transport.tls_acceptor import TLSAcceptor

logger = logging.getLogger(__name__)

BACKLOG = 2048
SWEEP_S = 1.0


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """Where to listen and for how long to wait; TLS where a certificate is given. Times in seconds.

    `read_timeout_s` is for a whole request, `write_timeout_s` for a client that does not read its answer,
    `idle_timeout_s` for the next request of a connection, `stop_timeout_s` for requests that run when it stops.
    At most `connections_max` connections are served at a time, and no more than half of the files that the process may
    open; further ones are answered with 503.
    With `shares_port` other processes that ask for the same may listen there, too.
    """

    host: str = "::"
    port: int = 8080
    cert_file: str = ""
    key_file: str = ""
    read_timeout_s: float = 15.0
    write_timeout_s: float = 15.0
    idle_timeout_s: float = 75.0
    stop_timeout_s: float = 5.0
    connections_max: int = CONNECTIONS_MAX
    shares_port: bool = False


class ApiServer:
    """Serves an ASGI application; `stopping` is called when it stops, to end answers that would go on for ever."""

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
            timeout_keep_alive=max(1, round(settings.idle_timeout_s)),
        )
        self._state = ServerState()
        self._server: asyncio.Server | TLSAcceptor | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self.port = settings.port

    async def start(self) -> None:
        """Accept connections; `port` is the one that was found where 0 was asked for.

        Raises ConfigurationError where the address, the certificate or its key cannot be used.
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
        self._sweeper = loop.create_task(self._sweep(), name=f"{self._name} time-outs")
        logger.info("the %s listens on port %d", self._name, self.port)

    @property
    def connections(self) -> Collection[object]:
        """The connections that are open now."""
        return self._state.connections

    async def stop(self) -> None:
        """Accept no more, let running requests end for a while, then close what is left."""
        if self._server is None:
            return
        self._server.close()
        self._stopping()
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
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

    async def _sweep(self) -> None:
        """End connections whose request does not come or whose answer is not read."""
        loop = asyncio.get_running_loop()
        patience = Patience(self._settings.read_timeout_s, self._settings.write_timeout_s)
        while True:
            await asyncio.sleep(SWEEP_S)
            now = loop.time()
            for connection in list(self._state.connections):
                if isinstance(connection, HttpProtocol) and connection.is_late(now, patience):
                    connection.transport.abort()


def tls_context(settings: ListenerSettings) -> ssl.SSLContext | None:
    """TLS 1.2 or newer with the settings' certificate, None without one; raises ConfigurationError."""
    if not settings.cert_file:
        return None
    try:
        return tls.server_context(settings.cert_file, settings.key_file)
    except OSError as err:
        why = tls.file_problem(err)
        raise ConfigurationError(f"the TLS certificate {settings.cert_file} cannot be used: {why}") from err


def bound_socket(settings: ListenerSettings, name: str) -> socket.socket:
    """A socket bound to the settings' address (`::` also takes IPv4); raises ConfigurationError."""
    host = settings.host or "::"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    shares = settings.shares_port
    attempts: list[Callable[[], socket.socket]] = [lambda: _bound(family, host, settings.port, shares)]
    if host == "::":
        attempts.append(lambda: _bound(socket.AF_INET, "0.0.0.0", settings.port, shares))  # noqa: S104 (all, as asked)
    failure: OSError | None = None
    for attempt in attempts:
        try:
            return attempt()
        except OSError as err:
            failure = failure or err
    raise ConfigurationError(f"the {name} cannot listen on {host}:{settings.port}: {failure}") from failure


def _bound(family: socket.AddressFamily, host: str, port: int, shares_port: bool) -> socket.socket:
    """A bound socket; only where its protocol is named does the loop send answers without delay."""
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shares_port:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family is socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        address = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)[0][4]
        opened.bind(address)
    except BaseException:
        opened.close()
        raise
    opened.setblocking(False)
    return opened

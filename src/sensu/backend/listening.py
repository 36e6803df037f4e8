"""The listening sockets of a backend: their settings, TLS, and binding."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace

from sensu import tls
from sensu.backend.settings import BackendSettings
from sensu.errors import ConfigurationError

CONNECTIONS_MAX = 10_000
"""The default maximum number of connections of a listener."""


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """The address, certificate and timeouts of a listener; TLS is used if a certificate is given. Times in seconds.

    `read_timeout_s` is for a whole request, `write_timeout_s` for a client that does not read its response,
    `idle_timeout_s` for the next request of a connection, `stop_timeout_s` for requests that run when it stops.
    At most `connections_max` connections are served at a time, and no more than half of the files that the process can
    open; further ones are answered with 503.
    With `shares_port`, other processes that also set it can listen on the same port.
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


def api_listener(settings: BackendSettings, *, shares_port: bool = False) -> ListenerSettings:
    """The settings of the API's listener; raises ConfigurationError."""
    host, port = settings.api_address
    return ListenerSettings(
        host,
        port,
        settings.cert_file,
        settings.key_file,
        write_timeout_s=settings.api_write_timeout,
        shares_port=shares_port,
    )


def dashboard_listener(settings: BackendSettings, *, shares_port: bool = False) -> ListenerSettings:
    """The settings of the web UI's listener, which uses the API's certificate unless it has its own."""
    own = bool(settings.dashboard_cert_file)
    return ListenerSettings(
        settings.dashboard_host.strip("[]") or "::",
        settings.dashboard_port,
        settings.dashboard_cert_file if own else settings.cert_file,
        settings.dashboard_key_file if own else settings.key_file,
        write_timeout_s=settings.dashboard_write_timeout,
        shares_port=shares_port,
    )


def agents_tls(settings: BackendSettings) -> ssl.SSLContext | None:
    """The TLS context of the agents' port, which uses the API's certificate unless it has its own; None without TLS."""
    listener = api_listener(settings)
    if settings.agent_auth_cert_file:
        listener = replace(listener, cert_file=settings.agent_auth_cert_file, key_file=settings.agent_auth_key_file)
    return tls_context(listener)


def tls_context(settings: ListenerSettings) -> ssl.SSLContext | None:
    """A context for TLS 1.2 or newer with the certificate, None without one; raises ConfigurationError."""
    if not settings.cert_file:
        return None
    try:
        return tls.server_context(settings.cert_file, settings.key_file)
    except OSError as err:
        why = tls.file_problem(err)
        raise ConfigurationError(f"the TLS certificate {settings.cert_file} cannot be used: {why}") from err


def bound_socket(settings: ListenerSettings, name: str) -> socket.socket:
    """A socket bound to the address in the settings (`::` includes IPv4); raises ConfigurationError."""
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
    """A bound socket. Its protocol is named because the event loop sets TCP_NODELAY only then."""
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

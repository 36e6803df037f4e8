"""Explains why a download failed: TLS, DNS, or the network."""

import errno
import socket
import ssl
import urllib.request
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp

from sensu.errors import system_reason
from sensu.tls_diagnosis import Endpoint, explain

_NO_SUCH_HOST = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
_PORTS = {"http": 80, "https": 443}


class Failure(NamedTuple):
    """Why a download failed, and whether another attempt may succeed soon."""

    why: str
    may_pass: bool


def failure(error: Exception, url: str, context: ssl.SSLContext) -> Failure:
    """Explain an error of aiohttp for `url`; `context` is the TLS context of the connection. May block for seconds."""
    parts = urlsplit(url)
    cause = _cause(error)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    if isinstance(error, aiohttp.ClientConnectorError) and error.port:
        host, port = error.host, error.port
    if isinstance(cause, socket.gaierror):
        return _look_up(cause, host)
    secure = parts.scheme == "https" or isinstance(cause, ssl.SSLError)  # a redirect may lead to another scheme
    answered = isinstance(error, aiohttp.ClientPayloadError)  # so the server speaks what it was expected to speak
    probes = not answered and not _by_proxy(url)
    words = explain(cause, Endpoint(host, port, secure), context if secure else None, probes=probes)
    if words:
        return Failure(words, may_pass=False)
    return Failure(_system_words(error, cause, f"{host}:{port}"), may_pass=True)


def _cause(error: Exception) -> BaseException:
    """The error that aiohttp met."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error
    if isinstance(error, aiohttp.ClientOSError) and error.errno in (errno.ECONNRESET, errno.EPIPE):
        return ConnectionResetError(error.errno, error.strerror)
    return error


def _look_up(error: socket.gaierror, host: str) -> Failure:
    if error.errno in _NO_SUCH_HOST:
        return Failure(f"dial tcp: lookup {host}: no such host", may_pass=False)
    return Failure(f"dial tcp: lookup {host}: {(error.strerror or str(error)).lower()}", may_pass=True)


def _system_words(error: Exception, cause: BaseException, address: str) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"dial tcp {address}: connect: {system_reason(cause)}"
    if isinstance(error, OSError) and error.errno:
        return system_reason(error)
    return str(error) or ("timed out" if isinstance(error, TimeoutError) else type(error).__name__)


def _by_proxy(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(parts.hostname or "")

"""A small HTTP client of the backend's API, on the standard library, for programs that must start quickly."""

import http.client
import json
import ssl
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sensu.errors import SensuError

STATUS_TEXTS = http.client.responses
REDIRECTS_MAX = 10
ANSWER_BYTES_MAX = 1 << 30
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods that may be sent twice without harm."""


class APIUnreachable(SensuError):
    """No answer came from the API."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; raises ValueError where it is none."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class TLSOptions:
    """How to trust an https API."""

    trusted_ca_file: str = ""
    insecure_skip_verify: bool = False

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 or newer, the system's authorities and the given ones."""
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.trusted_ca_file:
            context.load_verify_locations(self.trusted_ca_file)
        if self.insecure_skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


class HTTPAPI:
    """Requests to one API over a connection that is kept; not for several threads at once."""

    def __init__(self, url: str, *, timeout_s: float = 15.0, tls: TLSOptions | None = None, agent: str = "") -> None:
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._tls = tls or TLSOptions()
        self._agent = agent
        self._connections: dict[str, http.client.HTTPConnection] = {}

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """The answer to a request, redirects followed; raises APIUnreachable with the reason."""
        url = path if "://" in path else self.url + path
        sent = {"User-Agent": self._agent, "Accept": "application/json", **(headers or {})}
        for _ in range(REDIRECTS_MAX):
            answer = self._once(method, url, sent, body)
            location = answer.headers.get("location", "")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            url = urllib.parse.urljoin(url, location)
        raise APIUnreachable(f'{_verb(method)} "{url}": stopped after {REDIRECTS_MAX} redirects')

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise APIUnreachable(f'{_verb(method)} "{url}": unsupported protocol scheme "{parts.scheme}"')
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        for fresh in (False, True):
            connection = self._connection(parts, fresh=fresh)
            reused = connection.sock is not None
            try:
                connection.request(method, target, body=body, headers=dict(headers))
                response = connection.getresponse()
                content = response.read(ANSWER_BYTES_MAX)
            except (OSError, http.client.HTTPException) as err:
                connection.close()
                if reused and method in REPEATABLE and not isinstance(err, TimeoutError):
                    continue  # the server closed the kept connection; a new one may do
                raise APIUnreachable(f'{_verb(method)} "{url}": {_reason(err, parts)}') from err
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, content)
        raise APIUnreachable(f'{_verb(method)} "{url}": the connection was closed')

    def _connection(self, parts: urllib.parse.SplitResult, *, fresh: bool) -> http.client.HTTPConnection:
        key = f"{parts.scheme}://{parts.netloc}"
        if fresh:
            self._connections.pop(key, None)
        connection = self._connections.get(key)
        if connection is None:
            host, port = parts.hostname or "", parts.port
            if parts.scheme == "https":
                context = self._tls.context()
                connection = http.client.HTTPSConnection(host, port, timeout=self._timeout_s, context=context)
            else:
                connection = http.client.HTTPConnection(host, port, timeout=self._timeout_s)
            self._connections[key] = connection
        return connection

    def close(self) -> None:
        """Close what is kept open."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()


def _verb(method: str) -> str:
    return method.capitalize()


def _reason(err: Exception, parts: urllib.parse.SplitResult) -> str:
    """The error in the words that people know from the reference's client."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if isinstance(err, ConnectionRefusedError):
        return f"dial tcp {parts.hostname}:{port}: connect: connection refused"
    if isinstance(err, TimeoutError):
        return "the API did not answer in time"
    return str(err) or type(err).__name__

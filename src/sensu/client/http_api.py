"""A small HTTP client of the backend's API, for programs that must start quickly.

It speaks HTTP/1.1 over a socket, because the standard library's client takes longer to load than a request takes.
"""

import contextlib
import io
import json
import re
import socket
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from sensu.client.socket_reader import SocketReader
from sensu.errors import SensuError

if TYPE_CHECKING:
    import ssl

REDIRECTS_MAX = 10
ANSWER_BYTES_MAX = 1 << 30
TOO_LARGE = "the answer is too large"
LINE_BYTES_MAX = 64 * 1024
HEADERS_MAX = 256
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods that may be sent twice without harm."""
STATUS_TEXTS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_URL = re.compile(r"(https?)://(?:([^/?#@]*)@)?(\[[0-9A-Fa-f:.%]+\]|[^/?#:\[\]]+)(?::(\d{0,5}))?([/?][^#]*)?(?:#.*)?")
_PORTS = {"http": 80, "https": 443}
_REDIRECTS = (301, 302, 303, 307, 308)
_NO_BODY = (204, 304)
_WANTS_TLS = b"HTTP request to an HTTPS server"
_USE_TLS = "Client sent an HTTP request to an HTTPS server: use https:// in the URL"


class APIUnreachable(SensuError):
    """No answer came from the API; the reason is the exception's cause where the system gave one."""


class _Unsendable(ValueError):
    """The request would break the protocol, so nothing of it was sent."""


class APIAnswer(NamedTuple):
    """What the API answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; raises ValueError where it is none."""
        return json.loads(self.body)


class TLSOptions(NamedTuple):
    """How to trust an https API."""

    trusted_ca_file: str = ""
    insecure_skip_verify: bool = False

    def context(self) -> "ssl.SSLContext":
        """TLS 1.2 or newer, the system's authorities and the given ones."""
        from sensu.tls import client_context  # noqa: PLC0415 - an http API does not need it

        return client_context(self.trusted_ca_file, insecure_skip_verify=self.insecure_skip_verify)


class Target(NamedTuple):
    """Where a URL leads: scheme, user information, host without brackets, port, and path with query."""

    scheme: str
    user_info: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def split_url(url: str) -> Target | None:
    """The parts of an http or https URL, None for anything else."""
    match = _URL.fullmatch(url)
    if match is None:
        return None
    scheme, user_info, host, port, path = match.groups()
    number = int(port) if port else _PORTS[scheme]
    if number > 65535:
        return None
    path = path or "/"
    return Target(scheme, user_info or "", host.strip("[]"), number, path if path[0] == "/" else f"/{path}")


class HTTPAPI:
    """Requests to one API over a connection that is kept; not for several threads at once.

    A timeout not above 0 means none, as people know it from the reference's client. A larger answer than
    `answer_bytes_max` is an error.

    `environment` may name proxies: http_proxy, https_proxy, no_proxy, in either case.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float = 15.0,
        tls: TLSOptions | None = None,
        agent: str = "",
        environment: Mapping[str, str] | None = None,
        answer_bytes_max: int = ANSWER_BYTES_MAX,
    ) -> None:
        self.url = url.rstrip("/")
        self._answer_bytes_max = answer_bytes_max
        self._timeout_s = timeout_s if timeout_s > 0 else None
        self._tls = tls or TLSOptions()
        self._agent = agent
        self._environment = environment or {}
        self._connections: dict[tuple[str, str, int], _Connection] = {}

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> APIAnswer:
        """The answer to a request, redirects followed; raises APIUnreachable with the reason.

        Credentials are not taken along to another host.
        """
        url = path if "://" in path else self.url + path
        sent = {"User-Agent": self._agent, "Accept": "application/json", **(headers or {})}
        for _ in range(REDIRECTS_MAX):
            answer = self._once(method, url, sent, body)
            location = answer.headers.get("location", "")
            if answer.status not in _REDIRECTS or not location:
                return answer
            from urllib.parse import urljoin  # noqa: PLC0415 - redirects are rare

            before, url = split_url(url), urljoin(url, location)
            after = split_url(url)
            if before is None or after is None or before[:4] != after[:4]:
                sent = {name: value for name, value in sent.items() if name != "Authorization"}
            if answer.status == 303 or (answer.status in (301, 302) and method == "POST"):
                method, body = "GET", None
        raise APIUnreachable(f'{_verb(method)} "{url}": stopped after {REDIRECTS_MAX} redirects')

    def stream(self, path: str, headers: Mapping[str, str], silence_s: float) -> "APIAnswer | Iterator[bytes]":
        """The lines of a stream of events, or the answer where it is something else; raises APIUnreachable.

        It has a connection of its own, which closes when the iterator ends; one that is silent for longer is lost.
        """
        url = self.url + path
        target = split_url(url)
        if target is None:
            raise APIUnreachable(f'Get "{url}": invalid URL')
        connection = _Connection(target, proxy_for(target, self._environment), silence_s, self._tls, whole=False)
        try:
            found = connection.begin(target, {"User-Agent": self._agent, **headers})
        except (OSError, EOFError, ValueError) as err:
            connection.close()
            raise APIUnreachable(f'Get "{url}": {self._reason(err, target)}') from err
        return found if isinstance(found, APIAnswer) else _lines_until_the_end(found, connection, target)

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> APIAnswer:
        target = split_url(url)
        if target is None:
            scheme = url.partition("://")[0] if "://" in url else ""
            problem = "invalid URL" if scheme in _PORTS else f'unsupported protocol scheme "{scheme}"'
            raise APIUnreachable(f'{_verb(method)} "{url}": {problem}')
        for _ in range(2):
            connection = self._connection(target)
            reused = connection.used
            try:
                answer, keep = connection.exchange(method, target, headers, body)
            except (OSError, EOFError, ValueError) as err:
                self._drop(target)
                if reused and method in REPEATABLE and not isinstance(err, TimeoutError):
                    continue  # the server closed the kept connection; a new one may do
                why = _reason(err, target) if reused else self._reason(err, target)
                raise APIUnreachable(f'{_verb(method)} "{url}": {why}') from err
            if not keep:
                self._drop(target)
            if answer.status == 400 and _WANTS_TLS in answer.body:
                raise APIUnreachable(f'{_verb(method)} "{url}": {self._reason(EOFError(_USE_TLS), target)}')
            return answer
        raise APIUnreachable(f'{_verb(method)} "{url}": the connection was closed')

    def _reason(self, err: Exception, target: Target) -> str:
        """Why a request failed; what is wrong with TLS comes with its remedy."""
        if isinstance(err, ConnectionRefusedError | socket.gaierror | _Unsendable):
            return _reason(err, target)
        from sensu.tls_diagnosis import Endpoint, explain  # noqa: PLC0415 - only a failure needs it

        is_secure, context = target.scheme == "https", None
        with contextlib.suppress(OSError):  # a file of authorities that cannot be used: `err` says so
            context = self._tls.context() if is_secure else None
        probes = proxy_for(target, self._environment) is None
        at = Endpoint(target.host, target.port, is_secure)
        return explain(err, at, context, probes=probes) or _reason(err, target)

    def _connection(self, target: Target) -> "_Connection":
        key = target.scheme, target.host, target.port
        found = self._connections.get(key)
        if found is None:
            proxy = proxy_for(target, self._environment)
            found = self._connections[key] = _Connection(
                target, proxy, self._timeout_s, self._tls, answer_bytes_max=self._answer_bytes_max
            )
        return found

    def _drop(self, target: Target) -> None:
        connection = self._connections.pop((target.scheme, target.host, target.port), None)
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close what is kept open."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()


class _Connection:
    """One connection to a host or through a proxy, opened with its first request."""

    def __init__(
        self,
        target: Target,
        proxy: Target | None,
        timeout_s: float | None,
        tls: TLSOptions,
        *,
        whole: bool = True,
        answer_bytes_max: int = ANSWER_BYTES_MAX,
    ) -> None:
        self._target, self._proxy = target, proxy
        self._timeout_s, self._tls = timeout_s, tls
        self._whole, self._answer_bytes_max = whole, answer_bytes_max
        self._socket: socket.socket | None = None
        self._source: SocketReader | None = None
        self._reader: io.BufferedReader | None = None
        self.used = False

    def exchange(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[APIAnswer, bool]:
        """The answer to a request, and whether the connection can be used again."""
        answer, keep = read_answer(self._ask(method, target, headers, body), method, self._answer_bytes_max)
        self.used = True
        return answer, keep

    def begin(self, target: Target, headers: Mapping[str, str]) -> "APIAnswer | BinaryIO":
        """What to read the chunks of a stream of events from; the answer to the GET where it is something else."""
        reader = self._ask("GET", target, headers, None)
        status, received = _head(reader)
        is_stream = received.get("content-type", "").startswith("text/event-stream")
        if status == 200 and is_stream and received.get("transfer-encoding", "").lower() == "chunked":
            return reader
        length = received.get("content-length", "")
        body = _exactly(reader, int(length)) if length.isdecimal() else b""
        self.close()
        return APIAnswer(status, received, body)

    def _ask(self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None) -> BinaryIO:
        """Send a request; what to read its answer from."""
        if self._socket is None or self._source is None or self._reader is None:
            self._socket = self._open()
            self._source = SocketReader(self._socket, self._timeout_s, whole=self._whole)
            self._reader = io.BufferedReader(self._source)
        self._socket.settimeout(self._timeout_s)
        self._source.begin()
        whole_url = self._proxy is not None and target.scheme == "http"
        path = f"http://{target.authority}{target.path}" if whole_url else target.path
        lines = [f"{method} {_safe(path)} HTTP/1.1", f"Host: {target.authority}"]
        lines += [f"{name}: {_one_line(value)}" for name, value in headers.items()]
        if whole_url and self._proxy is not None and self._proxy.user_info:
            lines.append(f"Proxy-Authorization: {_basic(self._proxy.user_info)}")
        if body is not None or method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(body or b'')}")
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode("utf-8") + (body or b""))
        return self._reader

    def _open(self) -> socket.socket:
        first = self._proxy or self._target
        # An ASCII name as bytes spares the loading of the codec for international names.
        host = cast(str, first.host.encode()) if first.host.isascii() else first.host
        opened = socket.create_connection((host, first.port), self._timeout_s)
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._target.scheme == "https":
                if self._proxy is not None:
                    self._tunnel(opened, self._proxy)
                return self._tls.context().wrap_socket(opened, server_hostname=self._target.host)
        except BaseException:
            opened.close()
            raise
        return opened

    def _tunnel(self, opened: socket.socket, proxy: Target) -> None:
        """Have the proxy connect us to the host."""
        where = f"{self._target.host}:{self._target.port}"
        lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
        if proxy.user_info:
            lines.append(f"Proxy-Authorization: {_basic(proxy.user_info)}")
        opened.sendall("\r\n".join([*lines, "", ""]).encode())
        with opened.makefile("rb", buffering=0) as reader:
            status, _ = _head(cast(BinaryIO, reader))
        if status != 200:
            raise OSError(f"the proxy {proxy.authority} answered {status}")

    def close(self) -> None:
        """Close the socket, if it is open."""
        for one in (self._reader, self._socket):
            if one is not None:
                one.close()
        self._reader = self._source = self._socket = None


def read_answer(reader: BinaryIO, method: str, bytes_max: int = ANSWER_BYTES_MAX) -> tuple[APIAnswer, bool]:
    """The next answer, and whether another may follow; raises ValueError or EOFError for what is none or too large."""
    while True:
        status, headers = _head(reader)
        if status >= 200:
            break
    keep = headers.get("connection", "").lower() != "close"
    if method == "HEAD" or status in _NO_BODY:
        return APIAnswer(status, headers, b""), keep
    if headers.get("transfer-encoding", "").lower().endswith("chunked"):
        return APIAnswer(status, headers, _chunks(reader, bytes_max)), keep
    length = headers.get("content-length")
    if length is None:
        body = reader.read(bytes_max + 1)
        if len(body) > bytes_max:
            raise ValueError(TOO_LARGE)
        return APIAnswer(status, headers, body), False
    return APIAnswer(status, headers, _exactly(reader, int(length), bytes_max)), keep


def _head(reader: BinaryIO) -> tuple[int, dict[str, str]]:
    """Status and headers."""
    line = _line(reader)
    version, _, rest = line.partition(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError("the answer is not HTTP/1.1")
    status, headers = int(rest[:3]), dict[str, str]()
    while True:
        line = _line(reader)
        if not line:
            return status, headers
        if len(headers) >= HEADERS_MAX:
            raise ValueError("the answer has too many headers")
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()


def _line(reader: BinaryIO) -> str:
    line = reader.readline(LINE_BYTES_MAX)
    if not line.endswith(b"\n"):
        raise ValueError("the answer has too long a line") if len(line) >= LINE_BYTES_MAX else EOFError("EOF")
    return line.decode("latin-1").rstrip("\r\n")


def _chunks(reader: BinaryIO, bytes_max: int) -> bytes:
    parts: list[bytes] = []
    total = 0
    while True:
        size = int(_line(reader).partition(";")[0], 16)
        total += size
        if total > bytes_max:
            raise ValueError(TOO_LARGE)
        if size == 0:
            while _line(reader):
                pass  # trailers say nothing that we need
            return b"".join(parts)
        parts.append(_exactly(reader, size))
        _line(reader)


def _lines_until_the_end(reader: BinaryIO, connection: _Connection, target: Target) -> Iterator[bytes]:
    """The lines of an answer in chunks, each when it is there; raises APIUnreachable where it breaks off."""
    rest = b""
    try:
        while size := int(_line(reader).partition(";")[0], 16):
            *lines, rest = (rest + _exactly(reader, size)).split(b"\n")
            _line(reader)
            yield from lines
    except (OSError, EOFError, ValueError) as err:
        raise APIUnreachable(
            f'Get "{target.scheme}://{target.authority}{target.path}": {_reason(err, target)}'
        ) from err
    finally:
        connection.close()


def _exactly(reader: BinaryIO, size: int, bytes_max: int = ANSWER_BYTES_MAX) -> bytes:
    if not 0 <= size <= bytes_max:
        raise ValueError(TOO_LARGE)
    data = reader.read(size)
    if len(data) != size:
        raise EOFError("unexpected EOF")
    return data


def proxy_for(target: Target, environment: Mapping[str, str]) -> Target | None:
    """The proxy that the environment names for a host; hosts of this machine and those in no_proxy have none."""

    def variable(name: str) -> str:
        return environment.get(name) or environment.get(name.upper()) or ""

    url = variable(f"{target.scheme}_proxy")
    if not url or target.host in ("localhost", "127.0.0.1", "::1"):
        return None
    for entry in variable("no_proxy").split(","):
        suffix = entry.strip().partition(":")[0].removeprefix("*").lstrip(".")
        if entry.strip() == "*" or (suffix and (target.host == suffix or target.host.endswith(f".{suffix}"))):
            return None
    return split_url(url if "://" in url else f"http://{url}")


def _basic(user_info: str) -> str:
    import base64  # noqa: PLC0415 - few proxies ask
    from urllib.parse import unquote  # noqa: PLC0415

    return "Basic " + base64.b64encode(unquote(user_info).encode()).decode()


def _safe(path: str) -> str:
    """A path fit for a request line; raises _Unsendable for one that would break it."""
    if any(character <= " " or character == "\x7f" for character in path):
        raise _Unsendable("the URL has blanks or control characters in it")
    return path


def _one_line(value: str) -> str:
    if "\r" in value or "\n" in value:
        raise _Unsendable("a header has a line break in it")
    return value


def _verb(method: str) -> str:
    return method.capitalize()


def _reason(err: Exception, target: Target) -> str:
    """The error in the words that people know from the reference's client."""
    if isinstance(err, ConnectionRefusedError):
        return f"dial tcp {target.host}:{target.port}: connect: connection refused"
    if isinstance(err, TimeoutError):
        return "the API did not answer in time"
    if isinstance(err, socket.gaierror):
        return f"dial tcp: lookup {target.host}: no such host"
    if isinstance(err, ConnectionError) and err.strerror:
        return err.strerror.lower()
    return str(err) or type(err).__name__

"""The HTTP client that starts quickly."""

import contextlib
import io
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensu.client.http_api import (
    HEADERS_MAX,
    HTTPAPI,
    APIUnreachable,
    Target,
    TLSOptions,
    proxy_for,
    read_answer,
    split_url,
)
from tests.flows.certificate_authority import Authority
from tests.unit.test_tls import server as tls_server
from tests.unit.test_tls import serving as tls_serving


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://h", Target("http", "", "h", 80, "/")),
        ("https://h:8443/a/b?c=d#e", Target("https", "", "h", 8443, "/a/b?c=d")),
        ("http://u:p@[::1]:80?q", Target("http", "u:p", "::1", 80, "/?q")),
    ],
)
def test_a_url_is_taken_apart(url: str, target: Target) -> None:
    """Every part of a URL goes where it belongs."""
    assert split_url(url) == target


@pytest.mark.parametrize("url", ["notaurl", "ftp://h", "http://", "http://h:99999/", "//h/a"])
def test_what_is_no_http_url_is_told(url: str) -> None:
    """A wrong URL is one message, and nothing is sent anywhere."""
    assert split_url(url) is None
    with pytest.raises(APIUnreachable, match="unsupported protocol scheme|invalid URL"):
        HTTPAPI(url).request("GET", "/auth")


@pytest.mark.parametrize(
    ("raw", "status", "body", "keep"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", 200, b"hi", False),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhi\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n",
            200,
            b"hi!",
            True,
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
        (b"HTTP/1.0 404 Not Found\r\n\r\nto the end", 404, b"to the end", False),
    ],
)
def test_every_framing_of_an_answer_is_read(raw: bytes, status: int, body: bytes, keep: bool) -> None:
    """An answer ends where HTTP says, and the connection is kept only where it may be."""
    answer, kept = read_answer(io.BytesIO(raw), "GET")
    assert (answer.status, answer.body, kept) == (status, body, keep)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"SSH-2.0\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X%d: a\r\n" % number for number in range(HEADERS_MAX + 1)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_a_broken_answer_is_an_error_and_never_without_bound(raw: bytes) -> None:
    """Whatever answers on a port, the client ends."""
    with pytest.raises((ValueError, EOFError)):
        read_answer(io.BytesIO(raw), "GET")


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 11\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nb\r\n", b"\r\n"]
)
def test_an_answer_larger_than_the_bound_is_an_error(framing: bytes) -> None:
    """A caller that expects little reads no more, however the answer is framed."""
    raw = b"HTTP/1.1 200 OK\r\n" + framing + b"eleven long"
    with pytest.raises(ValueError, match="the answer is too large"):
        read_answer(io.BytesIO(raw), "GET", 10)


class Server:
    """Answers requests from a script, one list of answers for each connection; keeps what it was sent."""

    def __init__(self, *connections: list[bytes]) -> None:
        self._connections = connections
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for answers in self._connections:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed: nobody asked for this one
            with connection, connection.makefile("rb") as reader:
                for answer in answers:
                    self.requests.append(self._request(reader))
                    connection.sendall(answer)

    def _request(self, reader: io.BufferedReader) -> bytes:
        lines, length = [], 0
        while (line := reader.readline()) not in (b"\r\n", b""):
            lines.append(line)
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return b"".join(lines) + reader.read(length)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"


@pytest.fixture
def served() -> Iterator[list[Server]]:
    servers: list[Server] = []
    yield servers
    for server in servers:
        server.close()


def test_a_connection_is_kept_and_renewed_when_the_server_has_closed_it(served: list[Server]) -> None:
    """Many requests cost one connection; a closed one is opened again without the caller noticing."""
    server = Server([OK, OK], [OK])
    served.append(server)
    api = HTTPAPI(server.url)
    assert [api.request("GET", f"/{number}").json() for number in range(3)] == [[], [], []]
    assert [request.split()[1] for request in server.requests] == [b"/0", b"/1", b"/2"]
    api.close()


def test_a_request_that_may_do_harm_twice_is_not_repeated(served: list[Server]) -> None:
    """After a lost connection nobody knows whether a POST was done, so the caller decides."""
    server = Server([OK])
    served.append(server)
    api = HTTPAPI(server.url)
    api.request("GET", "/")
    with pytest.raises(APIUnreachable):
        api.request("POST", "/", body=b"{}")
    assert len(server.requests) == 1


def test_credentials_stay_with_the_host_they_are_for(served: list[Server]) -> None:
    """A redirect to another host is followed without the Authorization header."""
    other = Server([OK])
    first = Server([b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + other.url.encode() + b"/x\r\n\r\n"])
    served += [first, other]
    HTTPAPI(first.url).request("GET", "/", headers={"Authorization": "Bearer t"})
    assert b"Authorization: Bearer t" in first.requests[0]
    assert b"Authorization" not in other.requests[0]


def test_a_circle_of_redirects_ends(served: list[Server]) -> None:
    """Redirects are followed a bounded number of times."""
    circle = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /\r\n\r\n"
    server = Server([circle] * 10)
    served.append(server)
    with pytest.raises(APIUnreachable, match="stopped after 10 redirects"):
        HTTPAPI(server.url).request("GET", "/")


def test_an_api_that_is_away_is_told_in_known_words() -> None:
    """Scripts that look for `connection refused` find it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    expected = f'Get "http://127.0.0.1:{port}/health": dial tcp 127.0.0.1:{port}: connect: connection refused'
    with pytest.raises(APIUnreachable) as raised:
        HTTPAPI(f"http://127.0.0.1:{port}").request("GET", "/health")
    assert str(raised.value) == expected


def test_an_api_that_is_silent_is_given_up() -> None:
    """No request waits for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        api = HTTPAPI(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=0.05)
        with pytest.raises(APIUnreachable, match="did not answer in time"):
            api.request("GET", "/")


@pytest.mark.parametrize("headers", [{"A": "b\r\nEvil: yes"}, {"Authorization": "Key a\nb"}])
def test_values_cannot_add_headers(served: list[Server], headers: dict[str, str]) -> None:
    """A line break in a key or name is refused before anything is sent."""
    server = Server([OK])
    served.append(server)
    with pytest.raises(APIUnreachable, match="line break"):
        HTTPAPI(server.url).request("GET", "/", headers=headers)
    assert server.requests == [] or server.requests == [b""]


@pytest.mark.parametrize(
    ("host", "environment", "proxy"),
    [
        ("api.example", {"http_proxy": "http://p:3128"}, ("p", 3128)),
        ("api.example", {"HTTP_PROXY": "p:3128"}, ("p", 3128)),
        ("api.example", {"https_proxy": "http://p:3128"}, None),
        ("api.example", {"http_proxy": "http://p:3128", "no_proxy": "x,.example"}, None),
        ("api.example", {"http_proxy": "http://p:3128", "no_proxy": "*"}, None),
        ("127.0.0.1", {"http_proxy": "http://p:3128"}, None),
    ],
)
def test_proxies_of_the_environment_are_used(
    host: str, environment: dict[str, str], proxy: tuple[str, int] | None
) -> None:
    """A proxy is asked for what is neither excepted nor on this machine."""
    found = proxy_for(Target("http", "", host, 80, "/"), environment)
    assert (found and (found.host, found.port)) == proxy


def test_a_proxy_gets_the_whole_url(served: list[Server]) -> None:
    """Through a proxy the request line names the host."""
    proxy = Server([OK])
    served.append(proxy)
    HTTPAPI("http://api.example/base", environment={"http_proxy": proxy.url}).request("GET", "/x")
    assert proxy.requests[0].startswith(b"GET http://api.example/base/x HTTP/1.1\r\n")


def test_a_wrong_scheme_is_named_with_the_right_url(tmp_path: Path) -> None:
    """Https to a plain port and http to a TLS port are explained with the URL to use."""
    authority = Authority(tmp_path)
    with tls_server(None) as port, pytest.raises(APIUnreachable) as raised:
        HTTPAPI(f"https://127.0.0.1:{port}", tls=TLSOptions(authority.file)).request("GET", "/auth")
    gave = "http: server gave HTTP response to HTTPS client: the server does not speak TLS"
    assert str(raised.value).endswith(f"{gave}: use http://127.0.0.1:{port}")
    with tls_server(tls_serving(authority)) as port, pytest.raises(APIUnreachable) as raised:
        HTTPAPI(f"http://127.0.0.1:{port}").request("GET", "/auth")
    assert str(raised.value).endswith(f"the server speaks TLS: use https://127.0.0.1:{port}")


def test_an_answer_that_asks_for_tls_is_explained(tmp_path: Path) -> None:
    """A server that answers plain requests on its TLS port by an error leads to the same remedy."""
    text = b"Client sent an HTTP request to an HTTPS server.\n"
    error = b"HTTP/1.0 400 Bad Request\r\nContent-Length: %d\r\n\r\n" % len(text) + text
    with tls_server(tls_serving(Authority(tmp_path)), plainly=error) as port, pytest.raises(APIUnreachable) as raised:
        HTTPAPI(f"http://127.0.0.1:{port}").request("GET", "/auth")
    assert str(raised.value).endswith(f"the server speaks TLS: use https://127.0.0.1:{port}")


def test_a_certificate_that_is_not_trusted_is_explained(tmp_path: Path) -> None:
    """An unknown authority is named with the flag that has it trusted; with the flag there is an answer."""
    authority = Authority(tmp_path)
    with tls_server(tls_serving(authority)) as port:
        with pytest.raises(APIUnreachable, match=r"unknown authority \(CN=ca\): add --trusted-ca-file"):
            HTTPAPI(f"https://127.0.0.1:{port}").request("GET", "/auth")
        trusting = HTTPAPI(f"https://127.0.0.1:{port}", tls=TLSOptions(authority.file))
        assert trusting.request("GET", "/auth").status == 400

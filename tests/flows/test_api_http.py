"""The API as HTTP: what is answered before an endpoint is asked, and what clients may do wrong."""

import asyncio
import socket
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from sensu.backend.api.http_protocol import HEAD_BYTES_MAX
from sensu.backend.api.server import ApiServer
from sensu.backend.listening import ListenerSettings
from sensu.errors import ConfigurationError
from tests.flows.api_harness import RunningApi

CHECKS = "/api/core/v2/namespaces/default/checks"


async def raw(api: RunningApi, request: bytes) -> bytes:
    """The answer to bytes that no HTTP client would send."""
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    answer = await reader.read(4096)
    writer.close()
    return answer


async def test_paths_and_methods_are_judged_before_the_caller(api: RunningApi) -> None:
    """Nobody has to log in to learn that a path is unknown or a method is not allowed."""
    assert (await api.call("GET", "/nothing")).status == 404
    refused = await api.call("DELETE", CHECKS)
    assert (refused.status, refused.body) == (405, b"")
    assert refused.headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    assert (await api.call("OPTIONS", CHECKS)).status == 204
    assert (await api.call("GET", CHECKS)).status == 401
    moved = await api.call("GET", "/api//core/v2/namespaces/./default/checks?limit=1")
    assert (moved.status, moved.headers["Location"]) == (301, f"{CHECKS}?limit=1")
    elsewhere = await raw(api, b"GET /\\evil.example/./x HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"\r\nlocation: /%5Cevil.example/x\r\n" in elsewhere


async def test_head_answers_like_get_without_a_body(api: RunningApi) -> None:
    """A HEAD request has the status and headers of the GET request, and needs the same rights."""
    token = await api.token()
    head = await api.call("HEAD", CHECKS, Authorization=token)
    assert (head.status, head.body, head.headers["Sensu-Total-Count"]) == (200, b"", "0")
    assert (await api.call("HEAD", CHECKS)).status == 401


async def test_answers_say_the_time(api: RunningApi) -> None:
    """The Date header lets clients compare their clocks, and goes on while a connection stays open."""
    dates: list[float] = []
    async with asyncio.timeout(10):
        while len(set(dates)) < 2:
            answer = await api.call("GET", "/version")
            dates.append(parsedate_to_datetime(answer.headers["Date"]).timestamp())
    assert dates == sorted(dates)
    assert abs(dates[-1] - time.time()) < 3


async def test_what_is_no_http_gets_an_answer_too(api: RunningApi) -> None:
    """A method that nobody knows is not allowed, a broken escape or request is bad, and the server goes on."""
    assert b" 405 " in await raw(api, b"BREW /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b" 400 " in await raw(api, b"GET /api/core/v2/users/a%2 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b" 400 " in await raw(api, b"\x00\x01\x02\r\n\r\n")
    assert (await api.call("GET", "/version")).status == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /ready HTTP/1.1\r\nHost: a\r\n", b"200"),
        (b"GET /ready HTTP/1.0\r\n", b"200"),
        (b"GET /ready HTTP/1.1\r\n", b"400"),
        (b"GET /ready HTTP/1.1\r\nHost: a\r\nhOST: b\r\n", b"400"),
    ],
)
async def test_a_request_names_its_host_once(api: RunningApi, head: bytes, status: bytes) -> None:
    """A proxy and the API never disagree about which host a request is for: none or several are refused."""
    assert (await raw(api, head + b"\r\n")).split(b" ")[1] == status


async def test_connections_beyond_the_bound_are_turned_away_and_room_is_used_again() -> None:
    """Whoever opens connection after connection does not take the files that the backend needs."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    server = ApiServer(app, ListenerSettings("127.0.0.1", 0, connections_max=2))
    await server.start()
    held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
    writer.close()
    held[0][1].close()
    await held[0][1].wait_closed()
    held[1][1].write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (await held[1][0].readline()).startswith(b"HTTP/1.1 204 ")
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 204 ")
    for _, each in (*held[1:], (reader, writer)):
        each.close()
    await server.stop()


async def test_a_body_above_the_limit_is_not_read(api: RunningApi) -> None:
    """A body of more than 512,000 bytes is refused as too large, after the caller's rights are judged."""
    token = await api.token()
    body = {"metadata": {"name": "c", "namespace": "default"}, "interval": 5, "command": "x" * 512_000}
    assert (await api.call("POST", CHECKS, body, Authorization=token)).status == 413
    assert (await api.call("POST", CHECKS, body)).status == 401
    body["command"] = "x" * 511_000
    assert (await api.call("POST", CHECKS, body, Authorization=token)).status == 201


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nX-Long: "])
async def test_a_request_line_or_header_without_end_is_not_read(api: RunningApi, start: bytes) -> None:
    """A head that grows and grows costs no memory: it is refused, the connection ends, and others are served."""
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(start + b"x" * HEAD_BYTES_MAX)
    answer = await reader.read(4096)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert (await api.call("GET", "/ready")).status == 200


@pytest.mark.world(ready=False)
async def test_nothing_but_its_state_is_served_before_a_backend_is_ready(api: RunningApi) -> None:
    """Until then clients are told to come back, and probes see that the process lives."""
    for path in ("/auth", "/ready", CHECKS):
        answer = await api.call("GET", path)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    for path in ("/health", "/version", "/metrics"):
        assert (await api.call("GET", path)).status == 200


async def test_a_client_that_sends_half_a_request_is_let_go() -> None:
    """Connections whose request does not come do not stay open."""

    async def application(scope: object, receive: object, send: object) -> None:
        raise AssertionError("there is no request to answer")

    server = ApiServer(application, ListenerSettings("127.0.0.1", 0, read_timeout_s=0.05))
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()
    await server.stop()


async def test_a_port_in_use_is_one_clear_line() -> None:
    """A backend that cannot listen says where, and nothing is left open."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{port}"):
            await ApiServer(None, ListenerSettings("127.0.0.1", port)).start()


async def test_a_certificate_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    """A missing or broken certificate is a matter of configuration."""
    broken = tmp_path / "cert.pem"
    broken.write_text("no certificate")
    settings = ListenerSettings("127.0.0.1", 0, cert_file=str(broken), key_file=str(broken))
    with pytest.raises(ConfigurationError, match="TLS certificate"):
        await ApiServer(None, settings).start()

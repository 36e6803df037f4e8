"""Requests that follow each other on a connection without waiting for answers."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sensu.backend.api.http_protocol import READ_BYTES_MAX, HttpProtocol
from sensu.backend.api.server import ApiServer
from sensu.backend.listening import ListenerSettings

Handle = Callable[[Any, Any, Any], Awaitable[None]]
REQUEST = b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n"


async def answer(send: Any, body: bytes) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the path and the body, a little later."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await asyncio.sleep(0)
    await answer(send, scope["raw_path"] + b" " + body + b"\n")


@asynccontextmanager
async def serving(handle: Handle) -> AsyncIterator[ApiServer]:
    server = ApiServer(handle, ListenerSettings("127.0.0.1", 0))
    await server.start()
    try:
        async with asyncio.timeout(30):
            yield server
    finally:
        await server.stop()


async def conversation(server: ApiServer, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(sent)
    got = await reader.read()
    writer.close()
    return got


def kept_bytes(server: ApiServer) -> int:
    """What the server keeps of requests that are not answered yet."""
    total = 0
    for connection in server.connections:
        assert isinstance(connection, HttpProtocol)
        waiting = [cycle for cycle, _ in connection.pipeline]
        total += len(connection._held)
        total += sum(len(cycle.body) + sum(len(k) + len(v) for k, v in cycle.scope["headers"]) for cycle in waiting)
        total += 1000 * len(waiting)
    return total


async def test_many_requests_at_once_are_all_answered_in_order() -> None:
    """A client that sends thousands of requests before it reads gets every answer, in order, bodies included."""
    async with serving(echo) as server:
        post = b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\n\r\n\n\r\n\r\n\r\n\r\nbody"
        requests = b"".join((post if number % 3 else REQUEST) % number for number in range(3000))
        got = await conversation(server, requests + b"GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        paths = re.findall(rb"\n(/\w+) ", got)
        assert paths == [b"/%d" % number for number in range(3000)] + [b"/end"]
        assert got.count(b"\r\nbody") == 2000


@pytest.mark.parametrize(
    "request_bytes",
    [REQUEST % 1, b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 30_000 + b"\r\n\r\n"],
    ids=["small", "large"],
)
async def test_what_waits_behind_a_slow_answer_is_bounded(request_bytes: bytes) -> None:
    """A client that sends request after request and gets no answer yet makes the server keep some kilobytes."""

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await release.wait()
        await answer(send, b"ok")

    release = asyncio.Event()
    async with serving(slow) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request_bytes * (4_000_000 // len(request_bytes)))
        for _ in range(200):
            await asyncio.sleep(0.001)
            assert kept_bytes(server) < 6 * READ_BYTES_MAX
        release.set()
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        writer.close()


async def test_a_client_that_leaves_ends_the_wait_for_its_answer() -> None:
    """Work on a request ends when its client leaves, also when other requests wait behind it."""

    async def wait_for_the_end(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    left = asyncio.Event()
    async with serving(wait_for_the_end) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(REQUEST % 1 + REQUEST % 2)
        await asyncio.sleep(0.05)
        writer.close()
        await left.wait()


@pytest.mark.parametrize(
    ("broken", "status"),
    [
        (b"GET /2 HTTP/1.1\r\n\r\n", b"400"),
        (b"\x00\x01\r\n\r\n", b"400"),
        (b"BREW /2 HTTP/1.1\r\nHost: a\r\n\r\n", b"405"),
        (b"GET /2 HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000, b"431"),
        (b"POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
)
async def test_a_broken_request_is_answered_in_its_turn(broken: bytes, status: bytes) -> None:
    """What is not valid HTTP never takes the place of the answer to the request before it."""
    async with serving(echo) as server:
        got = await conversation(server, REQUEST % 1 + broken)
        assert re.findall(rb"HTTP/1.1 (\d+)", got) == [b"200", status]


async def test_a_request_to_upgrade_is_an_ordinary_one(caplog: pytest.LogCaptureFixture) -> None:
    """A request to upgrade is answered without an upgrade, the next one too, and neither fills the log."""
    with caplog.at_level("INFO"):
        async with serving(echo) as server:
            upgrade = b"GET /1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
            got = await conversation(
                server, upgrade + upgrade + b"GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            assert got.count(b"HTTP/1.1 200 OK") == 3
            await conversation(server, b"\x00\r\n\r\n")
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == []


async def test_trailers_are_bounded() -> None:
    """Trailers without end behind a chunked body are not kept."""
    async with serving(echo) as server:
        head = b"POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
        assert (await conversation(server, head + b"X: y\r\n" * 40_000)).startswith(b"HTTP/1.1 431 ")
        ended = head + b"X: y\r\n\r\n" + b"GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        assert (await conversation(server, ended)).count(b"HTTP/1.1 200 OK") == 2

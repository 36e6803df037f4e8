"""The HTTP server of the agent's local API."""

import asyncio
import re

from sensu.agent.http_server import HTTPServer
from sensu.clock import SystemClock
from sensu.transport.http1 import HTTPAnswer

PATIENCE_S = 20.0
BODY = b"x" * 10_000


async def test_requests_that_do_not_wait_for_answers() -> None:
    """Thousands of requests at once are answered in order, and answers that nobody reads do not pile up."""
    server = HTTPServer(lambda _, path, __: HTTPAnswer(200, path.encode() + b"\n" + BODY), SystemClock())
    port = await server.listen("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
    writer.write(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(5000)))
    writer.write(b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    for _ in range(100):
        await asyncio.sleep(0.001)
        for connection in server.connections:
            assert connection._transport is not None
            assert connection._transport.get_write_buffer_size() + connection.unparsed_bytes < 1_000_000
    async with asyncio.timeout(PATIENCE_S):
        answers = await reader.read()
    assert re.findall(rb"\r\n\r\n/(\w+)\n", answers) == [b"%d" % number for number in range(5000)] + [b"last"]
    writer.close()
    await server.close()


async def test_a_header_without_end_is_not_kept() -> None:
    """A header that does not end is refused, before it fills the memory."""
    server = HTTPServer(lambda *_: HTTPAnswer(200), SystemClock())
    port = await server.listen("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nX-Long: ")
    for _ in range(5):
        writer.write(b"x" * 10_000)
        await asyncio.sleep(0.01)
    async with asyncio.timeout(PATIENCE_S):
        assert (await reader.readline()).startswith(b"HTTP/1.1 431 ")
    writer.close()
    await server.close()


async def test_large_bodies_are_taken() -> None:
    """A body of any size up to the bound gets one answer, however much of it arrives at once; the connection stays."""
    server = HTTPServer(lambda _, __, body: HTTPAnswer(200, b"%d bytes" % len(body)), SystemClock())
    port = await server.listen("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for size in (40_000, 300_000, 2_000_000):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
        async with asyncio.timeout(PATIENCE_S):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
            assert await reader.readexactly(len(b"%d bytes" % size)) == b"%d bytes" % size
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).endswith(b"0 bytes")
    writer.close()
    await server.close()


async def test_a_request_to_upgrade_is_answered_once() -> None:
    """A request that offers HTTP/2 is answered like any other, once, and the connection goes on."""
    server = HTTPServer(lambda _, path, __: HTTPAnswer(200, path.encode()), SystemClock())
    port = await server.listen("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /one HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    writer.write(b"GET /two HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(PATIENCE_S):
        answers = await reader.read()
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"200"]
    writer.close()
    await server.close()

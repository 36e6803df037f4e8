"""The HTTP server of the agent's local API."""

import asyncio
import re

from sensu.agent.http_server import Answer, HTTPServer
from sensu.clock import SystemClock

PATIENCE_S = 20.0
BODY = b"x" * 10_000


def test_requests_that_do_not_wait_for_answers() -> None:
    """Thousands of requests at once are answered in order, and answers that nobody reads do not pile up."""

    async def story() -> None:
        server = HTTPServer(lambda _, path, __: Answer(200, path.encode() + b"\n" + BODY), SystemClock())
        port = await server.listen("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
        writer.write(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(5000)))
        writer.write(b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        for _ in range(100):
            await asyncio.sleep(0.001)
            for connection in server.connections:
                assert connection._transport is not None
                assert connection._transport.get_write_buffer_size() + len(connection._held) < 1_000_000
        async with asyncio.timeout(PATIENCE_S):
            answers = await reader.read()
        assert re.findall(rb"\r\n\r\n/(\w+)\n", answers) == [b"%d" % number for number in range(5000)] + [b"last"]
        writer.close()
        await server.close()

    asyncio.run(story())


def test_a_header_without_end_is_not_kept() -> None:
    """A header that does not end is refused, before it fills the memory."""

    async def story() -> None:
        server = HTTPServer(lambda *_: Answer(200), SystemClock())
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

    asyncio.run(story())

"""What the API's server writes to connections, and when it closes them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sensu.backend.api.responses import Response, Send, Streamed, json
from sensu.backend.api.server import ApiServer
from sensu.backend.listening import ListenerSettings
from tests.jumping_loop import JUMPING, elapse

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
IDLE_S = 30.0

Answer = Callable[[Send], Awaitable[None]]


@asynccontextmanager
async def connection_to(answer: Answer) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server that answers every request like this."""

    async def application(scope: Any, receive: Any, send: Send) -> None:
        await answer(send)

    server = ApiServer(application, ListenerSettings("127.0.0.1", 0, idle_timeout_s=IDLE_S))
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await server.stop()


async def test_a_stream_begins_before_its_first_part() -> None:
    """A client that follows a stream has its head at once, although the first part comes much later."""
    later: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def parts() -> AsyncIterator[bytes]:
        yield await later

    async with connection_to(Streamed(200, [], parts=parts()).send) as (reader, writer), asyncio.timeout(5):
        writer.write(GET)
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"transfer-encoding: chunked" in head
        later.set_result(b"first")
        assert await reader.readuntil(b"0\r\n\r\n") == b"5\r\nfirst\r\n0\r\n\r\n"


@pytest.mark.parametrize("value", [b"a\r\nx-other: b", b"a\nb", b"a\0b"])
async def test_a_header_cannot_begin_another_one(value: bytes) -> None:
    """A line break in the value of a header is refused, whoever chose the value."""
    answer = Response(200, [(b"location", value), (b"content-length", b"0")]).send
    async with connection_to(answer) as (reader, writer), asyncio.timeout(5):
        writer.write(GET)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 500 ")


async def test_a_body_of_another_length_than_announced_is_not_sent_as_if_it_were_whole() -> None:
    """A body that is shorter than its Content-Length ends with the connection."""
    answer = Response(200, [(b"content-length", b"10")], b"short").send
    async with connection_to(answer) as (reader, writer), asyncio.timeout(5):
        writer.write(GET)
        assert b"short" not in await reader.read()


@JUMPING
async def test_a_connection_without_another_request_is_closed(loop_factory: object) -> None:
    """A connection is kept for the next request, and closed when none comes in time."""
    loop = asyncio.get_running_loop()
    async with connection_to(json(b"{}").send) as (reader, writer):
        for _ in range(2):
            writer.write(GET)
            assert (await reader.readuntil(b"\r\n\r\n{}")).startswith(b"HTTP/1.1 200 ")
            await elapse(IDLE_S - 2)
        idle_since = loop.time()
        assert await reader.read() == b""
        assert loop.time() - idle_since < 5

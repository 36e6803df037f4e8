"""Connections to servers that do not answer, or answer something else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sensu.backend.auth.directory.connection import LDAPConnection, Limits, OutOfReach
from sensu.resources.directory import LDAPServer
from sensu.tls import client_context

LIMITS = Limits(connect_s=0.2, bind_s=0.2, search_s=0.2, login_s=0.5)


@asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[int]:
    """The port of a server that answers the first request with these bytes, or with nothing for ever (None)."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read(1)
            if answer is None:
                await reader.read()
            writer.write(answer or b"")
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("security", ["tls", "starttls", "insecure"])
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "did not answer within 0.2 s"),
        (b"", "127.0.0.1"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "127.0.0.1"),
        (b"0\x84\x00\xff\xff\xff", "127.0.0.1"),
    ],
    ids=["silent", "closed", "other protocol", "huge"],
)
async def test_what_is_no_directory_is_out_of_reach(security: str, answer: bytes | None, why: str) -> None:
    """A server that is silent, closes the connection or speaks another protocol is given up within the limits."""
    async with answering(answer) as port:
        server = LDAPServer(host="127.0.0.1", port=port, security=security)
        context = None if security == "insecure" else client_context()
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        ticking = asyncio.create_task(tick())
        with pytest.raises(OutOfReach, match=why):
            async with asyncio.timeout(5), LDAPConnection(server, context, LIMITS) as connection:
                await connection.bind("cn=a", "secret")
        ticking.cancel()
        assert ticks > 1


async def test_data_without_end_is_given_up() -> None:
    """A server that never stops to send, however it pretends, is left when it has sent too much."""
    async with answering(b"0\x84\x7f\xff\xff\xff" + bytes(6 << 20)) as port:
        server = LDAPServer(host="127.0.0.1", port=port, security="insecure")
        with pytest.raises(OutOfReach, match="sends more than 4 MiB"):
            async with LDAPConnection(server, None, Limits()) as connection:
                await connection.bind("cn=a", "secret")

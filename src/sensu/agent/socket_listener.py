"""The TCP and UDP sockets for check results in the format of Sensu 1.x.

The TCP socket answers when a JSON document is complete. Invalid input never stops the sockets.
Source: docs, "Agent reference", create events with the socket; recorded scenarios agent-local/tcp and udp.
"""

import asyncio
import logging
import re
from collections.abc import Callable

import msgspec

from sensu.agent.entity import OwnEntity
from sensu.agent.local_event import Incomplete, from_check_result
from sensu.clock import Clock
from sensu.errors import InvalidResource
from sensu.log import fields
from sensu.resources.event import Event

log = logging.getLogger("sensu.agent")

READ_TIMEOUT_S = 5.0
DOCUMENT_BYTES_MAX = 1024 * 1024
CONNECTIONS_MAX = 64
_PING = re.compile(rb"\s+ping\s+")


class SocketListener:
    """Both sockets on one address."""

    def __init__(
        self,
        entity: OwnEntity,
        offer: Callable[[Event], bool],
        clock: Clock,
    ) -> None:
        """`offer` queues an event, or returns False if the event cannot be sent."""
        self._entity, self._offer = entity, offer
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def listen(self, host: str, port: int) -> None:
        """Open both sockets; raises OSError if an address cannot be used."""
        loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._connected, host, port, limit=65536)
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._datagrams, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._take_datagram), local_addr=(host, self.port)
        )

    async def close(self) -> None:
        """Close both sockets and all connections."""
        if self._server is not None:
            self._server.close()
        if self._datagrams is not None:
            self._datagrams.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= CONNECTIONS_MAX:
            writer.transport.abort()
            return
        task = asyncio.create_task(self._serve(reader, writer), name="socket connection")
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = self._answer(await self._read(reader))
            if answer:
                writer.write(answer)
                async with asyncio.timeout(READ_TIMEOUT_S):
                    await writer.drain()
        except (OSError, TimeoutError):
            log.debug("a client of the socket disconnected")
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        """Read until a JSON document is complete, the client is done, or the size or time limit is reached."""
        data = bytearray()
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                while len(data) <= DOCUMENT_BYTES_MAX and not _is_complete(data):
                    chunk = await reader.read(65536)
                    if not chunk:
                        break
                    data += chunk
        except TimeoutError:
            log.debug("a client of the socket sent no complete document in time")
        return bytes(data)

    def _answer(self, data: bytes) -> bytes:
        """The answer to a client; empty for a result that was parsed but is not valid."""
        now = self._clock.now()
        try:
            event = from_check_result(data, self._entity.redacted_at(now), now)
        except Incomplete as error:
            log.warning("check result refused", extra=fields(error=str(error)))
            return b""
        except InvalidResource as error:
            if _PING.search(data):
                return b"pong"
            log.warning("check result refused", extra=fields(error=str(error)))
            return b"invalid"
        return b"ok" if self._offer(event) else b"invalid"

    def _take_datagram(self, data: bytes) -> None:
        now = self._clock.now()
        try:
            event = from_check_result(data, self._entity.redacted_at(now), now)
        except InvalidResource as error:
            log.debug("datagram refused", extra=fields(error=str(error)))
            return
        self._offer(event)


def _is_complete(data: bytearray) -> bool:
    """Whether the client is done sending."""
    if _PING.fullmatch(data):
        return True
    if not data.rstrip().endswith((b"}", b"]")):
        return False
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Part of asyncio's interface."""
        self._take(data)

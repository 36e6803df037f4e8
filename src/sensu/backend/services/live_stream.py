"""One live stream: what waits to be sent to a client, and what it follows."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from sensu.backend.auth.identity import Identity
from sensu.backend.services.live_topics import Topic

WAITING_BYTES_MAX = 1024 * 1024
"""A client that lets more wait is dropped; it may come back with the last id that it got."""
TICK, EXPIRED, ENDED = b"tick", b"expired", b"ended"

Identify = Callable[[], Identity | None]
"""Who the caller is now; None if its credentials are no longer valid."""


class _Message(msgspec.Struct):
    message: str


def block(event: bytes, data: bytes, revision: int | None = None) -> bytes:
    """A server-sent event."""
    head = b"" if revision is None else b"id: %d\n" % revision
    return b"%sevent: %s\ndata: %s\n\n" % (head, event, data)


def alive(revision: int) -> bytes:
    """A sign of life, with the id to go on behind."""
    return b"id: %d\n: alive\n\n" % revision


def said(event: bytes, message: str, revision: int | None = None) -> bytes:
    """A server-sent event that holds a message."""
    return block(event, msgspec.json.encode(_Message(message)), revision)


class LiveStream:
    """What a client follows, and what it is to be sent."""

    def __init__(self, identify: Identify, topics: Sequence[Topic]) -> None:
        self.identify = identify
        self.topics = topics
        self.sent_at = 0.0
        self.ended = False
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()

    def put(self, data: bytes) -> None:
        """Have data sent; ends the stream if too much waits."""
        if self.ended:
            return
        if self._bytes + len(data) > WAITING_BYTES_MAX:
            self._waiting.clear()
            self.end("the client is too slow: reconnect with the last id")
            return
        self._bytes += len(data)
        self._waiting.append(data)
        self._wake.set()

    def end(self, why: str) -> None:
        """End the stream with a reason, behind what waits."""
        if not self.ended:
            self.ended = True
            self._waiting.append(said(ENDED, why))
            self._wake.set()

    async def data(self) -> AsyncIterator[bytes]:
        """What is to be sent, as it comes, until the stream ends."""
        while True:
            while not self._waiting:
                if self.ended:
                    return
                self._wake.clear()
                await self._wake.wait()
            waiting = b"".join(self._waiting)
            self._waiting.clear()
            self._bytes = 0
            yield waiting

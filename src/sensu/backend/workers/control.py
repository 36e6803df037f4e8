"""The messages between a worker and its supervisor, one byte each, on a pair of sockets.

The worker reports when it is ready, every second that it is alive, and when it has nothing left to send to other
workers. The supervisor replies when all workers have come this far and the worker may end. If either process is gone,
the other reads the end of the stream.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable

READY, DRAINED, ALIVE, END = b"r", b"d", b"a", b"e"


class Control:
    """The worker's side."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._may_end = asyncio.Event()

    def open(self, orphaned: Callable[[], None]) -> None:
        """Listen to the supervisor; `orphaned` is called when it is gone."""
        self._end.setblocking(False)
        asyncio.get_running_loop().add_reader(self._end, self._hear, orphaned)

    def close(self) -> None:
        """Stop listening."""
        asyncio.get_running_loop().remove_reader(self._end)

    def _hear(self, orphaned: Callable[[], None]) -> None:
        heard = self._end.recv(16)
        if END in heard:
            self._may_end.set()
        if not heard:
            self.close()
            self._may_end.set()
            orphaned()

    def ready(self) -> None:
        """Report that this worker serves."""
        self._tell(READY)

    def alive(self) -> None:
        """Report that the event loop runs."""
        self._tell(ALIVE)

    async def drained(self) -> None:
        """Report that this worker has nothing left to send; returns when no other worker needs it."""
        self._tell(DRAINED)
        await self._may_end.wait()

    def _tell(self, word: bytes) -> None:
        with contextlib.suppress(OSError):
            self._end.send(word)

"""The messages between a worker and its supervisor, one byte each, on a pair of sockets.

The worker says when it is ready, every second that it is alive, and when nothing of its own is under way to others any
more; the supervisor says when all have come so far and it may end. Where either is gone, the other sees the end of the
stream.
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
        """Listen no longer."""
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
        """Say that this worker serves."""
        self._tell(READY)

    def alive(self) -> None:
        """Say that the loop turns."""
        self._tell(ALIVE)

    async def drained(self) -> None:
        """Nothing of this worker is under way to others; returns when they need it no longer, too."""
        self._tell(DRAINED)
        await self._may_end.wait()

    def _tell(self, word: bytes) -> None:
        with contextlib.suppress(OSError):
            self._end.send(word)

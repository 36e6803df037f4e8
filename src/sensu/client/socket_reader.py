"""Reading from a socket with an end to the patience."""

import io
import socket
from collections.abc import Callable
from typing import Any

from sensu.clock import SystemClock

Monotonic = Callable[[], float]
_MONOTONIC = SystemClock().monotonic


class SocketReader(io.RawIOBase):
    """The bytes that a socket receives; raises TimeoutError where they take too long.

    `begin` starts the time for one answer, which is for all of it: a server that sends a byte now and then is too slow,
    too. Without `whole` the time is that between two pieces, for answers that go on.
    """

    def __init__(
        self,
        connected: socket.socket,
        timeout_s: float | None,
        *,
        whole: bool = True,
        clock: Monotonic = _MONOTONIC,
    ) -> None:
        self._socket, self._timeout_s, self._whole, self._clock = connected, timeout_s, whole, clock
        self._ends_at = 0.0
        self.begin()

    def begin(self) -> None:
        """Wait for an answer from now on."""
        self._ends_at = self._clock() + (self._timeout_s or 0.0)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """How many bytes came, 0 at the end."""
        if self._timeout_s is not None:
            left_s = self._ends_at - self._clock() if self._whole else self._timeout_s
            if left_s <= 0:
                raise TimeoutError
            self._socket.settimeout(left_s)
        return self._socket.recv_into(buffer)

"""Lets the writer thread acquire Python's interpreter lock (GIL) while the event loop is busy.

A busy loop releases the lock only around its system calls, and acquires it again before a waiting thread has woken: the
writer was seen to wait for seconds. Therefore the loop sleeps from time to time while commits are in progress, long
enough for a thread to wake, and less and less often if the disk is slow.
"""

import asyncio
import time
from collections.abc import Callable

FIRST_REST_AFTER_S = 0.001
REST_EVERY_S_MAX = 0.016
REST_S = 0.00005


class GilYield:
    """Makes the loop sleep repeatedly between `begin` and `end`, unless they are less than a millisecond apart."""

    def __init__(self, rest: Callable[[float], None] = time.sleep) -> None:
        self._sleep = rest
        self._timer: asyncio.TimerHandle | None = None
        self._every_s = FIRST_REST_AFTER_S
        self._wanted = False

    def begin(self) -> None:
        """Called when a group of commits is passed to the writer."""
        self._wanted = True
        if self._timer is None:
            self._arm()

    def progress(self) -> None:
        """Called when the writer makes progress."""
        self._every_s = FIRST_REST_AFTER_S

    def end(self) -> None:
        """Called when no commit is in progress."""
        self._wanted = False

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._every_s, self._rest)

    def _rest(self) -> None:
        self._timer = None
        if self._wanted:
            self._sleep(REST_S)
            self._every_s = min(self._every_s * 1.5, REST_EVERY_S_MAX)
            self._arm()

"""Lets the writer thread win Python's interpreter lock back from a loop that never rests.

A busy loop gives the lock up only around its system calls, and takes it again before a waiting thread has woken: the
writer was seen to wait for seconds. So while commits are under way the loop rests now and then, long enough for a
thread to wake, and ever more seldom where it is the disk that is slow.
"""

import asyncio
import time
from collections.abc import Callable

FIRST_REST_AFTER_S = 0.001
REST_EVERY_S_MAX = 0.016
REST_S = 0.00005


class GilYield:
    """Rests the loop from `begin` until `end`, not at all where that is less than a millisecond."""

    def __init__(self, rest: Callable[[float], None] = time.sleep) -> None:
        self._sleep = rest
        self._timer: asyncio.TimerHandle | None = None
        self._every_s = FIRST_REST_AFTER_S
        self._wanted = False

    def begin(self) -> None:
        """A group of commits was handed over."""
        self._wanted = True
        if self._timer is None:
            self._arm()

    def progress(self) -> None:
        """The writer gave a sign of life."""
        self._every_s = FIRST_REST_AFTER_S

    def end(self) -> None:
        """No commit is under way."""
        self._wanted = False

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._every_s, self._rest)

    def _rest(self) -> None:
        self._timer = None
        if self._wanted:
            self._sleep(REST_S)
            self._every_s = min(self._every_s * 1.5, REST_EVERY_S_MAX)
            self._arm()

"""A clock that moves only when a test advances it."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable

YIELDS = 25
"""The number of loop iterations after each sleeper wakes; enough for a chain of tasks to pass something on."""


async def let_others_run() -> None:
    """Let the other tasks of the loop run for a while."""
    for _ in range(YIELDS):
        await asyncio.sleep(0)


class VirtualClock:
    """A `Clock` whose time passes only in `advance`.

    After each sleeper wakes, the other tasks run for a while; `settle_with` replaces this by another way to wait.
    """

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._started = now
        self._set_by_s = 0.0
        self._settle: Callable[[], Awaitable[None]] = let_others_run
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def settle_with(self, settle: Callable[[], Awaitable[None]]) -> None:
        """Await `settle` after each sleeper wakes, for example until a real store is idle."""
        self._settle = settle

    def now(self) -> float:
        """The wall-clock time in Unix seconds."""
        return self._now + self._set_by_s

    def monotonic(self) -> float:
        """Seconds since the clock was created."""
        return self._now - self._started

    async def sleep(self, seconds: float) -> None:
        """Return when the clock has been advanced by `seconds`."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Advance the clock; sleepers wake at their times, one after the other."""
        await self._settle()
        until = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, woken = heapq.heappop(self._sleepers)
            self._now = max(self._now, at)
            if not woken.done():
                woken.set_result(None)
                await self._settle()
        self._now = until
        await self._settle()

    async def jump(self, seconds: float) -> None:
        """Advance the clock in one step, as if the process had not run; a negative value sets the clock back."""
        await self._settle()
        self._now += seconds

    def set_by(self, seconds: float) -> None:
        """Set the wall clock forward, or back if negative; durations and sleepers are not affected."""
        self._set_by_s += seconds

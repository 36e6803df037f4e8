"""A clock that stands still until a test moves it."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable

YIELDS = 25
"""How often other tasks get their turn after each sleeper; enough for a chain of tasks to hand something on."""


async def let_others_run() -> None:
    """Return when the other tasks of the loop have had their turns."""
    for _ in range(YIELDS):
        await asyncio.sleep(0)


class VirtualClock:
    """A `Clock` whose time passes only in `advance`.

    After each sleeper woke, the other tasks get their turns; `settle_with` sets how to wait for more than those.
    """

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._started = now
        self._set_by_s = 0.0
        self._settle: Callable[[], Awaitable[None]] = let_others_run
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def settle_with(self, settle: Callable[[], Awaitable[None]]) -> None:
        """Await `settle` after each sleeper woke: a test with a real store waits there until the store is done."""
        self._settle = settle

    def now(self) -> float:
        """The wall-clock time in Unix seconds."""
        return self._now + self._set_by_s

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._now - self._started

    async def sleep(self, seconds: float) -> None:
        """Return when the clock was advanced by so many seconds."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Let so many seconds pass; sleepers wake at their time, in order, each with the others at rest."""
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
        """Let so many seconds pass at once, as for a process that did not run; negative: the clock is set back."""
        await self._settle()
        self._now += seconds

    def set_by(self, seconds: float) -> None:
        """Set the wall clock forward, or back where that is negative; durations and sleepers do not notice."""
        self._set_by_s += seconds

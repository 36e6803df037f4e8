"""The queue between the local API and the outbox: bounded, and no faster than configured."""

import asyncio
from collections import deque

from sensu.agent.outbox import BYTES_MAX, Outbox, weight
from sensu.clock import Clock
from sensu.resources.event import Event

EVENTS_MAX = 1000


class PacedQueue:
    """Takes events at once and passes them on at `rate_per_s` (0: no limit), up to `burst` of them together."""

    def __init__(self, outbox: Outbox, rate_per_s: float, burst: int, clock: Clock) -> None:
        self._outbox, self._rate_per_s, self._burst, self._clock = outbox, rate_per_s, max(burst, 1), clock
        self._waiting: deque[Event] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()

    def offer(self, event: Event) -> bool:
        """Queue an event, or return False where there is no room."""
        if len(self._waiting) >= EVENTS_MAX or self._bytes >= BYTES_MAX:
            return False
        self._waiting.append(event)
        self._bytes += weight(event)
        self._filled.set()
        return True

    async def run(self) -> None:
        """Pass events on until cancelled."""
        tokens, at = float(self._burst), self._clock.monotonic()
        while True:
            await self._next_waits()
            if self._rate_per_s > 0:
                now = self._clock.monotonic()
                tokens, at = min(tokens + (now - at) * self._rate_per_s, self._burst), now
                if tokens < 1:
                    await self._clock.sleep((1 - tokens) / self._rate_per_s)
                    continue
                tokens -= 1
            await self._outbox.put(self._waiting[0])
            self._bytes -= weight(self._waiting.popleft())

    async def _next_waits(self) -> None:
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()

"""Limits how often the server of a provider is asked."""

import asyncio

from sensu.clock import Clock
from sensu.resources.secret_providers import RateLimiter


class RateLimit:
    """A token bucket: requests beyond the burst wait for their turn, in the order in which they came."""

    def __init__(self, limiter: RateLimiter | None, clock: Clock) -> None:
        """Without a limiter, nothing waits."""
        self._limiter, self._clock = limiter, clock
        self._tokens = 0.0 if limiter is None else float(limiter.burst)
        self._at = clock.monotonic()
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Return when a request may be sent."""
        limiter = self._limiter
        if limiter is None:
            return
        async with self._turn:
            while self._filled(limiter) < 1:
                await self._clock.sleep((1 - self._tokens) / limiter.limit)
            self._tokens -= 1

    def _filled(self, limiter: RateLimiter) -> float:
        now = self._clock.monotonic()
        self._tokens = min(self._tokens + (now - self._at) * limiter.limit, float(limiter.burst))
        self._at = now
        return self._tokens

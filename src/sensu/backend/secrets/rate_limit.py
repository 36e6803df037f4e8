"""Limits how often the server of a provider is asked."""

import asyncio

from sensu.clock import Clock
from sensu.resources.secret_providers import RateLimiter
from sensu.token_bucket import TokenBucket


class RateLimit:
    """Requests beyond the burst wait for their turn, in the order in which they came."""

    def __init__(self, limiter: RateLimiter | None, clock: Clock) -> None:
        """Without a limiter, nothing waits."""
        self._clock = clock
        self._tokens = None if limiter is None else TokenBucket(limiter.limit, limiter.burst, clock)
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Return when a request may be sent."""
        if self._tokens is None:
            return
        async with self._turn:
            while not self._tokens.take():
                await self._clock.sleep(self._tokens.wait_s())

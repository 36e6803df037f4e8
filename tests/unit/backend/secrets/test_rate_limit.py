"""The limit of requests to the server of a provider."""

import asyncio

from sensu.backend.secrets.rate_limit import RateLimit
from sensu.resources.secret_providers import RateLimiter
from sensu.testing.virtual_clock import VirtualClock


async def test_requests_beyond_the_burst_wait_for_their_turn() -> None:
    """A burst passes at once, and the rest at the rate; an idle time earns no more than a burst."""
    clock, passed = VirtualClock(0.0), list[float]()
    limit = RateLimit(RateLimiter(limit=2, burst=3), clock)

    async def ask() -> None:
        await limit.wait()
        passed.append(clock.monotonic())

    asking = [asyncio.create_task(ask()) for _ in range(5)]
    await clock.advance(10)
    assert passed == [0, 0, 0, 0.5, 1.0]
    asking += [asyncio.create_task(ask()) for _ in range(4)]
    await clock.advance(0.4)
    assert len(passed) == 8
    await clock.advance(1)
    await asyncio.gather(*asking)

"""Token buckets: bursts, and the steady rate after them."""

import math

from sensu.testing.virtual_clock import VirtualClock
from sensu.token_bucket import TokenBucket


async def test_a_burst_is_followed_by_the_steady_rate() -> None:
    """As many as the burst are allowed at once, and then one whenever a token is there."""
    clock = VirtualClock()
    bucket = TokenBucket(rate_per_s=2, burst=3, clock=clock)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    assert bucket.wait_s() == 0.5
    await clock.advance(0.5)
    assert (bucket.wait_s(), bucket.take(), bucket.take()) == (0.0, True, False)


async def test_what_is_saved_up_never_exceeds_the_burst() -> None:
    """After an hour without use there are as many tokens as the burst, and at least one."""
    for burst, kept in ((3, 3), (0, 1)):
        clock = VirtualClock()
        bucket = TokenBucket(rate_per_s=2, burst=burst, clock=clock)
        await clock.advance(3600)
        assert [bucket.take() for _ in range(kept + 1)] == [True] * kept + [False]


async def test_without_a_rate_the_burst_is_all_there_is() -> None:
    """A bucket that is not refilled says that waiting is of no use."""
    bucket = TokenBucket(rate_per_s=0, burst=1, clock=VirtualClock())
    assert (bucket.take(), bucket.take(), bucket.wait_s()) == (True, False, math.inf)

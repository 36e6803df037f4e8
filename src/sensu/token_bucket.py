"""Limits how often something is done, with bursts."""

from sensu.clock import Clock


class TokenBucket:
    """Gives a token `rate_per_s` times a second, and keeps up to `burst` of them for later; it starts full."""

    def __init__(self, rate_per_s: float, burst: int, clock: Clock) -> None:
        """Without a rate (0), what is kept is all there is; a burst is at least one token."""
        self._rate_per_s, self._burst, self._clock = rate_per_s, max(burst, 1), clock
        self._tokens, self._at = float(self._burst), clock.monotonic()

    def take(self) -> bool:
        """Take a token; false if none is left."""
        self._fill()
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def wait_s(self) -> float:
        """The seconds until there is a token, 0 if there is one; infinite if there will be none."""
        self._fill()
        if self._tokens >= 1:
            return 0.0
        return (1 - self._tokens) / self._rate_per_s if self._rate_per_s > 0 else float("inf")

    def _fill(self) -> None:
        now = self._clock.monotonic()
        self._tokens = min(self._tokens + (now - self._at) * self._rate_per_s, float(self._burst))
        self._at = now

"""The rate-limited, durable queue between the local API and the outbox."""

from sensu.agent.outbox import Outbox
from sensu.clock import Clock
from sensu.resources.event import Event


class PacedQueue:
    """Accepts events immediately and passes them on at `rate_per_s` (0: no limit), in bursts of up to `burst`.

    Events that exceed the rate wait in a second outbox, `waiting`.
    """

    def __init__(self, outbox: Outbox, waiting: Outbox, rate_per_s: float, burst: int, clock: Clock) -> None:
        self._outbox, self._waiting, self._clock = outbox, waiting, clock
        self._rate_per_s, self._burst = rate_per_s, max(burst, 1)
        self._tokens, self._at = float(self._burst), clock.monotonic()

    def offer(self, event: Event) -> bool:
        """Queue an event; returns False if it cannot be written as JSON."""
        if len(self._waiting) or self._wait_s() > 0:
            return self._waiting.offer(event)
        self._tokens -= 1
        return self._outbox.offer(event)

    async def run(self) -> None:
        """Pass events on until cancelled."""
        while True:
            await self._waiting.first()
            wait_s = self._wait_s()
            if wait_s > 0:
                await self._clock.sleep(wait_s)
                continue
            entry = self._waiting.take()
            if entry is not None:
                self._tokens -= 1
                self._outbox.add(entry.payload, entry.at)
                self._waiting.settle([entry])

    def _wait_s(self) -> float:
        """How long until the next event may be passed on."""
        if self._rate_per_s <= 0:
            return 0.0
        now = self._clock.monotonic()
        self._tokens = min(self._tokens + (now - self._at) * self._rate_per_s, self._burst)
        self._at = now
        return max(0.0, (1 - self._tokens) / self._rate_per_s)

"""The rate-limited, durable queue between the local API and the outbox."""

from sensu.agent.outbox import Outbox
from sensu.clock import Clock
from sensu.resources.event import Event
from sensu.token_bucket import TokenBucket


class PacedQueue:
    """Accepts events immediately and passes them on at `rate_per_s` (0: no limit), in bursts of up to `burst`.

    Events that exceed the rate wait in a second outbox, `waiting`.
    """

    def __init__(self, outbox: Outbox, waiting: Outbox, rate_per_s: float, burst: int, clock: Clock) -> None:
        self._outbox, self._waiting, self._clock = outbox, waiting, clock
        self._tokens = TokenBucket(rate_per_s, burst, clock) if rate_per_s > 0 else None

    def offer(self, event: Event) -> bool:
        """Queue an event; returns False if it cannot be written as JSON."""
        if len(self._waiting) or not self._take():
            return self._waiting.offer(event)
        return self._outbox.offer(event)

    async def run(self) -> None:
        """Pass events on until cancelled."""
        while True:
            await self._waiting.first()
            while self._tokens is not None and (wait_s := self._tokens.wait_s()) > 0:
                await self._clock.sleep(wait_s)
            entry = self._waiting.take()
            if entry is not None:
                self._take()
                self._outbox.add(entry.payload, entry.at)
                self._waiting.settle([entry])

    def _take(self) -> bool:
        """Whether an event may be passed on; if so, it counts."""
        return self._tokens is None or self._tokens.take()

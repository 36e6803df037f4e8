"""The StatsD server: receives datagrams, aggregates them, and sends them as metrics events.

Source: docs, "Agent reference", StatsD aggregation; recorded scenario agent-local/statsd.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from sensu.agent.check_event import plain
from sensu.agent.counters import AgentCounters
from sensu.agent.entity import OwnEntity
from sensu.agent.statsd_metrics import Aggregates, parse
from sensu.clock import Clock
from sensu.log import fields
from sensu.resources.event import Event
from sensu.resources.metrics import MetricPoint, Metrics, MetricTag

log = logging.getLogger("sensu.agent")

POINTS_PER_EVENT_MAX = 1000


@dataclass(frozen=True, slots=True)
class Flush:
    """How often metrics are sent, and the handlers of their events."""

    interval_s: float
    handlers: tuple[str, ...]


class StatsDServer:
    """Listens on one UDP address."""

    def __init__(
        self,
        entity: OwnEntity,
        offer: Callable[[Event], bool],
        flush: Flush,
        counters: AgentCounters,
        clock: Clock,
    ) -> None:
        """`offer` queues an event, or returns False if the event cannot be sent."""
        self._entity, self._offer, self._flush = entity, offer, flush
        self._counters, self._clock = counters, clock
        self._aggregates = Aggregates()
        self._transport: asyncio.DatagramTransport | None = None
        self.port = 0

    async def listen(self, host: str, port: int) -> None:
        """Open the socket; raises OSError if the address cannot be used."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self.take), local_addr=(host, port))
        self.port = int(self._transport.get_extra_info("sockname")[1])

    async def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()

    async def run(self) -> None:
        """Send metrics at each interval until cancelled."""
        last = self._clock.monotonic()
        while True:
            await self._clock.sleep(self._flush.interval_s)
            now = self._clock.monotonic()
            self.flush(now - last)
            last = now

    def take(self, data: bytes, source: str) -> None:
        """Aggregate the samples of one datagram; invalid lines are ignored."""
        now = self._clock.monotonic()
        for line in data.splitlines():
            sample = parse(line, source)
            if sample is None:
                log.debug("line of a StatsD datagram ignored", extra=fields(source=source))
            elif not self._aggregates.add(sample, now):
                self._counters.dropped("statsd")

    def flush(self, elapsed_s: float) -> None:
        """Send all metrics as events of at most `POINTS_PER_EVENT_MAX` points."""
        now = self._clock.now()
        stamp = int(now * 1e9)
        points = [
            MetricPoint(name=name, value=plain(value), timestamp=stamp, tags=_tags(tags))
            for name, value, tags in self._aggregates.flush(self._clock.monotonic(), elapsed_s)
        ]
        entity = self._entity.redacted_at(now) if points else None
        for at in range(0, len(points), POINTS_PER_EVENT_MAX):
            metrics = Metrics(
                handlers=self._flush.handlers or None, points=tuple(points[at : at + POINTS_PER_EVENT_MAX])
            )
            self._offer(Event(entity=entity, metrics=metrics, timestamp=int(now)))


def _tags(tags: tuple[tuple[str, str], ...]) -> tuple[MetricTag, ...]:
    return tuple(MetricTag(name=name, value=value) for name, value in tags)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, str], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: tuple[str, int] | object) -> None:
        """Part of asyncio's interface."""
        self._take(data, str(addr[0]) if isinstance(addr, tuple) else "")

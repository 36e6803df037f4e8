"""What waits to be sent to a backend: bounded, in order, kept until it is sent or, where acknowledged, stored.

When it is full, check runs and the TCP socket wait for room, and callers that cannot wait are told no.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from sensu.resources.event import Event

EVENTS_MAX = 1000
BYTES_MAX = 16 * 1024 * 1024
_EVENT_BYTES = 2000
_POINT_BYTES = 150


class Outbox:
    """A queue of events with one taker, the session."""

    def __init__(self, events_max: int = EVENTS_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._events_max, self._bytes_max = events_max, bytes_max
        self._waiting: deque[Event] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, event: Event) -> bool:
        """Queue an event, or return False where there is no room."""
        if not self._room.is_set():
            return False
        self._waiting.append(event)
        self._changed(weight(event))
        return True

    async def put(self, event: Event) -> None:
        """Queue an event, waiting for room."""
        while not self.offer(event):
            await self._room.wait()

    def put_back(self, events: Sequence[Event]) -> None:
        """Return events that were taken but did not arrive, to be sent before all others; they always fit."""
        self._waiting.extendleft(reversed(events))
        self._changed(sum(map(weight, events)))

    async def first(self) -> Event:
        """The event that is next, once there is one; it stays until it is taken."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        return self._waiting[0]

    def take(self) -> Event:
        """Remove and return the event that is next."""
        event = self._waiting.popleft()
        self._changed(-weight(event))
        return event

    def _changed(self, added_bytes: int) -> None:
        self._bytes += added_bytes
        if self._waiting:
            self._filled.set()
        if len(self._waiting) < self._events_max and self._bytes < self._bytes_max:
            self._room.set()
        else:
            self._room.clear()


def weight(event: Event) -> int:
    """Roughly what an event occupies, in bytes."""
    output = len(event.check.output) if event.check is not None else 0
    points = len(event.metrics.points or ()) if event.metrics is not None else 0
    return _EVENT_BYTES + output + points * _POINT_BYTES

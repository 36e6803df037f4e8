"""Tracks when each event's keepalive or TTL deadline expires.

Deadlines use a clock of their own that is paused while no event can arrive, so that neither a step of the wall clock
nor a pause of this process or of the store causes false failure events.
"""

import heapq
from collections.abc import Iterator

from sensu.clock import Clock
from sensu.store.values import EventKey


class Deadlines:
    """The deadlines of events, in memory; the store holds them too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._paused_s = 0.0
        self._due: dict[EventKey, float] = {}
        self._heap: list[tuple[float, EventKey]] = []
        self._queued: dict[EventKey, float] = {}

    def __len__(self) -> int:
        return len(self._due)

    def __contains__(self, key: object) -> bool:
        return key in self._due

    def arm(self, key: EventKey, after_s: float) -> None:
        """Set the deadline of an event to `after_s` from now."""
        due = self._now() + after_s
        self._due[key] = due
        queued = self._queued.get(key)
        if queued is None or due < queued:
            self._queue(key, due)

    def __iter__(self) -> Iterator[EventKey]:
        """The events that have a deadline."""
        return iter(self._due)

    def forget(self, key: EventKey) -> None:
        """Remove the deadline of an event."""
        self._due.pop(key, None)

    def remaining_s(self, key: EventKey) -> float | None:
        """Seconds until the deadline of an event, negative if it has passed; None without a deadline."""
        due = self._due.get(key)
        return None if due is None else due - self._now()

    def pause(self, seconds: float) -> None:
        """Postpone all deadlines by a time in which no event could arrive."""
        self._paused_s += seconds

    def wait_s(self, at_most: float) -> float:
        """The time until a deadline may expire, at most `at_most`."""
        return min(at_most, max(0.0, self._heap[0][0] - self._now())) if self._heap else at_most

    def take_due(self) -> list[EventKey]:
        """Remove and return the events whose deadline has expired."""
        now, due = self._now(), []
        while self._heap and self._heap[0][0] <= now:
            queued, key = heapq.heappop(self._heap)
            if self._queued.get(key) != queued:
                continue
            del self._queued[key]
            at = self._due.get(key)
            if at is None:
                continue
            if at > now:
                self._queue(key, at)
            else:
                del self._due[key]
                due.append(key)
        return due

    def _queue(self, key: EventKey, due: float) -> None:
        """One entry per key: a later deadline waits for the earlier entry to come up, an earlier one replaces it."""
        self._queued[key] = due
        heapq.heappush(self._heap, (due, key))

    def _now(self) -> float:
        return self._clock.monotonic() - self._paused_s

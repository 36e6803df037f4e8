"""The queue of events for the backend. An event is kept until it is acknowledged or, without acknowledgements, sent.

With a journal all events are on disk and the next few in memory. Without a journal, or while the disk fails, memory
holds at most `MEMORY_EVENTS_MAX` events and `MEMORY_BYTES_MAX`. A full queue drops and counts its oldest events.
"""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import takewhile

from sensu.agent.counters import AgentCounters
from sensu.agent.journal import Journal
from sensu.clock import Clock
from sensu.log import fields
from sensu.resources import wire
from sensu.resources.event import Event

log = logging.getLogger("sensu.agent")

MEMORY_EVENTS_MAX = 1000
MEMORY_BYTES_MAX = 16 * 1024 * 1024
AHEAD_EVENTS_MAX = 256
AHEAD_BYTES_MAX = 1024 * 1024
"""How many events of the journal are also kept in memory."""


class Entry:
    """A queued event: its JSON in `payload`, when it was accepted, and its number in the journal (0: none).

    Times are from `Clock.monotonic`, so setting the wall clock does not make an event old.
    """

    __slots__ = ("at", "event", "number", "payload")

    def __init__(self, number: int, at: float, payload: bytes, event: Event | None = None) -> None:
        self.number, self.at, self.payload, self.event = number, at, payload, event

    def decoded(self) -> Event:
        """The event; raises InvalidResource if another version of the agent wrote it and this one cannot read it."""
        return self.event if self.event is not None else wire.decode(Event, self.payload)


class Outbox:
    """A queue of events with one consumer: `first`, `take`, then `settle` or `put_back`."""

    def __init__(
        self,
        clock: Clock,
        counters: AgentCounters,
        journal: Journal | None = None,
        *,
        age_max_s: float = math.inf,
        memory_events_max: int = MEMORY_EVENTS_MAX,
        memory_bytes_max: int = MEMORY_BYTES_MAX,
    ) -> None:
        self._clock, self._counters, self._journal, self._age_max_s = clock, counters, journal, age_max_s
        self._memory_events_max, self._memory_bytes_max = memory_events_max, memory_bytes_max
        self._ready: deque[Entry] = deque()
        self._behind: deque[Entry] = deque()  # only in memory, newer than the unread part of the journal
        self._bytes = 0
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._ready) + len(self._behind) + self._unread

    @property
    def _unread(self) -> int:
        return self._journal.unread if self._journal is not None else 0

    def offer(self, event: Event) -> bool:
        """Queue an event; returns False, and counts it as dropped, if it cannot be written as JSON."""
        try:
            payload = wire.encode(event)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            self._counters.dropped("event")
            log.error("event dropped", extra=fields(event_uuid=event.id, error=str(error)))
            return False
        self.add(payload, self._clock.monotonic(), event)
        return True

    def add(self, payload: bytes, at: float, event: Event | None = None) -> None:
        """Queue the JSON of an event that was accepted at the time `at`."""
        entry = Entry(0, at, payload, event)
        if self._behind:
            self._write_behind()
        elif self._ready and not self._ready[-1].number:
            self._write_ready()
        if not self._write(entry, read_ahead=True):
            self._keep(entry)
        self._filled.set()

    def put_back(self, entries: Sequence[Entry]) -> None:
        """Return taken events that did not arrive; they are sent first. They always fit."""
        self._ready.extendleft(reversed(entries))
        self._bytes += sum(len(entry.payload) for entry in entries)
        if entries:
            self._filled.set()

    def settle(self, entries: Iterable[Entry]) -> None:
        """Remove taken events that are stored, refused or dropped."""
        numbers = [entry.number for entry in entries if entry.number]
        if numbers and self._journal is not None:
            self._journal.settle(numbers, self._clock.monotonic())

    async def first(self) -> None:
        """Wait until the queue is not empty."""
        while not len(self):
            self._filled.clear()
            await self._filled.wait()

    def take(self) -> Entry | None:
        """Remove and return the next event, or None if the queue is empty; drops events that are too old."""
        while True:
            if not self._ready:
                self._refill()
            if not self._ready:
                return None
            entry = self._ready.popleft()
            self._bytes -= len(entry.payload)
            if self._clock.monotonic() - entry.at <= self._age_max_s:
                return entry
            self._counters.lost("age", 1)
            self.settle([entry])

    def _write(self, entry: Entry, *, read_ahead: bool) -> bool:
        """Write an entry to the journal, and keep it in memory too if it is next and fits; False if writing fails."""
        if self._journal is None or self._behind:
            return False
        number = self._journal.append(entry.payload, entry.at, self._clock.monotonic())
        if number is None:
            return False
        entry.number = number
        fits = len(self._ready) < AHEAD_EVENTS_MAX and self._bytes < AHEAD_BYTES_MAX
        if read_ahead and fits and self._journal.unread == 1:
            self._journal.pass_over()
            self._ready.append(entry)
            self._bytes += len(entry.payload)
        return True

    def _write_behind(self) -> None:
        """Move entries to the journal that it could not take before."""
        waiting, self._behind = self._behind, deque()
        while waiting and self._write(waiting[0], read_ahead=False):
            self._bytes -= len(waiting.popleft().payload)
        self._behind = waiting

    def _write_ready(self) -> None:
        """Write ready entries to the journal that it could not take before, if it holds nothing newer."""
        if self._journal is None or self._unread:
            return
        newest = list(takewhile(lambda entry: not entry.number, reversed(self._ready)))
        for entry in reversed(newest):
            entry.number = self._journal.append(entry.payload, entry.at, self._clock.monotonic()) or 0
            if not entry.number:
                break
        self._journal.pass_over()

    def _keep(self, entry: Entry) -> None:
        (self._behind if self._unread or self._behind else self._ready).append(entry)
        self._bytes += len(entry.payload)
        while self._is_overfull():
            oldest = (self._ready or self._behind).popleft()
            self._bytes -= len(oldest.payload)
            self._counters.lost("memory", 1)
            self.settle([oldest])

    def _is_overfull(self) -> bool:
        events = len(self._ready) + len(self._behind)
        return events > 1 and (events > self._memory_events_max or self._bytes > self._memory_bytes_max)

    def _refill(self) -> None:
        if self._journal is not None and self._journal.unread:
            for number, at, payload in self._journal.read():
                self._ready.append(Entry(number, at, payload))
                self._bytes += len(payload)
        if not self._ready and not self._unread:
            self._ready, self._behind = self._behind, self._ready

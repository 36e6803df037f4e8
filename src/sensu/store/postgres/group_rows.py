"""The rows that a group of commits writes for events, their states and their histories.

The owner of events remembers their row ids and the ends of their histories, so that a result is appended without
reading its event.
"""

from collections.abc import Callable
from typing import Any

from sensu.clock import Clock
from sensu.rules.share import slot_of
from sensu.store.compression import StoredBodies
from sensu.store.group import CommitGroup
from sensu.store.queries import slashed
from sensu.store.values import EventKey, EventState, PutEvent, Result

ENTRY_BYTES = 24
"""The approximate size of an entry of a history without its body."""
HANDLING_BYTES = 160
"""What the handling of a state change takes, about."""

EPOCH_MS = 1_577_836_800_000
"""Entries of histories are numbered by the milliseconds since the beginning of 2020."""
COUNTER_BITS, SEAT_BITS = 12, 10

_NEW = EventState()


class HistoryIds:
    """Allocates the ids of entries in both histories: they grow with time, and are unique without asking anybody.

    An id has the milliseconds, the seat (modulo 1024) and a counter. If more entries arrive in a millisecond than the
    counter has numbers, or the clock goes backwards, the milliseconds run ahead of the clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seat = self._last_ms = self._counter = 0

    def begin(self, seat: int) -> None:
        """Allocate ids for a seat."""
        self._seat = (seat % (1 << SEAT_BITS)) << COUNTER_BITS

    def go_beyond(self, newest: int) -> None:
        """Allocate ids that are greater than the newest stored one."""
        newest_ms = (newest >> (COUNTER_BITS + SEAT_BITS)) + 1
        if newest_ms > self._last_ms:
            self._last_ms, self._counter = newest_ms, 0

    def take(self) -> int:
        """The next id."""
        now_ms = int(self._clock.now() * 1000) - EPOCH_MS
        if now_ms > self._last_ms:
            self._last_ms, self._counter = now_ms, 0
        elif self._counter + 1 < 1 << COUNTER_BITS:
            self._counter += 1
        else:
            self._last_ms, self._counter = self._last_ms + 1, 0
        return (self._last_ms << (COUNTER_BITS + SEAT_BITS)) | self._seat | self._counter


class KnownEvent:
    """The row id of a stored event, and the newest entries of its histories."""

    __slots__ = ("change", "id", "result")

    def __init__(self, row_id: int, result: int | None = None, change: int | None = None) -> None:
        self.id, self.result, self.change = row_id, result, change


class GroupRows:
    """The rows for a group's events; updates `known`, which has all stored events among those that the group names."""

    def __init__(
        self,
        group: CommitGroup,
        bodies: StoredBodies,
        known: dict[EventKey, KnownEvent],
        take_id: Callable[[], int],
        ids: HistoryIds,
    ) -> None:
        self.revision = group.revision
        self.results_bytes = self.changes_bytes = 0
        self.updated: list[tuple[Any, ...]] = []
        self.begun: list[tuple[Any, ...]] = []
        self.gone: list[int] = []
        self.begun_anew = False
        """Whether an event is deleted and created again, so that deleting comes first."""
        self.results: list[tuple[Any, ...]] = []
        self.changes: list[tuple[Any, ...]] = []
        self.states_begun: list[tuple[Any, ...]] = []
        self.states_moved: list[tuple[Any, ...]] = []
        self._begun_ids: set[int] = set()
        self._known, self._take_id, self._ids, self._group = known, take_id, ids, group
        self._bodies = bodies.events
        for key, put in group.events.items():
            self._add(key, put)
        self._touch()

    def _add(self, key: EventKey, put: PutEvent | None) -> None:
        event = self._known.get(key)
        if event is not None and (put is None or key in self._group.events_begun_anew):
            self.gone.append(event.id)
            self.begun_anew |= put is not None
            del self._known[key]
            event = None
        if put is None:
            return
        is_new = event is None
        if event is None:
            event = self._known[key] = KnownEvent(self._take_id())
        for result in self._group.earlier_results.get(key, ()):
            self._append(event, result)
        if put.result is not None:
            self._append(event, put.result)
        if is_new:
            place = (slot_of(key.namespace, key.entity), slashed(key.namespace), slashed(key.entity), key.check)
            self.begun.append((event.id, *place, put.due_at, self._bodies[key], event.result, event.change))
            state = self._group.event_states.get(key, _NEW)
            self._begun_ids.add(event.id)
            self.states_begun.append((event.id, *place, *_flags(state, self._group.marked_silenced.get(key))))
        else:
            self.updated.append((event.id, put.due_at, self._bodies[key], event.result, event.change))
            moved = self._group.event_states.get(key)
            if moved is not None:
                self.states_moved.append((event.id, *_flags(moved, self._group.marked_silenced.get(key)), True))

    def _append(self, event: KnownEvent, result: Result) -> None:
        size = len(result.body) + ENTRY_BYTES
        entry = self._ids.take()
        if result.changed:
            self.changes.append((entry, event.change, result.at, result.delivery, result.body, result.handled))
            self.changes_bytes += size + HANDLING_BYTES
            event.change = entry
        else:
            self.results.append((entry, event.result, result.at, result.body))
            self.results_bytes += size
            event.result = entry

    def _touch(self) -> None:
        """Add the states of which only the mark, or nothing but the revision, changes."""
        written = {row[0] for row in self.states_moved} | self._begun_ids
        handled = {key for key, _ in self._group.handlings}
        for key in (*self._group.marked_silenced, *handled):
            event = self._known.get(key)
            if event is not None and event.id not in written:
                written.add(event.id)
                marked = self._group.marked_silenced.get(key)
                silenced = None if marked is None else int(marked)
                self.states_moved.append((event.id, None, None, silenced, None, None, key in handled))


def _flags(state: EventState, marked: bool | None) -> tuple[int, int, int, int, int]:
    silenced = state.silenced if marked is None else marked
    return (state.severity, state.since, int(silenced), int(state.flapping), int(state.overdue))

"""The tables of a simulated database: dictionaries whose last transactions can be undone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from sensu.rules.share import ALL_SLOTS
from sensu.store.coordination import Contact
from sensu.store.group import CommitGroup
from sensu.store.values import (
    Change,
    DeliveriesSize,
    EventKey,
    EventState,
    Key,
    ListedEvent,
    OweDelivery,
    PutResource,
    Result,
)

ABSENT: Any = object()
TRANSACTIONS_KEPT = 50
"""How many of the last transactions a failover can lose at most."""


class SeatRow(msgspec.Struct, frozen=True):
    """One start of a member: how many commits it made, and why it must make no more."""

    member: str
    process: str = ""
    commits: int = 0
    gone: str = ""
    contact: Contact | None = None
    takes_slots: bool = False
    leaving: bool = False


class OwnedSlot(msgspec.Struct, frozen=True):
    """Who owns a slot, for whom it was freed, and how often it has moved."""

    seat: int | None = None
    wanted_by: int | None = None
    epoch: int = 0


class BeatRow(msgspec.Struct, frozen=True):
    """The last sign of life of a seat, and what it said of itself."""

    beat: int
    read_to: int
    owed: DeliveriesSize
    unreached: frozenset[int]


class EventRow(msgspec.Struct, frozen=True):
    """A stored event."""

    id: int
    body: bytes
    due_at: float | None
    change: int = 0


class Tables:
    """What the database holds."""

    def __init__(self) -> None:
        self.seats: dict[int, SeatRow] = {}
        self.beats: dict[int, BeatRow] = {}
        self.slots: dict[int, OwnedSlot] = {slot: OwnedSlot() for slot in sorted(ALL_SLOTS)}
        self.changes: dict[int, tuple[Change, ...]] = {}
        """The log of the changes of resources, by revision."""
        self.owner_changes: dict[int, tuple[int, int, int | None]] = {}
        """When a slot had another owner: transaction, slot and seat."""
        self.written: dict[tuple[int, int], int] = {}
        """The seat that wrote events or the run ledger of a slot, by transaction and slot."""
        self.numbers: dict[str, int] = {"revision": 1, "seat": 0, "event": 0, "delivery": 0, "map": 0, "logged": 0}
        self.resources: dict[Key, tuple[PutResource, int]] = {}
        self.events: dict[EventKey, EventRow] = {}
        self.event_states: dict[EventKey, EventState] = {}
        self.histories: dict[EventKey, tuple[Result, ...]] = {}
        self.owed: dict[int, OweDelivery] = {}
        self.dead: dict[int, tuple[OweDelivery, str]] = {}
        self.states: dict[str, bytes] = {}
        self.transactions = 0
        self._undo: list[list[tuple[dict[Any, Any], Any, Any]]] = []
        self._open: list[tuple[dict[Any, Any], Any, Any]] | None = None

    def put(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        """Write a row, in a transaction."""
        assert self._open is not None
        self._open.append((table, key, table.get(key, ABSENT)))
        table[key] = value

    def drop(self, table: dict[Any, Any], key: Any) -> None:
        """Delete a row if it exists, in a transaction."""
        assert self._open is not None
        if key in table:
            self._open.append((table, key, table.pop(key)))

    def next_number(self, name: str, step: int = 1) -> int:
        """The number of a counter after it is raised."""
        self.put(self.numbers, name, self.numbers[name] + step)
        return self.numbers[name]

    def give_slot(self, slot: int, seat: int | None, wanted_by: int | None = None) -> None:
        """Change the owner of a slot."""
        row = self.slots[slot]
        epoch = row.epoch + (seat is not None)
        self.put(self.slots, slot, OwnedSlot(seat, wanted_by, epoch))
        self.put(self.owner_changes, len(self.owner_changes), (self.transactions + 1, slot, seat))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self._open = []
        try:
            yield
        except BaseException:
            self._take_back(self._open)
            raise
        else:
            if self._open:
                self._undo.append(self._open)
                del self._undo[:-TRANSACTIONS_KEPT]
                self.transactions += 1
        finally:
            self._open = None

    def lose(self, number: int) -> int:
        """Undo the last transactions, as many as are known; returns how many."""
        lost = min(number, len(self._undo))
        for _ in range(lost):
            self._take_back(self._undo.pop())
        self.transactions -= lost
        return lost

    def _take_back(self, changes: list[tuple[dict[Any, Any], Any, Any]]) -> None:
        for table, key, before in reversed(changes):
            if before is ABSENT:
                del table[key]
            else:
                table[key] = before

    def apply(self, group: CommitGroup) -> None:
        """Write what a group comes to."""
        for key, resource in group.resources.items():
            self.drop(self.resources, key) if resource is None else self.put(self.resources, key, resource)
        for event_key, put in group.events.items():
            if event_key in group.events_begun_anew:
                for table in (self.events, self.event_states, self.histories):
                    self.drop(table, event_key)
            if put is not None:
                results = [*group.earlier_results.get(event_key, ()), *([put.result] if put.result else [])]
                known = self.events.get(event_key)
                number = self.next_number("event") if known is None else known.id
                changes = [result.delivery for result in results if result.changed]
                change = changes[-1] if changes else 0 if known is None else known.change
                self.put(self.events, event_key, EventRow(number, put.body, put.due_at, change))
                if results:
                    self.put(self.histories, event_key, (*self.histories.get(event_key, ()), *results))
        for event_key, state in group.event_states.items():
            self.put(self.event_states, event_key, state)
        for event_key, silenced in group.marked_silenced.items():
            if event_key in self.events:
                marked = msgspec.structs.replace(self.event_state(event_key), silenced=silenced)
                self.put(self.event_states, event_key, marked)
        for name, value in group.states.items():
            self.put(self.states, name, value)
        self._apply_deliveries(group)
        self.put(self.numbers, "revision", group.revision)

    def _apply_deliveries(self, group: CommitGroup) -> None:
        for number, owed in group.owed.items():
            self.drop(self.dead, number)
            self.put(self.owed, number, owed)
        for number, why in group.settled.items():
            settled = self.owed.get(number)
            if why and settled is not None:
                self.put(self.dead, number, (settled, why))
            self.drop(self.owed, number)
            if not why:
                self.drop(self.dead, number)
        for (key, delivery), handled in group.handlings.items():
            place = self.change_place(key, delivery)
            if place is not None:
                results = self.histories[key]
                noted = msgspec.structs.replace(results[place], handled=handled)
                self.put(self.histories, key, (*results[:place], noted, *results[place + 1 :]))

    def change_place(self, key: EventKey, delivery: int) -> int | None:
        """Where the newest state change whose number is not above `delivery` is in the history of an event."""
        results = self.histories.get(key, ())
        places = [place for place, each in enumerate(results) if each.changed and each.delivery <= delivery]
        return places[-1] if places else None

    def event_state(self, key: EventKey) -> EventState:
        """The state of an event as lists show it."""
        return self.event_states.get(key, EventState())

    def listed(self, which: Callable[[EventKey], bool]) -> list[ListedEvent]:
        """Events with their states, in order of their names."""
        return [
            ListedEvent(row.id, key, self.event_state(key), row.body)
            for key, row in sorted(self.events.items(), key=lambda item: item[0])
            if which(key)
        ]

"""What a store keeps and how it is asked: the protocols that SQLite and PostgreSQL fulfil.

A store keeps bytes under keys and applies writes; it decides nothing. All writes of one `commit` apply together or not
at all, and commits that wait at the same time share one transaction. When `commit` returns, its writes are durable
as far as the durability setting promises, every later read sees them, and every listener was called with them.

Several processes may share a store. Any of them may write each resource, because the conditions of a commit hold for
all; an event, and the deliveries of its entity, are written only by the process that owns the slot of the entity.
What others wrote is read through a `ChangeFeed`.

Reads see only committed writes. Lists come in byte order of `namespace/name` (events: `namespace/entity/check`), so
that namespace `a-b` comes before `a`. They are read a page at a time: a write between two pages may show in the later.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol

from sensu.rules.share import ALL_SLOTS, Slots
from sensu.store.values import (
    AuditEntry,
    Change,
    Committed,
    CountsByNamespace,
    DeliveriesSize,
    DeliveryCounts,
    EventChanges,
    EventKey,
    EventPage,
    EventPosition,
    EventQuery,
    EventSearch,
    EventWalk,
    HistoryPage,
    HistoryPosition,
    HistorySize,
    Key,
    ListedEvent,
    OweDelivery,
    Page,
    Refused,
    Stored,
    StoredEvent,
    StoredHandling,
    Write,
)

ChangeListener = Callable[[Sequence[Change]], None]


class Store(Protocol):
    """A place where resources, events and owed deliveries are kept.

    Raises `StoreError` (from `sensu.errors`) when the medium fails; nothing of the commit is stored then.
    """

    async def open(self) -> None:
        """Open the medium and bring its schema up to date; raises StoreError where it cannot be used."""
        ...

    async def close(self) -> None:
        """Finish what waits, then release the medium."""
        ...

    async def commit(self, writes: Sequence[Write]) -> Committed | Refused:
        """Apply all of `writes` in order, or none of them.

        Waits while the store is behind. A caller that is cancelled meanwhile does not know whether they were applied.
        """
        ...

    async def get(self, key: Key) -> Stored | None:
        """The resource, or None."""
        ...

    async def list(
        self, kind: str, namespace: str | None, *, after: tuple[str, str] | None = None, limit: int = 0
    ) -> Page:
        """Resources of a kind after (namespace, name) `after`, of one namespace or all, at most `limit` (0: all).

        Where `namespace` is given, only the name in `after` counts. What `after` names need not exist any more.
        """
        ...

    def bodies(self, kind: str, namespace: str | None) -> AsyncIterator[Sequence[bytes]]:
        """What readers get of all resources of a kind, in order, some at a time, so that memory stays flat."""
        ...

    async def count(self, kind: str, namespace: str | None) -> int:
        """How many resources of a kind there are."""
        ...

    async def counts(self, namespace: str | None) -> Mapping[str, int]:
        """How many resources there are of each kind, by qualified name; kinds without any are left out, and events."""
        ...

    async def get_event(self, key: EventKey) -> StoredEvent | None:
        """The event, or None."""
        ...

    async def get_events(self, keys: Sequence[EventKey]) -> dict[EventKey, StoredEvent]:
        """Those of the events that exist, in one query."""
        ...

    async def list_events(
        self,
        namespace: str | None,
        entity: str | None = None,
        *,
        check: str | None = None,
        after: EventKey | None = None,
        limit: int = 0,
    ) -> EventPage:
        """Events in order of namespace, entity, check, after `after`, at most `limit` (0: all).

        An `entity` needs a `namespace`; `check` leaves those of other checks out. Of `after` only the parts count that
        `namespace` and `entity` do not fix.
        """
        ...

    def event_bodies(self, namespace: str | None, entity: str | None = None) -> AsyncIterator[Sequence[bytes]]:
        """The JSON of all events of a list, in order, some at a time, so that memory stays flat."""
        ...

    async def count_events(self, namespace: str | None, entity: str | None = None) -> int:
        """How many events there are."""
        ...

    async def event_counts(self, namespace: str | None) -> CountsByNamespace:
        """The counts by state of a namespace or (None) of all; namespaces without events are left out.

        They are kept with each commit, so that asking costs the same however many events there are.
        """
        ...

    async def listed_events(self, query: EventQuery, offset: int, limit: int) -> Sequence[ListedEvent]:
        """At most `limit` events of a list from `offset` on, with bodies."""
        ...

    async def walk_events(self, query: EventQuery, after: EventPosition | None, limit: int) -> EventWalk:
        """The next `limit` events of a list after a position or (None) from its start, without bodies.

        An event whose state changes during a walk may be missed or come twice.
        """
        ...

    async def search_events(self, search: EventSearch, after: EventPosition | None) -> EventWalk:
        """Some of the events whose names fit, in order of their names, without bodies; `after` as for `walk_events`.

        Each call compares a bounded number of names, so that it may find nothing although there is more.
        """
        ...

    async def events_of_ids(self, ids: Sequence[int]) -> Sequence[ListedEvent]:
        """Those of the events with these ids (`ListedEvent.id`) that still exist, with bodies, in this order."""
        ...

    async def silenced_events(self, namespace: str, after: int, limit: int) -> Sequence[ListedEvent]:
        """At most `limit` events that are marked as silenced, with ids above `after`, in order of their ids."""
        ...

    async def event_changes(self, namespace: str, after: int, limit: int) -> EventChanges:
        """What changed in the list of a namespace's events behind the revision `after`: states and deletions.

        More than `limit` changes, or changes that are no longer known, are not listed.
        """
        ...

    async def event_changes_revision(self, namespace: str) -> int:
        """The revision of the last change in the list of a namespace's events, 0 if none is known."""
        ...

    async def incidents_since(self, namespace: str, since: int, number_max: int) -> int:
        """How many events of a namespace have failed since `since` (Unix seconds) or later, up to `number_max`."""
        ...

    async def events_due(self, slots: Slots = ALL_SLOTS) -> Sequence[tuple[EventKey, float]]:
        """Every event of these slots that has a deadline, with the deadline; daemons rebuild theirs from it."""
        ...

    async def handling(self, key: EventKey, delivery: int) -> StoredHandling | None:
        """What is kept of the handling of the state change that a delivery belongs to, None if that is not kept."""
        ...

    def next_delivery_id(self, slot: int = 0) -> int:
        """A number for an `OweDelivery` that was never used before in this store; it carries the entity's slot."""
        ...

    async def deliveries_owed(self, limit: int, after: int = 0, slots: Slots = ALL_SLOTS) -> Sequence[OweDelivery]:
        """Owed deliveries of these slots with ids above `after`, in order of their ids, at most `limit`."""
        ...

    async def dead_letters(self, limit: int, after: int = 0) -> Sequence[tuple[OweDelivery, str]]:
        """Deliveries that were given up, each with why, in order of their ids."""
        ...

    def deliveries_size(self) -> DeliveriesSize:
        """What is owed, dead letters left out; answered from memory."""
        ...

    async def delivery_counts(self, namespace: str | None) -> Mapping[str, DeliveryCounts]:
        """The counts of a namespace or (None) of all; namespaces without deliveries are left out."""
        ...

    async def get_state(self, name: str) -> bytes | None:
        """The value kept under `name` by `PutState`, or None."""
        ...

    async def audit(self, limit: int, before: int = 0) -> Sequence[AuditEntry]:
        """Entries of the audit log with ids below `before` (0: all), newest first, at most `limit`."""
        ...

    async def count_audit(self) -> int:
        """How many entries the audit log has."""
        ...

    async def history(self, key: EventKey, limit: int, position: HistoryPosition | None = None) -> HistoryPage | None:
        """At most `limit` entries of an event's history from `position` (None: its newest) on; None for no event.

        State changes outlive other results, so that the older part of a history holds them alone.
        """
        ...

    async def history_size(self, changes: bool) -> HistorySize:
        """What the log of all results holds, or that of all state changes."""
        ...

    def listen(self, listener: ChangeListener) -> Callable[[], None]:
        """Have `listener` called on the loop with the changes of each commit, in order; returns how to stop it.

        It must be quick and not raise: what it raises is logged, and other listeners are called all the same.
        """
        ...

    @property
    def feed(self) -> "ChangeFeed":
        """Brings what other processes commit to the listeners."""
        ...

    async def healthy(self) -> str:
        """Empty where the store answers, else what is wrong; bounded in time."""
        ...


class ChangeFeed(Protocol):
    """Brings the changes of other processes to the listeners of this process's store, in commit order.

    What was written several times since the last time is reported once, as it is now. Guarantees, by store:

    - SQLite, one process: there are no other processes; listeners know every change when `commit` returns.
    - SQLite, several workers: `caught_up` compares one number in shared memory with the last entry of the change log
      that was read, and reads the log if it is behind. It covers every commit of any worker that returned before the
      call, so that an answer of one worker holds at all of them.
    """

    async def caught_up(self) -> None:
        """Return when listeners were called with everything that any process committed before this call.

        Costs next to nothing if nothing is new, and does not give up the turn of the loop then. Raises StoreError if
        this process fell so far behind that it must be restarted.
        """
        ...

    def include_events(self) -> None:
        """Have the feed include events, from the next commit on: commit something, then await `caught_up`."""
        ...

    @property
    def events_included(self) -> bool:
        """Whether the feed includes events, because some process asked for it."""
        ...

    @property
    def revision(self) -> int:
        """The revision up to which listeners know every change that is reported."""
        ...

    def announce_with(self, announce: Callable[[], None]) -> None:
        """Have `announce` called after a commit that other processes should read; they read it without that, later."""
        ...

"""The protocols of stores, which SQLite and PostgreSQL implement.

A store keeps bytes under keys and applies writes; it makes no decisions. The writes of a `commit` apply all together or
not at all, and commits that wait at the same time share one transaction. When `commit` returns, its writes are durable
according to the durability setting, every later read sees them, and every listener has been called with them.

Several processes can share a store. Any of them can write any resource, because the conditions of a commit apply to
all; an event, and the deliveries of its entity, are written only by the process that owns the slot of the entity.
Changes by others arrive through a `ChangeFeed`.

Reads see only committed writes. Lists are in byte order of `namespace/name` (events: `namespace/entity/check`), so that
namespace `a-b` comes before `a`. They are read in pages: a later page can include writes made since the earlier one.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol

from sensu.rules.share import ALL_SLOTS, Slots
from sensu.store.activity_values import ActivityCounts, NoteConnection
from sensu.store.values import (
    AuditEntry,
    Change,
    Committed,
    CountedDeliveries,
    CountedEvents,
    CountsByNamespace,
    DeliveriesSize,
    EventChanges,
    EventKey,
    EventPage,
    EventPosition,
    EventQuery,
    EventSearch,
    EventWalk,
    GroupedBy,
    HistoryPage,
    HistoryPosition,
    HistorySize,
    Key,
    ListedEvent,
    OweDelivery,
    Page,
    Refused,
    SeverityNumbers,
    Stored,
    StoredEvent,
    StoredHandling,
    Write,
)

ChangeListener = Callable[[Sequence[Change]], None]
DeliveryListener = Callable[[Sequence[OweDelivery]], None]


class Store(Protocol):
    """Stores resources, events and pending deliveries.

    Raises `StoreError` (from `sensu.errors`) if the medium fails; nothing of a commit is stored then.
    """

    async def open(self) -> None:
        """Open the medium and update its schema; raises StoreError if it cannot be used."""
        ...

    async def close(self) -> None:
        """Finish waiting commits, then release the medium."""
        ...

    async def commit(self, writes: Sequence[Write]) -> Committed | Refused:
        """Apply all of `writes` in order, or none of them.

        Waits while the store is overloaded. If the caller is cancelled meanwhile, the writes may or may not be applied.
        """
        ...

    async def get(self, key: Key) -> Stored | None:
        """The resource, or None."""
        ...

    async def list(
        self, kind: str, namespace: str | None, *, after: tuple[str, str] | None = None, limit: int = 0
    ) -> Page:
        """Resources of a kind after (namespace, name) `after`, of one namespace or all, at most `limit` (0: all).

        If `namespace` is given, only the name in `after` is used. The resource at `after` need not exist.
        """
        ...

    def bodies(self, kind: str, namespace: str | None) -> AsyncIterator[Sequence[bytes]]:
        """The public JSON of all resources of a kind, in order and in chunks, so that memory use is constant."""
        ...

    async def count(self, kind: str, namespace: str | None) -> int:
        """The number of resources of a kind."""
        ...

    async def counts(self, namespace: str | None) -> Mapping[str, int]:
        """The number of resources of each kind, by qualified name; without events, and without kinds that have none."""
        ...

    async def get_event(self, key: EventKey) -> StoredEvent | None:
        """The event, or None."""
        ...

    async def get_events(self, keys: Sequence[EventKey]) -> dict[EventKey, StoredEvent]:
        """The existing ones of these events, read in one query."""
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

        `entity` requires `namespace`; `check` selects the events of one check. Only the parts of `after` that are not
        fixed by `namespace` and `entity` are used.
        """
        ...

    def event_bodies(self, namespace: str | None, entity: str | None = None) -> AsyncIterator[Sequence[bytes]]:
        """The JSON of all events of a list, in order and in chunks, so that memory use is constant."""
        ...

    async def count_events(self, namespace: str | None, entity: str | None = None) -> int:
        """The number of events."""
        ...

    async def event_counts(self, namespace: str | None) -> CountsByNamespace:
        """The counts by state of a namespace or of all (None); namespaces without events are omitted.

        They are updated with each commit, so that reading them costs the same for any number of events.
        """
        ...

    async def listed_events(self, query: EventQuery, offset: int, limit: int) -> Sequence[ListedEvent]:
        """At most `limit` events of a list from `offset` on, with bodies."""
        ...

    async def walk_events(self, query: EventQuery, after: EventPosition | None, limit: int) -> EventWalk:
        """The next `limit` events of a list, after a position or from its start (None), without bodies.

        An event whose state changes during a walk may be missed or returned twice.
        """
        ...

    async def search_events(self, search: EventSearch, after: EventPosition | None) -> EventWalk:
        """Some of the events whose names match, in order of their names, without bodies; `after` as for `walk_events`.

        Each call compares a bounded number of names, so that it may find nothing although more events match.
        """
        ...

    async def events_of_ids(self, ids: Sequence[int]) -> Sequence[ListedEvent]:
        """The events with these ids (`ListedEvent.id`) that still exist, with bodies, in this order."""
        ...

    async def events_of_keys(self, keys: Sequence[EventKey]) -> Sequence[ListedEvent]:
        """Those of the events that exist, with bodies, in any order."""
        ...

    async def silenced_events(self, namespace: str, after: int, limit: int) -> Sequence[ListedEvent]:
        """At most `limit` events that are marked as silenced, with ids above `after`, in order of their ids."""
        ...

    async def event_changes(self, namespace: str, after: int, limit: int) -> EventChanges:
        """The changes to the list of a namespace's events after the revision `after`: states and deletions.

        If there are more than `limit` changes, or some are no longer known, none are listed.
        """
        ...

    async def event_changes_revision(self, namespace: str) -> int:
        """The revision of the last change in the list of a namespace's events, 0 if none is known."""
        ...

    async def event_counts_of(self, namespace: str, entities: Sequence[str]) -> Mapping[str, SeverityNumbers]:
        """How many events of each severity these entities have; those without events are left out."""
        ...

    async def failing_entities(self, namespace: str) -> Mapping[str, SeverityNumbers]:
        """How many failing events of each severity each entity has that has any."""
        ...

    async def event_groups(self, search: EventSearch, by: GroupedBy) -> Mapping[str, CountedEvents]:
        """Count the events of a search for each check or each entity, by severity and by whether they are silenced.

        Takes longer the more events the namespace has.
        """
        ...

    async def incidents_since(self, namespace: str, since: int, number_max: int) -> int:
        """The number of incidents of a namespace since `since` (Unix seconds), counted up to `number_max`."""
        ...

    async def events_due(self, slots: Slots = ALL_SLOTS) -> Sequence[tuple[EventKey, float]]:
        """All events of these slots that have a deadline, with the deadline, from which daemons restore theirs."""
        ...

    async def handling(self, key: EventKey, delivery: int) -> StoredHandling | None:
        """What is kept of the handling of the state change that a delivery belongs to, None if that is not kept."""
        ...

    def next_delivery_id(self, slot: int = 0) -> int:
        """A number for an `OweDelivery` that was never used before in this store; it contains the entity's slot."""
        ...

    async def deliveries_owed(self, limit: int, after: int = 0, slots: Slots = ALL_SLOTS) -> Sequence[OweDelivery]:
        """Pending deliveries of these slots with ids above `after`, in order of their ids, at most `limit`."""
        ...

    async def dead_letters(self, limit: int, after: int = 0) -> Sequence[tuple[OweDelivery, str]]:
        """Deliveries that were given up, with the reason of each, in order of their ids."""
        ...

    def follow_deliveries(self, listener: DeliveryListener) -> None:
        """Call `listener` on the loop with the pending deliveries that this process stores, in the order of commits.

        It is called before their `commit` returns, must be quick, and replaces an earlier listener.
        """
        ...

    def deliveries_size(self) -> DeliveriesSize:
        """The size of all pending deliveries, without dead letters; kept in memory."""
        ...

    async def delivery_counts(self, namespace: str | None) -> Mapping[str, CountedDeliveries]:
        """The counts of a namespace or (None) of all; namespaces without deliveries are left out."""
        ...

    async def get_state(self, name: str) -> bytes | None:
        """The value stored under `name` by `PutState`, or None."""
        ...

    async def audit(self, limit: int, before: int = 0) -> Sequence[AuditEntry]:
        """Entries of the audit log with ids below `before` (0: all), newest first, at most `limit`."""
        ...

    async def activity(self, namespace: str, step_s: int, start: int, end: int) -> Sequence[ActivityCounts]:
        """What happened in a namespace, oldest first, in steps of a minute or a quarter of an hour.

        Only steps that begin in the period and in which something was counted.
        """
        ...

    async def connections(
        self, namespace: str, entity: str, start: int, end: int, limit: int
    ) -> Sequence[NoteConnection]:
        """At most `limit` connects and disconnects of an agent within a period, newest first."""
        ...

    async def count_audit(self) -> int:
        """The number of entries in the audit log."""
        ...

    async def history(self, key: EventKey, limit: int, position: HistoryPosition | None = None) -> HistoryPage | None:
        """At most `limit` entries of an event's history from `position` (None: newest) on; None for an unknown event.

        State changes are kept longer than other results, so that the older part of a history contains only these.
        """
        ...

    async def state_changes(
        self, key: EventKey, limit: int, position: HistoryPosition | None = None
    ) -> HistoryPage | None:
        """Like `history`, of the state changes alone."""
        ...

    async def size_bytes(self) -> int:
        """The size of the database."""
        ...

    async def history_size(self, changes: bool) -> HistorySize:
        """The size of the log of all results, or of that of all state changes."""
        ...

    def listen(self, listener: ChangeListener) -> Callable[[], None]:
        """Call `listener` on the loop with the changes of each commit, in order; returns a function to stop it.

        It must be quick and not raise: exceptions are logged, and other listeners are called nevertheless.
        """
        ...

    @property
    def feed(self) -> "ChangeFeed":
        """The feed that passes commits of other processes to the listeners."""
        ...

    async def ended(self) -> str:
        """Return when this process must not use the store any more, because another one does; the reason."""
        ...

    async def healthy(self) -> str:
        """Empty if the store answers, otherwise the problem; returns within a bounded time."""
        ...

    def warnings(self) -> Sequence[str]:
        """What endangers the store although it is healthy, as the last call of `healthy` found it."""
        ...


class ChangeFeed(Protocol):
    """Passes changes of other processes to the listeners of this process's store, in commit order.

    If a resource was written several times since the last read, it is reported once, in its present state. Guarantees:

    - SQLite, one process: there are no other processes; listeners have received every change when `commit` returns.
    - SQLite, several workers: `caught_up` compares a number in shared memory with the last entry read from the change
      log, and reads the log if it is behind. It covers every commit of any worker that returned before the call, so
      that a response of one worker is consistent with all others.
    """

    async def caught_up(self) -> None:
        """Return when listeners have been called with everything that any process committed before this call.

        Costs almost nothing if nothing is new, and then does not yield to the event loop. Raises StoreError if this
        process is so far behind that it must be restarted.
        """
        ...

    def include_events(self) -> None:
        """Include events in the feed, from the next commit on: commit something, then await `caught_up`."""
        ...

    @property
    def events_included(self) -> bool:
        """Whether the feed includes events, because a process requested it."""
        ...

    @property
    def revision(self) -> int:
        """The revision up to which listeners have received every reported change."""
        ...

    def announce_with(self, announce: Callable[[], None]) -> None:
        """Call `announce` after a commit that other processes should read; without it, they read it later."""
        ...

"""The embedded store of a backend: a SQLite database in its state folder."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

from sensu.errors import StoreError
from sensu.rules.share import ALL_SLOTS, SLOTS, Slots, slot_of
from sensu.store.activity_values import ActivityCounts, NoteConnection
from sensu.store.contract import ChangeFeed, ChangeListener, DeliveryListener
from sensu.store.owed_sizes import OwedSizes
from sensu.store.own_changes import Listeners
from sensu.store.pending import WAITING_WRITES_MAX, Pending
from sensu.store.queries import counts_by_name
from sensu.store.sqlite.change_feed import feed_of
from sensu.store.sqlite.connection import Durability, open_reader
from sensu.store.sqlite.damage import Damage
from sensu.store.sqlite.gil_yield import GilYield
from sensu.store.sqlite.reader import KEYS_MAX, Reader
from sensu.store.sqlite.sharing import SharedDatabase, Sole, Use
from sensu.store.sqlite.writer import WAL_BYTES_MAX, Writer
from sensu.store.values import (
    AuditEntry,
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
    Result,
    SeverityNumbers,
    Stored,
    StoredEvent,
    StoredHandling,
    Write,
)

logger = logging.getLogger(__name__)

DATABASE = "sensu.db"
HEALTH_TIMEOUT_S = 2.0


def shared_database(folder: Path, durability: Durability) -> SharedDatabase:
    """Open the database in `folder` for processes that are forked afterwards; raises StoreError."""
    shared = SharedDatabase(folder, durability, WAL_BYTES_MAX)
    shared.open(folder / DATABASE)
    return shared


class SQLiteStore:
    """A store in `folder`, which no other process uses between `open` and `close`, unless `use` is a `Sharing`.

    `durability` is what a commit survives. All methods must be called on the loop that opened it.
    """

    def __init__(
        self,
        folder: Path,
        durability: Durability = Durability.FULL,
        *,
        wal_bytes_max: int = WAL_BYTES_MAX,
        use: Use | None = None,
    ) -> None:
        self._path = folder / DATABASE
        self._use: Use = use or Sole(folder)
        self._listeners = Listeners()
        self._feed = feed_of(self._use, self._listeners)
        self._durability, self._wal_bytes_max = durability, wal_bytes_max
        self._damage = Damage(self._path)
        self._open_writer: Writer | None = None
        self._open_reader: Reader | None = None
        self._gathered: list[Pending] = []
        self._waiting_commits = self._waiting_writes = 0
        self._gil_yield = GilYield()
        self._room = asyncio.Event()
        self._delivery_id = 0
        self._owed = OwedSizes({})
        self._on_deliveries: DeliveryListener = lambda _: None

    async def open(self) -> None:
        """Open the database and update its schema; raises StoreError if it cannot be used."""
        self._use.open()
        loop = asyncio.get_running_loop()
        writer = Writer(self._path, self._durability, loop, self._tell, self._damage, self._wal_bytes_max, self._use)
        try:
            await writer.start()
        except BaseException:
            self._use.close()
            raise
        try:
            self._open_reader = Reader(open_reader(self._path), self._damage)
            self._owed = OwedSizes(self._open_reader.delivery_sizes(self._use.share.slots))
            self._feed.begin(self._open_reader, writer.revision_first)
            self._use.report_owed(self._owed.size)
        except BaseException:
            await writer.stop()
            self._use.close()
            raise
        self._delivery_id = writer.delivery_id_first // SLOTS
        self._room.set()
        self._open_writer = writer

    async def close(self) -> None:
        """Finish waiting commits, then release the database."""
        writer, self._open_writer = self._open_writer, None
        if writer is None:
            return
        writer.submit(self._gathered)
        self._gathered = []
        await self._damage.close()
        await writer.stop()
        self._room.set()
        if self._open_reader is not None:
            self._open_reader.close()
            self._open_reader = None
        self._use.close()

    @property
    def _writer(self) -> Writer:
        if self._open_writer is None:
            raise StoreError("the store is closed")
        return self._open_writer

    @property
    def _reader(self) -> Reader:
        if self._open_reader is None:
            raise StoreError("the store is closed")
        return self._open_reader

    async def commit(self, writes: Sequence[Write]) -> Committed | Refused:
        """Apply all of `writes` in order, or none of them; waits while too many writes are in progress."""
        while self._waiting_writes >= WAITING_WRITES_MAX:
            self._room.clear()
            await self._room.wait()
        pending = Pending(tuple(writes), asyncio.get_running_loop().create_future())
        writer = self._writer
        self._waiting_writes += len(pending.writes)
        self._waiting_commits += 1
        if not self._gathered:
            asyncio.get_running_loop().call_soon(self._hand_over, writer)
        self._gathered.append(pending)
        return await pending.done

    def _hand_over(self, writer: Writer) -> None:
        """Wake the writer once for all commits of this iteration of the loop."""
        if self._gathered:
            writer.submit(self._gathered)
            self._gathered = []
            self._gil_yield.begin()

    def _tell(self, group: Sequence[Pending]) -> None:
        for pending in group:
            self._waiting_writes -= len(pending.writes)
            if isinstance(pending.result, Committed):
                self._owed.follow(pending.writes)
        self._on_deliveries(self._owed.take_stored())
        self._use.report_owed(self._owed.size)
        self._feed.committed(group)
        self._answer(group)

    def _answer(self, group: Sequence[Pending]) -> None:
        """Return the results to the callers of the commits."""
        for pending in group:
            pending.answer()
        if self._waiting_writes < WAITING_WRITES_MAX:
            self._room.set()
        self._waiting_commits -= len(group)
        self._gil_yield.progress()
        if not self._waiting_commits:
            self._gil_yield.end()

    @property
    def feed(self) -> ChangeFeed:
        """The feed that passes commits of other processes to the listeners."""
        return self._feed

    async def get(self, key: Key) -> Stored | None:
        """The resource, or None."""
        return self._reader.get(key)

    async def list(
        self, kind: str, namespace: str | None, *, after: tuple[str, str] | None = None, limit: int = 0
    ) -> Page:
        """Resources of a kind after (namespace, name) `after`, of one namespace or all, at most `limit` (0: all)."""
        items: list[Stored] = []
        more = True
        while more and (limit <= 0 or len(items) < limit):
            if items:
                await asyncio.sleep(0)
                after = (items[-1].key.namespace, items[-1].key.name)
            page, more = self._reader.resources(kind, namespace, after, _left(limit, len(items)))
            items.extend(page)
        return Page(items, more)

    async def bodies(self, kind: str, namespace: str | None) -> AsyncIterator[Sequence[bytes]]:
        """The public JSON of all resources of a kind, in order and in chunks."""
        page, after = self._reader.bodies(kind, namespace, None)
        while page:
            yield page
            if after is None:
                return
            await asyncio.sleep(0)
            page, after = self._reader.bodies(kind, namespace, after)

    async def count(self, kind: str, namespace: str | None) -> int:
        """The number of resources of a kind."""
        return self._reader.count(kind, namespace)

    async def counts(self, namespace: str | None) -> Mapping[str, int]:
        """The number of resources of each kind that has any."""
        return self._reader.counts(namespace)

    async def get_event(self, key: EventKey) -> StoredEvent | None:
        """The event, or None."""
        return self._reader.get_event(key)

    async def get_events(self, keys: Sequence[EventKey]) -> dict[EventKey, StoredEvent]:
        """The existing ones of these events."""
        found: dict[EventKey, StoredEvent] = {}
        for start in range(0, len(keys), KEYS_MAX):
            if start:
                await asyncio.sleep(0)
            found.update(self._reader.get_events(keys[start : start + KEYS_MAX]))
        return found

    async def list_events(
        self,
        namespace: str | None,
        entity: str | None = None,
        *,
        check: str | None = None,
        after: EventKey | None = None,
        limit: int = 0,
    ) -> EventPage:
        """Events in order of namespace, entity, check, after `after`, at most `limit` (0: all)."""
        items: list[StoredEvent] = []
        more = True
        while more and (limit <= 0 or len(items) < limit):
            if items:
                await asyncio.sleep(0)
                after = items[-1].key
            page, more = self._reader.events(namespace, entity, check, after, _left(limit, len(items)))
            items.extend(page)
        return EventPage(items, more)

    async def event_bodies(self, namespace: str | None, entity: str | None = None) -> AsyncIterator[Sequence[bytes]]:
        """The JSON of all events of a list, in order and in chunks."""
        page, after = self._reader.event_bodies(namespace, entity, None)
        while page:
            yield page
            if after is None:
                return
            await asyncio.sleep(0)
            page, after = self._reader.event_bodies(namespace, entity, after)

    async def count_events(self, namespace: str | None, entity: str | None = None) -> int:
        """The number of events."""
        return self._reader.count_events(namespace, entity)

    async def event_counts(self, namespace: str | None) -> CountsByNamespace:
        """The counts by state of a namespace, or of all (None)."""
        return self._reader.lists.counts(namespace)

    async def listed_events(self, query: EventQuery, offset: int, limit: int) -> Sequence[ListedEvent]:
        """At most `limit` events of a list from `offset` on, with bodies."""
        return self._reader.lists.page(query, offset, limit)

    async def walk_events(self, query: EventQuery, after: EventPosition | None, limit: int) -> EventWalk:
        """The next `limit` events of a list, after a position or from its start (None), without bodies."""
        return self._reader.lists.walk(query, after, limit)

    async def search_events(self, search: EventSearch, after: EventPosition | None) -> EventWalk:
        """Some of the events whose names match, in order of their names, without bodies."""
        return self._reader.lists.search(search, after)

    async def events_of_ids(self, ids: Sequence[int]) -> Sequence[ListedEvent]:
        """The events with these ids that still exist, with bodies, in this order."""
        return self._reader.lists.of_ids(ids)

    async def events_of_keys(self, keys: Sequence[EventKey]) -> Sequence[ListedEvent]:
        """Those of the events that exist, with bodies, in any order."""
        found: list[ListedEvent] = []
        for start in range(0, len(keys), KEYS_MAX):
            if start:
                await asyncio.sleep(0)
            found += self._reader.lists.of_keys(keys[start : start + KEYS_MAX])
        return found

    async def silenced_events(self, namespace: str, after: int, limit: int) -> Sequence[ListedEvent]:
        """At most `limit` events that are marked as silenced, with ids above `after`, in order of their ids."""
        return self._reader.lists.silenced(namespace, after, limit)

    async def event_changes(self, namespace: str, after: int, limit: int) -> EventChanges:
        """The changes to the list of a namespace's events after the revision `after`."""
        return self._reader.lists.changes(namespace, after, limit)

    async def event_changes_revision(self, namespace: str) -> int:
        """The revision of the last change in the list of a namespace's events, 0 if none is known."""
        return self._reader.lists.newest_revision(namespace)

    async def event_counts_of(self, namespace: str, entities: Sequence[str]) -> Mapping[str, SeverityNumbers]:
        """How many events of each severity these entities have."""
        found: dict[str, SeverityNumbers] = {}
        for start in range(0, len(entities), KEYS_MAX):
            found |= self._reader.lists.counts_of(namespace, entities[start : start + KEYS_MAX])
        return found

    async def failing_entities(self, namespace: str) -> Mapping[str, SeverityNumbers]:
        """How many failing events of each severity each entity has that has any."""
        return self._reader.lists.failing(namespace)

    async def event_groups(self, search: EventSearch, by: GroupedBy) -> Mapping[str, CountedEvents]:
        """Count the events of a search for each check or each entity, some at a time."""
        rows, after = self._reader.lists.groups(search, by, None)
        while after is not None:
            await asyncio.sleep(0)
            more, after = self._reader.lists.groups(search, by, after)
            rows += more
        return counts_by_name(rows)

    async def incidents_since(self, namespace: str, since: int, number_max: int) -> int:
        """The number of events of a namespace that have failed since `since` or later, up to `number_max`."""
        return self._reader.lists.incidents_since(namespace, since, number_max)

    async def events_due(self, slots: Slots = ALL_SLOTS) -> Sequence[tuple[EventKey, float]]:
        """All events of these slots that have a deadline, with the deadline."""
        due: list[tuple[EventKey, float]] = []
        for page in self._reader.events_due():
            due.extend(one for one in page if slot_of(one[0].namespace, one[0].entity) in slots)
            await asyncio.sleep(0)
        return due

    async def handling(self, key: EventKey, delivery: int) -> StoredHandling | None:
        """What is kept of the handling of the state change that a delivery belongs to, None if that is not kept."""
        return self._reader.handling(key, delivery)

    def next_delivery_id(self, slot: int = 0) -> int:
        """A number for an `OweDelivery` that was never used before; only this process allocates those of the slot."""
        self._delivery_id += 1
        return self._delivery_id * SLOTS + slot

    async def deliveries_owed(self, limit: int, after: int = 0, slots: Slots = ALL_SLOTS) -> Sequence[OweDelivery]:
        """Pending deliveries of these slots with ids above `after`, in order of their ids, at most `limit`."""
        return self._reader.deliveries_owed(after, limit, slots)

    async def dead_letters(self, limit: int, after: int = 0) -> Sequence[tuple[OweDelivery, str]]:
        """Deliveries that were given up, with the reason of each, in order of their ids."""
        return self._reader.dead_letters(after, limit)

    def follow_deliveries(self, listener: DeliveryListener) -> None:
        """Call `listener` with the pending deliveries that this process stores, in the order of their commits."""
        self._on_deliveries = listener

    def deliveries_size(self) -> DeliveriesSize:
        """The size of all pending deliveries, without dead letters; kept in memory."""
        return self._use.total_owed(self._owed.size)

    async def delivery_counts(self, namespace: str | None) -> Mapping[str, CountedDeliveries]:
        """The counts of a namespace or (None) of all."""
        return self._reader.delivery_counts(namespace)

    async def get_state(self, name: str) -> bytes | None:
        """The value stored under `name`, or None."""
        return self._reader.get_state(name)

    async def audit(self, limit: int, before: int = 0) -> Sequence[AuditEntry]:
        """Entries of the audit log with ids below `before` (0: all), newest first, at most `limit`."""
        entries: list[AuditEntry] = []
        while len(entries) < limit:
            page = self._reader.audit(entries[-1].id if entries else before, limit - len(entries))
            if not page:
                break
            entries.extend(page)
            await asyncio.sleep(0)
        return entries

    async def activity(self, namespace: str, step_s: int, start: int, end: int) -> Sequence[ActivityCounts]:
        """What happened in a namespace, oldest first, in steps of a minute or a quarter of an hour."""
        return self._reader.activity(namespace, step_s, start, end)

    async def connections(
        self, namespace: str, entity: str, start: int, end: int, limit: int
    ) -> Sequence[NoteConnection]:
        """At most `limit` connects and disconnects of an agent within a period, newest first."""
        return self._reader.connections(namespace, entity, start, end, limit)

    async def count_audit(self) -> int:
        """The number of entries in the audit log."""
        return self._reader.count_audit()

    async def history(self, key: EventKey, limit: int, position: HistoryPosition | None = None) -> HistoryPage | None:
        """At most `limit` entries of an event's history from `position` (None: newest) on; None for no such event."""
        newest = self._reader.history_position(key)
        if newest is None:
            return None
        items: list[Result] = []
        older: HistoryPosition | None = newest if position is None else position
        while older is not None and len(items) < limit:
            page = self._reader.history(older, limit - len(items))
            items.extend(page.items)
            older = page.older
            await asyncio.sleep(0)
        return HistoryPage(items, older)

    async def state_changes(
        self, key: EventKey, limit: int, position: HistoryPosition | None = None
    ) -> HistoryPage | None:
        """Like `history`, of the state changes alone."""
        if position is None:
            newest = self._reader.history_position(key)
            if newest is None:
                return None
            position = HistoryPosition(None, newest.change)
        return self._reader.history(position, limit)

    async def size_bytes(self) -> int:
        """The size of the database, without its write-ahead log."""
        return self._reader.size_bytes()

    async def history_size(self, changes: bool) -> HistorySize:
        """The size of the log of all results, or of that of all state changes."""
        return self._reader.history_size(changes)

    def listen(self, listener: ChangeListener) -> Callable[[], None]:
        """Call `listener` with the changes of each commit, in order; returns a function to stop it."""
        return self._listeners.add(listener)

    async def ended(self) -> str:
        """Never return: the lock on the folder is held until `close`."""
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await never

    async def healthy(self) -> str:
        """Empty if the store can read and write and no damage is known, otherwise the problem."""
        try:
            self._reader.get_state("")
            await asyncio.wait_for(self.commit(()), HEALTH_TIMEOUT_S)
        except StoreError as err:
            return str(err)
        except TimeoutError:
            return f"the database {self._path} does not answer within {HEALTH_TIMEOUT_S:g} s"
        return await self._damage.problem()

    def warnings(self) -> Sequence[str]:
        """What endangers the database although it is healthy: nothing."""
        return ()


def _left(limit: int, taken: int) -> int:
    """The number of items missing from a list of at most `limit`; larger than any page if there is no limit."""
    return limit - taken if limit > 0 else KEYS_MAX * KEYS_MAX

"""The store of backends in a PostgreSQL database."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

from sensu.clock import Clock, SystemClock
from sensu.errors import StoreError
from sensu.rules.share import ALL_SLOTS, Slots
from sensu.store.activity_values import ActivityCounts, NoteConnection
from sensu.store.contract import ChangeFeed, ChangeListener, DeliveryListener
from sensu.store.database_url import DatabaseUrl
from sensu.store.owed_sizes import OwedSizes
from sensu.store.own_changes import Listeners
from sensu.store.pending import WAITING_WRITES_MAX, Pending
from sensu.store.postgres.connection import Connector, Readers, SynchronousCommit, local_host, plain_errors
from sensu.store.postgres.coordination import PostgresCoordination
from sensu.store.postgres.feed import SharedChanges
from sensu.store.postgres.reader import KEYS_MAX, PostgresReader
from sensu.store.postgres.schema import migrate, migrations
from sensu.store.postgres.seat import Seat
from sensu.store.postgres.work import Raised
from sensu.store.postgres.writer import PostgresWriter
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

READERS_MAX = 4
"""The maximum number of connections for reading; further queries wait."""

HEALTH_TIMEOUT_S = 2.0
ANSWERS_WITHIN_S = 3.0
"""How long commits that are stored can wait for the other processes when the store is closed."""


class PostgresStore:
    """A store in a database that other processes can use at the same time (`coordination`).

    Until this process has joined the others, it may write all events, and so must be the only one that does.
    `durability` is what a commit survives. All methods must be called on the loop that opened it.
    """

    def __init__(
        self, target: DatabaseUrl, durability: SynchronousCommit = SynchronousCommit.FULL, *, clock: Clock | None = None
    ) -> None:
        self._target, self._durability, self._clock = target, durability, clock or SystemClock()
        self._listeners = Listeners()
        self._feed = SharedChanges(self._listeners, self._clock, target.shown)
        self._open_coordination: PostgresCoordination | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._open_writer: PostgresWriter | None = None
        self._open_readers: Readers | None = None
        self._warnings: Sequence[str] = ()
        self._beats: asyncio.Task[None] | None = None
        self._waiting_writes = 0
        self._room = asyncio.Event()
        self._owed = OwedSizes({})
        self._on_deliveries: DeliveryListener = lambda _: None

    async def open(self) -> None:
        """Connect, update the schema, and take a seat; raises StoreError if the database cannot be used."""
        session, own_host = secrets.token_hex(8), "127.0.0.1"
        connector = Connector(self._target, self._durability, session)
        seat = self._seat = Seat(connector, session, self._clock)
        await connector.look()
        connection = await connector.connect()
        try:
            with plain_errors(self._target):
                await connector.require_durability(connection)
                own_host = local_host(connection) or own_host
                await migrate(connection, self._target, migrations())
                await seat.take(connection)
                readers = self._open_readers = Readers(connector, READERS_MAX)
                self._reader = PostgresReader(readers)
                self._owed = OwedSizes(await self._reader.delivery_sizes())
                writer = PostgresWriter(connector, seat, self._clock, self._tell, lambda: self._owed)
                await writer.start(connection)
        except BaseException:
            connection.terminate()
            if self._open_readers is not None:
                self._open_readers.close()
            raise
        self._feed.begin(readers, writer)
        self._room.set()
        self._open_writer = writer
        signs = connector.with_durability(SynchronousCommit.NORMAL)
        coordination = PostgresCoordination(
            signs, seat, writer, readers, self._feed, lambda: self._owed, self._take_up, self._clock, own_host
        )
        self._open_coordination = coordination
        self._beats = asyncio.create_task(coordination.keep_alive(), name="store-beats")

    async def close(self) -> None:
        """Finish waiting commits, then release the database."""
        writer, self._open_writer = self._open_writer, None
        if writer is None:
            return
        if self._answering:
            await asyncio.wait(self._answering, timeout=ANSWERS_WITHIN_S)
        if self._beats is not None:
            self._beats.cancel()
            await asyncio.wait([self._beats])
        if self._open_coordination is not None and self._open_coordination.joined and not writer.lost.done():
            with contextlib.suppress(StoreError):
                await self._open_coordination.leave()
        await writer.stop()
        self._room.set()
        if self._open_coordination is not None:
            self._open_coordination.close()
        if self._open_readers is not None:
            self._open_readers.close()

    @property
    def coordination(self) -> PostgresCoordination:
        """How this process agrees with the others that use the database."""
        if self._open_coordination is None:
            raise StoreError("the store is closed")
        return self._open_coordination

    async def _take_up(self, slots: Slots) -> None:
        """Read what this process remembers of slots that it has claimed."""
        self._owed.add(await self._reader.delivery_sizes(slots))

    async def ended(self) -> str:
        """Return why this process must not use the store any more, when that is so."""
        return await asyncio.shield(self._writer.lost)

    @property
    def _writer(self) -> PostgresWriter:
        if self._open_writer is None:
            raise StoreError("the store is closed")
        return self._open_writer

    async def commit(self, writes: Sequence[Write]) -> Committed | Refused:
        """Apply all of `writes` in order, or none of them; waits while too many writes are in progress."""
        while self._waiting_writes >= WAITING_WRITES_MAX:
            self._room.clear()
            await self._room.wait()
        pending = Pending(tuple(writes), asyncio.get_running_loop().create_future())
        self._writer.submit([pending])
        self._waiting_writes += len(pending.writes)
        return await pending.done

    async def _tell(self, group: Sequence[Pending], raised: Raised | None) -> None:
        for pending in group:
            self._waiting_writes -= len(pending.writes)
            if isinstance(pending.result, Committed):
                self._owed.follow(pending.writes)
        self._on_deliveries(self._owed.take_stored())
        await self._feed.committed([pending.changes for pending in group if pending.changes], raised)
        known = None if self._open_coordination is None else self._open_coordination.known
        if raised is not None and known is not None:
            later = [pending for pending in group if _waits_for_others(pending)]
            group = [pending for pending in group if not _waits_for_others(pending)]
            task = asyncio.create_task(self._answer_after(known(raised.last), later), name="store-answers")
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        for pending in group:
            pending.answer()
        if self._waiting_writes < WAITING_WRITES_MAX:
            self._room.set()

    async def _answer_after(self, known: Awaitable[None], group: Sequence[Pending]) -> None:
        """Answer commits when all processes know them."""
        try:
            await known
        finally:
            for pending in group:
                pending.answer()

    def _problem(self) -> str:
        """Why this process must not act now; empty otherwise."""
        return self._feed.problem() if self._open_writer is not None else ""

    @property
    def feed(self) -> ChangeFeed:
        """The feed that passes commits of other processes to the listeners."""
        return self._feed

    async def get(self, key: Key) -> Stored | None:
        """The resource, or None."""
        return await self._reader.get(key)

    async def list(
        self, kind: str, namespace: str | None, *, after: tuple[str, str] | None = None, limit: int = 0
    ) -> Page:
        """Resources of a kind after (namespace, name) `after`, of one namespace or all, at most `limit` (0: all)."""
        items: list[Stored] = []
        more = True
        while more and (limit <= 0 or len(items) < limit):
            if items:
                after = (items[-1].key.namespace, items[-1].key.name)
            page, more = await self._reader.resources(kind, namespace, after, _left(limit, len(items)))
            items.extend(page)
        return Page(items, more)

    async def bodies(self, kind: str, namespace: str | None) -> AsyncIterator[Sequence[bytes]]:
        """The public JSON of all resources of a kind, in order and in chunks."""
        page, after = await self._reader.bodies(kind, namespace, None)
        while page:
            yield page
            if after is None:
                return
            page, after = await self._reader.bodies(kind, namespace, after)

    async def count(self, kind: str, namespace: str | None) -> int:
        """The number of resources of a kind."""
        return await self._reader.count(kind, namespace)

    async def counts(self, namespace: str | None) -> Mapping[str, int]:
        """The number of resources of each kind that has any."""
        return await self._reader.counts(namespace)

    async def get_event(self, key: EventKey) -> StoredEvent | None:
        """The event, or None."""
        return await self._reader.get_event(key)

    async def get_events(self, keys: Sequence[EventKey]) -> dict[EventKey, StoredEvent]:
        """The existing ones of these events."""
        found: dict[EventKey, StoredEvent] = {}
        for start in range(0, len(keys), KEYS_MAX):
            found.update(await self._reader.get_events(keys[start : start + KEYS_MAX]))
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
                after = items[-1].key
            page, more = await self._reader.events(namespace, entity, check, after, _left(limit, len(items)))
            items.extend(page)
        return EventPage(items, more)

    async def event_bodies(self, namespace: str | None, entity: str | None = None) -> AsyncIterator[Sequence[bytes]]:
        """The JSON of all events of a list, in order and in chunks."""
        page, after = await self._reader.event_bodies(namespace, entity, None)
        while page:
            yield page
            if after is None:
                return
            page, after = await self._reader.event_bodies(namespace, entity, after)

    async def count_events(self, namespace: str | None, entity: str | None = None) -> int:
        """The number of events."""
        return await self._reader.count_events(namespace, entity)

    async def event_counts(self, namespace: str | None) -> CountsByNamespace:
        """The counts by state of a namespace, or of all (None)."""
        return await self._reader.lists.counts(namespace)

    async def listed_events(self, query: EventQuery, offset: int, limit: int) -> Sequence[ListedEvent]:
        """At most `limit` events of a list from `offset` on, with bodies."""
        return await self._reader.lists.page(query, offset, limit)

    async def walk_events(self, query: EventQuery, after: EventPosition | None, limit: int) -> EventWalk:
        """The next `limit` events of a list, after a position or from its start (None), without bodies."""
        return await self._reader.lists.walk(query, after, limit)

    async def search_events(self, search: EventSearch, after: EventPosition | None) -> EventWalk:
        """Some of the events whose names match, in order of their names, without bodies."""
        return await self._reader.lists.search(search, after)

    async def events_of_ids(self, ids: Sequence[int]) -> Sequence[ListedEvent]:
        """The events with these ids that still exist, with bodies, in this order."""
        return await self._reader.lists.of_ids(ids)

    async def events_of_keys(self, keys: Sequence[EventKey]) -> Sequence[ListedEvent]:
        """Those of the events that exist, with bodies, in any order."""
        found: list[ListedEvent] = []
        for start in range(0, len(keys), KEYS_MAX):
            found += await self._reader.lists.of_keys(keys[start : start + KEYS_MAX])
        return found

    async def silenced_events(self, namespace: str, after: int, limit: int) -> Sequence[ListedEvent]:
        """At most `limit` events that are marked as silenced, with ids above `after`, in order of their ids."""
        return await self._reader.lists.silenced(namespace, after, limit)

    async def event_changes(self, namespace: str, after: int, limit: int) -> EventChanges:
        """The changes to the list of a namespace's events after the revision `after`."""
        return await self._reader.lists.changes(namespace, after, self._feed.revision, limit)

    async def event_changes_revision(self, namespace: str) -> int:
        """The revision of the last change in the list of a namespace's events, 0 if none is known."""
        return min(self._feed.revision, await self._reader.lists.newest_revision(namespace))

    async def event_counts_of(self, namespace: str, entities: Sequence[str]) -> Mapping[str, SeverityNumbers]:
        """How many events of each severity these entities have."""
        return await self._reader.lists.counts_of(namespace, entities)

    async def failing_entities(self, namespace: str) -> Mapping[str, SeverityNumbers]:
        """How many failing events of each severity each entity has that has any."""
        return await self._reader.lists.failing(namespace)

    async def event_groups(self, search: EventSearch, by: GroupedBy) -> Mapping[str, CountedEvents]:
        """Count the events of a search for each check or each entity."""
        return await self._reader.lists.groups(search, by)

    async def incidents_since(self, namespace: str, since: int, number_max: int) -> int:
        """The number of events of a namespace that have failed since `since` or later, up to `number_max`."""
        return await self._reader.lists.incidents_since(namespace, since, number_max)

    async def events_due(self, slots: Slots = ALL_SLOTS) -> Sequence[tuple[EventKey, float]]:
        """All events of these slots that have a deadline, with the deadline."""
        return [one for slot in sorted(slots) for one in await self._reader.events_due(slot)]

    async def handling(self, key: EventKey, delivery: int) -> StoredHandling | None:
        """What is kept of the handling of the state change that a delivery belongs to, None if that is not kept."""
        return await self._reader.handling(key, delivery)

    def next_delivery_id(self, slot: int = 0) -> int:
        """A number for an `OweDelivery` that was never used before in this store."""
        return self._writer.next_delivery_id(slot)

    async def deliveries_owed(self, limit: int, after: int = 0, slots: Slots = ALL_SLOTS) -> Sequence[OweDelivery]:
        """Pending deliveries of these slots with ids above `after`, in order of their ids, at most `limit`."""
        return await self._reader.deliveries_owed(after, limit, slots)

    async def dead_letters(self, limit: int, after: int = 0) -> Sequence[tuple[OweDelivery, str]]:
        """Deliveries that were given up, with the reason of each, in order of their ids."""
        return await self._reader.dead_letters(after, limit)

    def follow_deliveries(self, listener: DeliveryListener) -> None:
        """Call `listener` with the pending deliveries that this process stores, in the order of their commits."""
        self._on_deliveries = listener

    def deliveries_size(self) -> DeliveriesSize:
        """The size of all pending deliveries, without dead letters; those of other processes as of a moment ago."""
        own, others = self._owed.size, self.coordination.owed_by_others
        return DeliveriesSize(own.count + others.count, own.bytes + others.bytes)

    async def delivery_counts(self, namespace: str | None) -> Mapping[str, CountedDeliveries]:
        """The counts of a namespace or (None) of all."""
        whole = not self.coordination.joined or self._writer.slots == ALL_SLOTS
        owed = self._owed.by_namespace if whole else await self._reader.owed_by_namespace()
        return await self._reader.delivery_counts(owed, namespace)

    async def get_state(self, name: str) -> bytes | None:
        """The value stored under `name`, or None."""
        return await self._reader.get_state(name)

    async def audit(self, limit: int, before: int = 0) -> Sequence[AuditEntry]:
        """Entries of the audit log with ids below `before` (0: all), newest first, at most `limit`."""
        entries: list[AuditEntry] = []
        while len(entries) < limit:
            page = await self._reader.audit(entries[-1].id if entries else before, limit - len(entries))
            if not page:
                break
            entries.extend(page)
        return entries

    async def activity(self, namespace: str, step_s: int, start: int, end: int) -> Sequence[ActivityCounts]:
        """What happened in a namespace, oldest first, in steps of a minute or a quarter of an hour."""
        return await self._reader.activity(namespace, step_s, start, end)

    async def connections(
        self, namespace: str, entity: str, start: int, end: int, limit: int
    ) -> Sequence[NoteConnection]:
        """At most `limit` connects and disconnects of an agent within a period, newest first."""
        return await self._reader.connections(namespace, entity, start, end, limit)

    async def count_audit(self) -> int:
        """The number of entries in the audit log."""
        return await self._reader.count_audit()

    async def history(self, key: EventKey, limit: int, position: HistoryPosition | None = None) -> HistoryPage | None:
        """At most `limit` entries of an event's history from `position` (None: newest) on; None for no such event."""
        newest = await self._reader.history_position(key)
        if newest is None:
            return None
        items: list[Result] = []
        older: HistoryPosition | None = newest if position is None else position
        while older is not None and len(items) < limit:
            page = await self._reader.history(older, limit - len(items))
            items.extend(page.items)
            older = page.older
        return HistoryPage(items, older)

    async def state_changes(
        self, key: EventKey, limit: int, position: HistoryPosition | None = None
    ) -> HistoryPage | None:
        """Like `history`, of the state changes alone."""
        if position is None:
            newest = await self._reader.history_position(key)
            if newest is None:
                return None
            position = HistoryPosition(None, newest.change)
        return await self._reader.history(position, limit)

    async def size_bytes(self) -> int:
        """The size of the database, with everything else that is in it."""
        return await self._reader.size_bytes()

    async def history_size(self, changes: bool) -> HistorySize:
        """The size of the log of all results, or of that of all state changes."""
        return await self._reader.history_size(changes)

    def listen(self, listener: ChangeListener) -> Callable[[], None]:
        """Call `listener` with the changes of each commit, in order; returns a function to stop it."""
        return self._listeners.add(listener)

    async def healthy(self) -> str:
        """Empty if the database answers and this process may use it, otherwise the problem."""
        problem = self._problem()
        if problem:
            return problem
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT_S):
                await self.commit(())
                survives_crashes = self._durability is not SynchronousCommit.NORMAL
                self._warnings = await self._reader.unsafe_settings(survives_crashes)
        except StoreError as err:
            return str(err)
        except TimeoutError:
            return f"the database {self._target.shown} does not answer within {HEALTH_TIMEOUT_S:g} s"
        return ""

    def warnings(self) -> Sequence[str]:
        """What settings of the server endanger, as `healthy` found them."""
        return self._warnings


def _waits_for_others(pending: Pending) -> bool:
    """Whether a commit returns when all processes know its changes: those of resources alone."""
    keys = [change.key for change in pending.changes]
    return bool(keys) and all(isinstance(key, Key) for key in keys)


def _left(limit: int, taken: int) -> int:
    """The number of items missing from a list of at most `limit`; larger than any page if there is no limit."""
    return limit - taken if limit > 0 else KEYS_MAX * KEYS_MAX

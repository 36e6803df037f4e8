"""The store of a simulated process: the parts of the protocol `Store` that the daemons use, over a `SimDatabase`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count
from typing import TypeVar

from sensu.backend.schedulerd.kept_runs import STATE
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.rules import number_blocks
from sensu.rules.share import ALL_SLOTS, SLOTS, Slots, slot_of, slot_of_delivery
from sensu.store.contract import ChangeListener, DeliveryListener
from sensu.store.coordination import SeatLost
from sensu.store.group import CommitGroup, asked
from sensu.store.owed_sizes import OwedSizes
from sensu.store.pending import Pending, groups_of
from sensu.store.values import (
    Change,
    Committed,
    CountedEvents,
    CountsByNamespace,
    DeleteEvent,
    DeliveriesSize,
    EventKey,
    EventPage,
    EventPosition,
    EventSearch,
    EventWalk,
    HistoryPage,
    HistoryPosition,
    Key,
    ListedEvent,
    MarkSilenced,
    OweDelivery,
    Page,
    PutEvent,
    PutResource,
    PutState,
    Refused,
    Stored,
    StoredEvent,
    StoredHandling,
    Write,
)
from tests.simulation.chain import Chain
from tests.simulation.coordination import SimCoordination
from tests.simulation.database import Connection, Lost, SimDatabase
from tests.simulation.loop import PROCESS
from tests.simulation.tables import Tables

T = TypeVar("T")
log = logging.getLogger("simulation")

LEDGER = f"{STATE}."
PATIENCE_S = 3.0
RECONNECT_S = (0.05, 0.1, 0.2, 0.5, 1.0)
DELIVERY_BLOCK = 100_000
GIVEN_UP = 0.5
"""How often a commit is given up whose connection was lost and that does not stand."""


class SimFeed:
    """What a process knows of the changes of others; of resources everything up to the revision `read_to`."""

    events_included = False

    def __init__(self, store: "SimStore", clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._reading = asyncio.Lock()
        self.read_to = 0
        self.valid_until = float("inf")

    async def caught_up(self) -> None:
        """Return if the process may act on what it has in memory; raises StoreError."""
        problem = self.problem()
        if problem:
            raise StoreError(problem)

    def problem(self) -> str:
        """Why the process must not act now; empty otherwise."""
        return "" if self._clock.monotonic() < self.valid_until else "the database has not answered for too long"

    def include_events(self) -> None:
        """Nobody watches the events of others."""

    def announce_with(self, announce: Callable[[], None]) -> None:
        """Nothing is announced, as nobody watches."""

    async def read(self, revision: int) -> None:
        """Return when listeners know all changes of resources up to a revision; raises StoreError."""
        while self.read_to < revision:
            async with self._reading:
                if self.read_to < revision:
                    await self._store.read_log(self, revision)


class SimStore:
    """The store of one process of a member."""

    def __init__(
        self, database: SimDatabase, member: str, clock: Clock, chain: Chain | None = None, *, shared: bool = False
    ) -> None:
        """With `shared` other processes use the database too, once `coordination` has joined them."""
        self.chain = chain or Chain()
        self.feed = SimFeed(self, clock)
        self.coordination = SimCoordination(self, database, self.chain, clock)
        self.slots: Slots | None = None
        self.ledger_stored: Callable[[], None] = lambda: None
        """Called when something of the run ledger has been stored."""
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._database, self._member, self._clock, self._shared = database, member, clock, shared
        self._writing: Connection | None = None
        self._reading: Connection | None = None
        self._away_since: float | None = None
        self._waiting: list[Pending] = []
        self._steps: list[tuple[Callable[[Tables], None], asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._listeners: list[ChangeListener] = []
        self._owed = OwedSizes({})
        self._on_deliveries: DeliveryListener = lambda _: None
        self._delivery_number = 0
        self._task: asyncio.Task[None] | None = None
        self._answering: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Take a seat; raises StoreError."""
        take = self.chain.take_seat if self._shared else self.chain.take_place
        try:
            self._writing = await self._database.connect()
            self.chain.seat = await self._writing.run(lambda tables: take(tables, self._member, PROCESS.get()))
            self._delivery_number = await self._writing.run(self._delivery_block)
            owed = await self._writing.run(lambda tables: dict(tables.owed))
            self.feed.read_to = await self._writing.run(lambda tables: tables.numbers["logged"])
        except Lost as err:
            raise StoreError("the database does not answer") from err
        self._owed = OwedSizes(_sizes(owed))
        self._task = asyncio.create_task(self._write_forever())

    async def ended(self) -> str:
        """Return when the process has lost its seat."""
        return await asyncio.shield(self.lost)

    def lose(self, why: str) -> None:
        """The process must not use the database any more."""
        if not self.lost.done():
            self.lost.set_result(why)

    def listen(self, listener: ChangeListener) -> Callable[[], None]:
        """Call `listener` with the changes of each commit."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def read_log(self, feed: SimFeed, wanted: int) -> None:
        """Tell listeners the changes of resources that they do not know, up to `wanted` and more; raises StoreError."""
        known = feed.read_to

        def query(tables: Tables) -> tuple[int, Sequence[Change]]:
            revisions = sorted(revision for revision in tables.changes if revision > known)
            return tables.numbers["logged"], [change for each in revisions for change in tables.changes[each]]

        newest, changes = await self._read(query)
        if newest < wanted:
            raise SeatLost(f"the database has lost the changes up to revision {wanted}")
        self._call(changes)
        feed.read_to = max(feed.read_to, newest)

    def _call(self, changes: Sequence[Change]) -> None:
        if changes:
            for listener in tuple(self._listeners):
                listener(changes)

    # Slots

    async def in_turn(self, work: Callable[[Tables], None]) -> None:
        """Commit something in turn with the commits of the store; raises StoreError."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._steps.append((work, done))
        self._wake.set()
        await done

    async def continue_others(self) -> None:
        """Allocate greater numbers from now on than those that are stored; raises StoreError."""
        self._delivery_number = max(self._delivery_number, await self._read(self._delivery_block))

    def _delivery_block(self, tables: Tables) -> int:
        """The number before the first one of a block."""
        before = max(tables.numbers["delivery"], number_blocks.least(self._database.now()))
        tables.put(tables.numbers, "delivery", before + DELIVERY_BLOCK)
        return before

    async def take_up(self, slots: Slots) -> None:
        """Remember what is pending of slots that were claimed, which this process may write from now on."""
        owed = await self._read(
            lambda tables: {n: one for n, one in tables.owed.items() if slot_of_delivery(n) in slots}
        )
        self._owed.add(_sizes(owed))
        self.slots = (self.slots or frozenset()) | slots

    def drop_owed(self, slots: Slots) -> None:
        """Forget the deliveries of slots."""
        self._owed.drop(slots)

    async def commit(self, writes: Sequence[Write]) -> Committed | Refused:
        """Apply all writes or none."""
        done: asyncio.Future[Committed | Refused] = asyncio.get_running_loop().create_future()
        self._waiting.append(Pending(writes, done))
        self._wake.set()
        result = await done
        if any(isinstance(write, PutState) and write.name.startswith(LEDGER) for write in writes):
            self.ledger_stored()
        return result

    async def _write_forever(self) -> None:
        while True:
            if not self._waiting and not self._steps:
                self._wake.clear()
                await self._wake.wait()
            while self._steps:
                await self._write_step(*self._steps.pop(0))
            waiting, self._waiting = self._waiting, []
            for group in groups_of(waiting):
                own = [pending for pending in group if self._is_own(pending)]
                await self._write(own)
                await self._tell(own)

    async def _write_step(self, work: Callable[[Tables], None], done: "asyncio.Future[None]") -> None:
        try:
            await self._write_patiently(work, [])
        except StoreError as err:
            if isinstance(err, SeatLost):
                self.lose(str(err))
            if not done.done():
                done.set_exception(err)
        else:
            _resolve_once(done, None)

    def _is_own(self, pending: Pending) -> bool:
        """Whether a commit has only events of own slots; one that has others fails."""
        keys = [write.key for write in pending.writes if isinstance(write, PutEvent | DeleteEvent | MarkSilenced)]
        if self.slots is None or all(slot_of(key.namespace, key.entity) in self.slots for key in keys):
            return True
        pending.result = StoreError("another process owns the slot")
        pending.answer()
        return False

    async def _write(self, commits: Sequence[Pending]) -> None:
        try:
            await self._write_patiently(
                lambda tables: _written(tables, commits, self.chain.seat, self.feed.read_to), commits
            )
        except SeatLost as err:
            self.lose(str(err))
            _fail(commits, err)
        except StoreError as err:
            _fail(commits, err)

    async def _write_patiently(self, work: Callable[[Tables], None], commits: Sequence[Pending]) -> None:
        """Commit something; if the connection is lost meanwhile, find out whether it stands, however long that takes.

        A commit that failed is tried again, or given up, as the protocol allows: then it must not apply later.
        """
        if self.lost.done():
            raise SeatLost(self.lost.result())
        while True:
            connection = await self._connected()
            try:
                await connection.run(self.chain.linked(work))
            except Lost:
                if await self._resolved():
                    _believe(commits)
                    return
                if self._database.chance.random() < GIVEN_UP:
                    raise StoreError("the connection was lost during a commit, which failed") from None
            else:
                self.chain.committed()
                return

    async def _connected(self) -> Connection:
        """The connection for writing; raises StoreError when the database has been away for too long."""
        for attempt in count():
            if self._writing is not None and self._writing.alive:
                self._away_since = None
                return self._writing
            now = self._clock.monotonic()
            self._away_since = now if self._away_since is None else self._away_since
            try:
                self._writing = await self._database.connect()
            except Lost as err:
                if now - self._away_since >= PATIENCE_S:
                    raise StoreError("the database does not answer") from err
                await self._clock.sleep(RECONNECT_S[min(attempt, len(RECONNECT_S) - 1)])
        raise AssertionError

    async def _resolved(self) -> bool:
        self.chain.begin_doubt()
        for attempt in count():
            try:
                self._writing = await self._database.connect()
                return await self.chain.resolve(self._writing)
            except Lost:
                await self._clock.sleep(RECONNECT_S[min(attempt, len(RECONNECT_S) - 1)])
        raise AssertionError

    async def _tell(self, commits: Sequence[Pending]) -> None:
        """Tell listeners, and answer; those who changed resources alone wait until all other processes know it."""
        revision = 0
        for pending in commits:
            if isinstance(pending.result, Committed):
                self._owed.follow(pending.writes)
                self._on_deliveries(self._owed.take_stored())
                self._call([change for change in pending.changes if isinstance(change.key, EventKey)])
                if len(pending.changes) and any(isinstance(change.key, Key) for change in pending.changes):
                    revision = max(revision, pending.result.revision)
        if revision:
            await self._read_patiently(revision)
        known = self.coordination.known
        for pending in commits:
            if revision and known is not None and _waits_for_others(pending):
                task = asyncio.create_task(self._answer_after(known(revision), pending))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
            else:
                pending.answer()

    async def _answer_after(self, known: Awaitable[None], pending: Pending) -> None:
        try:
            await known
        finally:
            pending.answer()

    async def _read_patiently(self, revision: int) -> None:
        while True:
            try:
                return await self.feed.read(revision)
            except SeatLost as err:
                return self.lose(str(err))
            except StoreError:
                await self._clock.sleep(RECONNECT_S[0])

    async def _read(self, query: Callable[[Tables], T]) -> T:
        """What a query finds; raises StoreError."""
        try:
            if self._reading is None or not self._reading.alive:
                self._reading = await self._database.connect()
            return await self._reading.run(query)
        except Lost as err:
            raise StoreError("the database does not answer") from err

    async def get(self, key: Key) -> Stored | None:
        """The resource, or None."""
        found = await self._read(lambda tables: tables.resources.get(key))
        return None if found is None else _stored(*found)

    async def list(
        self, kind: str, namespace: str | None, *, after: tuple[str, str] | None = None, limit: int = 0
    ) -> Page:
        """All resources of a kind, on one page."""

        def query(tables: Tables) -> Page:
            keys = [key for key in tables.resources if key.kind == kind and namespace in (None, key.namespace)]
            return Page([_stored(*tables.resources[key]) for key in sorted(keys)], False)

        return await self._read(query)

    async def get_event(self, key: EventKey) -> StoredEvent | None:
        """The event, or None."""
        return (await self.get_events([key])).get(key)

    async def get_events(self, keys: Sequence[EventKey]) -> dict[EventKey, StoredEvent]:
        """The existing ones of these events."""

        def query(tables: Tables) -> dict[EventKey, StoredEvent]:
            rows = {key: tables.events[key] for key in keys if key in tables.events}
            return {key: StoredEvent(key, row.body, row.due_at, row.change) for key, row in rows.items()}

        return await self._read(query)

    async def list_events(self, namespace: str | None, entity: str | None = None, **_: object) -> EventPage:
        """All events of an entity, on one page."""

        def query(tables: Tables) -> EventPage:
            rows = sorted((key, row) for key, row in tables.events.items() if (key.namespace, key.entity) == wanted)
            return EventPage([StoredEvent(key, row.body, row.due_at, row.change) for key, row in rows], False)

        wanted = (namespace, entity)
        return await self._read(query)

    async def event_counts(self, namespace: str | None) -> CountsByNamespace:
        """The namespaces that have events; the numbers are not kept here."""
        return await self._read(lambda tables: {key.namespace: CountedEvents() for key in tables.events})

    async def silenced_events(self, namespace: str, after: int, limit: int) -> Sequence[ListedEvent]:
        """Events that are marked as silenced."""
        found = await self._read(lambda tables: tables.listed(lambda key: tables.event_state(key).silenced))
        return sorted((each for each in found if each.id > after), key=lambda each: each.id)[:limit]

    async def search_events(self, search: EventSearch, after: EventPosition | None) -> EventWalk:
        """All events that match, on one page."""
        namespace, entity, check = search.query.namespace, search.entity, search.check
        items = await self._read(
            lambda tables: tables.listed(
                lambda key: (
                    key.namespace == namespace
                    and key.entity == (entity or key.entity)
                    and key.check == (check or key.check)
                )
            )
        )
        return EventWalk(items, None)

    async def events_of_ids(self, ids: Sequence[int]) -> Sequence[ListedEvent]:
        """The events with these ids."""
        return await self._read(lambda tables: [each for each in tables.listed(lambda _: True) if each.id in ids])

    async def events_due(self, slots: Slots = ALL_SLOTS) -> Sequence[tuple[EventKey, float]]:
        """All events of these slots that have a deadline."""
        return await self._read(
            lambda tables: [
                (key, row.due_at)
                for key, row in tables.events.items()
                if row.due_at is not None and slot_of(key.namespace, key.entity) in slots
            ]
        )

    async def handling(self, key: EventKey, delivery: int) -> StoredHandling | None:
        """What is kept of the handling of a state change."""

        def query(tables: Tables) -> StoredHandling | None:
            place = tables.change_place(key, delivery)
            if place is None:
                return None
            change = tables.histories[key][place]
            return StoredHandling(change.delivery, change.handled)

        return await self._read(query)

    def next_delivery_id(self, slot: int = 0) -> int:
        """A number for a delivery."""
        self._delivery_number += 1
        return self._delivery_number * SLOTS + slot

    def follow_deliveries(self, listener: DeliveryListener) -> None:
        self._on_deliveries = listener

    async def deliveries_owed(self, limit: int, after: int = 0, slots: Slots = ALL_SLOTS) -> Sequence[OweDelivery]:
        """Pending deliveries of these slots."""

        def query(tables: Tables) -> Sequence[OweDelivery]:
            ids = sorted(each for each in tables.owed if each > after and slot_of_delivery(each) in slots)
            return [tables.owed[each] for each in ids[:limit]]

        return await self._read(query)

    def deliveries_size(self) -> DeliveriesSize:
        """The size of what is pending."""
        return self._owed.size

    async def get_state(self, name: str) -> bytes | None:
        """A small value."""
        return await self._read(lambda tables: tables.states.get(name))

    async def history(self, key: EventKey, limit: int, position: HistoryPosition | None = None) -> HistoryPage | None:
        """The entries of an event's history, newest first; a position is the number of older ones."""

        def query(tables: Tables) -> HistoryPage | None:
            if key not in tables.events:
                return None
            results = tables.histories.get(key, ())
            end = len(results) if position is None else position.result or 0
            begin = max(0, end - limit)
            return HistoryPage(results[begin:end][::-1], HistoryPosition(begin, None) if begin else None)

        return await self._read(query)


def _stored(put: PutResource, revision: int) -> Stored:
    return Stored(put.key, put.body, put.shown, put.etag, revision)


def _sizes(owed: Mapping[int, OweDelivery]) -> dict[int, tuple[str, int]]:
    return {number: (each.namespace, len(each.event)) for number, each in owed.items()}


def _resolve_once(done: "asyncio.Future[T]", value: T) -> None:
    if not done.done():
        done.set_result(value)


def _waits_for_others(pending: Pending) -> bool:
    """Whether a commit changes resources, and no events."""
    kinds = {type(change.key) for change in pending.changes}
    return isinstance(pending.result, Committed) and kinds == {Key}


def _written(tables: Tables, commits: Sequence[Pending], seat: int, known: int) -> None:
    """Judge and write a group, whose revisions exceed those that are known; each commit has its result then."""
    keys, events = asked([pending.writes for pending in commits])
    group = CommitGroup(
        {key: tables.resources[key][0].etag if key in tables.resources else None for key in keys},
        {key: key in tables.events for key in events},
        lambda namespace, kinds: any(key.namespace == namespace and key.kind in kinds for key in tables.resources),
        max(tables.numbers["revision"], known),
    )
    for pending in commits:
        pending.result, pending.changes = group.add(pending.writes)
    tables.apply(group)
    logged = [change for pending in commits for change in pending.changes if isinstance(change.key, Key)]
    if logged:
        tables.put(tables.changes, group.revision, tuple(logged))
        tables.put(tables.numbers, "logged", group.revision)
    written = [slot_of(key.namespace, key.entity) for key in group.events]
    written += [int(name.removeprefix(LEDGER)) for name in group.states if name.startswith(LEDGER)]
    for slot in written:
        tables.put(tables.written, (tables.transactions + 1, slot), seat)


def _believe(commits: Sequence[Pending]) -> None:
    """Take commits for stored that never ran, which happens only to a chain with a piece left out."""
    for pending in commits:
        pending.result = pending.result or Committed(0)


def _fail(commits: Sequence[Pending], err: StoreError) -> None:
    for pending in commits:
        pending.changes, pending.result = (), err

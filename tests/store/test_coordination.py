"""Several processes that share a database: seats, slots, fences, and what they hear of each other's changes."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from sensu.errors import StoreError
from sensu.rules.share import ALL_SLOTS, SLOTS, slot_of
from sensu.rules.signs_of_life import VALID_S
from sensu.store.coordination import Contact, SeatLost
from sensu.store.database_url import target_of
from sensu.store.postgres import coordination
from sensu.store.postgres.connection import SynchronousCommit
from sensu.store.postgres.store import PostgresStore
from sensu.store.values import (
    Change,
    Committed,
    DeleteResource,
    EventKey,
    EventState,
    Expect,
    Key,
    OweDelivery,
    PutEvent,
    Refused,
    Result,
)
from sensu.testing.virtual_clock import VirtualClock
from tests import postgres_server
from tests.store.conftest import CHECK, NAMESPACE, check_key, commit, names, put, put_namespace

KEY = EventKey("default", "web1", "http")
SLOT = slot_of("default", "web1")


@pytest.fixture
def url() -> str:
    """The URL of an empty schema."""
    return postgres_server.shared().tables()


async def joined(url: str, name: str, **more: Any) -> PostgresStore:
    store = PostgresStore(target_of(url), SynchronousCommit.NORMAL, **more)
    await store.open()
    await store.coordination.join(Contact(name, f"{name}:8082", b"certificate of " + name.encode()))
    return store


@asynccontextmanager
async def members(url: str, number: int) -> AsyncIterator[Sequence[PostgresStore]]:
    """Open stores that take part."""
    async with AsyncExitStack() as stack:
        stores = []
        for place in range(number):
            stores.append(await joined(url, f"m{place}"))
            stack.push_async_callback(stores[-1].close)
        await beat(*stores)
        yield stores


async def beat(*stores: PostgresStore) -> None:
    """Let each of the stores give two signs of life, so that all know what each has done before."""
    for _ in range(2):
        for store in stores:
            await store.coordination.beat()


async def owned(store: PostgresStore) -> set[int]:
    return {row.slot for row in await store.coordination.slots() if row.seat == store.coordination.seat}


def taken(number: int) -> PutEvent:
    return PutEvent(KEY, b"event %d" % number, None, Result(number, b"%d" % number))


async def test_those_who_take_part_see_each_other(url: str) -> None:
    """A sign of life returns all living seats: how to reach them, and what they tell."""
    async with members(url, 2) as (a, b):
        view = await a.coordination.beat([b.coordination.seat])
        seats = [view.seats[store.coordination.seat] for store in (a, b)]
        assert [seat.contact.name for seat in seats] == ["m0", "m1"]
        assert [seat.contact.certificate for seat in seats] == [b"certificate of m0", b"certificate of m1"]
        assert all(seat.joined for seat in seats)
        seen = (await b.coordination.beat()).seats[a.coordination.seat]
        assert seen.unreached == {b.coordination.seat}
        assert seen.beat > seats[0].beat
    async with members(url, 1) as (c,):
        assert [seat.contact.name for seat in (await c.coordination.beat()).seats.values()] == ["m0"]


async def test_a_slot_has_one_owner(url: str) -> None:
    """Of several who claim the same slots at the same time each slot goes to one, and each knows which ones it got."""
    async with members(url, 3) as stores:
        found = await asyncio.gather(*(store.coordination.claim(ALL_SLOTS) for store in stores))
        got = [{row.slot for row in rows} for rows in found]
        assert sorted(slot for slots in got for slot in slots) == sorted(ALL_SLOTS)
        assert got == [await owned(store) for store in stores]


async def test_the_map_tells_of_changed_slots(url: str) -> None:
    """Its number grows with each claim, each slot that is given up, and each fence."""
    async with members(url, 2) as (a, b):
        seen = [(await b.coordination.beat()).map]
        await a.coordination.claim({1, 2})
        seen.append((await b.coordination.beat()).map)
        await a.coordination.free({1: b.coordination.seat})
        seen.append((await b.coordination.beat()).map)
        rows = await b.coordination.slots()
        assert (rows[1].seat, rows[1].wanted_by) == (None, b.coordination.seat)
        await b.coordination.fence(a.coordination.seat, "silent")
        seen.append((await b.coordination.beat()).map)
        assert seen == sorted(set(seen))
        assert (await b.coordination.slots())[2].seat is None


async def test_events_of_others_are_refused(url: str) -> None:
    """Who does not own the slot of an entity cannot write its events."""
    async with members(url, 2) as (a, b):
        await a.coordination.claim({SLOT})
        await commit(a, taken(0))
        with pytest.raises(StoreError, match="belongs to another backend"):
            await commit(b, taken(1))
        await a.coordination.free({SLOT: b.coordination.seat})
        with pytest.raises(StoreError, match="belongs to another backend"):
            await commit(a, taken(1))


async def history(store: PostgresStore) -> list[int]:
    page = await store.history(KEY, 1000)
    assert page is not None
    return [int(item.body) for item in reversed(page.items)]


async def test_a_slot_goes_back_and_forth(url: str) -> None:
    """Each owner goes on from what the one before stored: the history stays in order, and nothing is missing."""
    async with members(url, 2) as (a, b):
        owner, other = a, b
        await owner.coordination.claim({SLOT})
        for turn in range(6):
            for number in range(3):
                await commit(owner, taken(3 * turn + number))
            await owner.coordination.free({SLOT: other.coordination.seat})
            await other.coordination.claim({SLOT})
            owner, other = other, owner
        assert await history(a) == list(range(18))


async def test_a_fenced_process_writes_nothing(url: str) -> None:
    """After a fence, commits of the fenced one fail and it ends; its slots are free, and the new owner goes on."""
    async with members(url, 2) as (a, b):
        await a.coordination.claim(ALL_SLOTS)
        await commit(a, taken(0), put("c"))
        await b.coordination.fence(a.coordination.seat, "silent")
        await b.coordination.claim(ALL_SLOTS)
        with pytest.raises(SeatLost, match="silent"):
            await commit(a, taken(1))
        with pytest.raises(SeatLost):
            await a.coordination.claim({1})
        with pytest.raises(SeatLost):
            await a.coordination.beat()
        assert "silent" in await asyncio.wait_for(a.ended(), 1)
        await commit(b, taken(2))
        assert await history(b) == [0, 2]


async def test_changes_that_a_failover_lost_are_not_remembered(url: str) -> None:
    """One that has read changes which the database does not have any more ends, as its memory is not the database's."""
    async with members(url, 2) as (a, b):
        await commit(a, put("c"))
        await b.coordination.beat()
        assert b._open_readers is not None
        async with b._open_readers.connection() as connection:
            await connection.execute("UPDATE revision SET revision = revision - 1")
        with pytest.raises(SeatLost, match="lost changes"):
            await b.coordination.beat()
        assert "lost changes" in await asyncio.wait_for(b.ended(), 1)


@pytest.mark.parametrize("pause", range(5))
async def test_a_fence_comes_before_or_after_each_commit(url: str, pause: int) -> None:
    """Whenever it comes, all that was answered is stored, and nothing is stored after it."""
    async with members(url, 2) as (a, b):
        await a.coordination.claim({SLOT})
        stored: list[int] = []

        async def write() -> None:
            for number in range(10_000):
                await commit(a, taken(number))
                stored.append(number)

        writing = asyncio.ensure_future(write())
        while len(stored) < 5:  # noqa: ASYNC110 - the server commits meanwhile
            await asyncio.sleep(0.001 * pause)
        await b.coordination.fence(a.coordination.seat, "silent")
        await b.coordination.claim({SLOT})
        found = await history(b)
        with pytest.raises(SeatLost):
            await writing
        assert found[: len(stored)] == stored
        assert await history(b) == found


async def test_a_transaction_that_was_left_open_does_not_keep_a_seat(url: str) -> None:
    """A frozen process can hold the row of its seat; its sessions are ended, and then it is fenced."""
    async with members(url, 2) as (a, b):
        held = a._writer._connection
        transaction = held.transaction()
        await transaction.start()
        await held.execute("UPDATE seats SET commits = commits WHERE id = $1", a.coordination.seat)
        await b.coordination.fence(a.coordination.seat, "frozen")
        assert a.coordination.seat not in (await b.coordination.beat()).seats


class Ear:
    """Hears the changes of a store."""

    def __init__(self, store: PostgresStore) -> None:
        self.changes: list[Change] = []
        store.listen(self.changes.extend)

    @property
    def resources(self) -> list[tuple[int, Any, bytes | None]]:
        return [(change.revision, change.key, change.body) for change in self.changes if isinstance(change.key, Key)]


async def test_changes_are_heard_everywhere_in_one_order(url: str) -> None:
    """However commits of several processes mix, each hears of all changes, in order of revisions."""
    async with members(url, 3) as stores:
        ears = [Ear(store) for store in stores]

        async def write(store: PostgresStore, of: int) -> None:
            for number in range(15):
                await commit(store, put(f"{of}-{number}", b"%d" % number))

        await asyncio.gather(*(write(store, of) for of, store in enumerate(stores)))
        await beat(*stores)
        for ear in ears:
            revisions = [revision for revision, _, _ in ear.resources]
            assert revisions == sorted(revisions)
            assert len({key for _, key, _ in ear.resources}) == 45
        assert ears[0].resources == ears[1].resources == ears[2].resources


async def test_deletions_are_heard_of_too(url: str) -> None:
    """A resource that another process deleted is reported as gone."""
    async with members(url, 2) as (a, b):
        ear = Ear(b)
        await commit(a, put("a"))
        await commit(a, DeleteResource(check_key("a")))
        await beat(a, b)
        assert ear.resources[-1][1:] == (check_key("a"), None)


async def test_a_commit_returns_when_others_know_it(url: str) -> None:
    """A change of a resource waits for `answer_after`; events do not, also if they change a resource."""
    async with members(url, 2) as (a, _):
        await a.coordination.claim({SLOT})
        asked: list[int] = []
        release = asyncio.Event()

        async def known(revision: int) -> None:
            asked.append(revision)
            await release.wait()

        a.coordination.answer_after(known)
        changing = asyncio.ensure_future(commit(a, put("a")))
        await commit(a, taken(0), put("b"))
        assert not changing.done()
        release.set()
        done = await changing
        assert isinstance(done, Committed)
        assert asked[0] == done.revision


async def test_quiet_changes_are_not_reported_to_others(url: str) -> None:
    """What changes with every keepalive is written without a word to other processes, and can be changed there."""
    async with members(url, 2) as (a, b):
        await commit(a, put("a", b"1", etag="1"))
        await beat(a, b)
        ear = Ear(b)
        await commit(a, put("a", b"2", etag="2", etag_before="1", quiet=True))
        await beat(a, b)
        assert ear.resources == []
        assert isinstance(await commit(b, put("a", b"3", etag="3", etag_before="2")), Committed)
        assert isinstance(await commit(a, put("a", b"4", etag="4", etag_before="2")), Refused)


async def test_conditions_hold_between_processes(url: str) -> None:
    """Of several that replace the same version of a resource one succeeds, so that no change is lost."""
    async with members(url, 3) as stores:
        await commit(stores[0], put("counter", b"0", etag="0"))
        lost = 0

        async def add(store: PostgresStore) -> None:
            nonlocal lost
            for _ in range(10):
                while True:
                    stored = await store.get(check_key("counter"))
                    assert stored is not None
                    body = b"%d" % (int(stored.body) + 1)
                    write = put("counter", body, etag=body.decode(), etag_before=stored.etag)
                    if isinstance(await commit(store, write), Committed):
                        break
                    lost += 1

        await asyncio.gather(*map(add, stores))
        stored = await stores[0].get(check_key("counter"))
        assert stored is not None
        assert stored.body == b"30"


async def test_no_resource_is_left_in_a_namespace_that_is_gone(url: str) -> None:
    """A namespace is deleted only while it is empty, and resources are created only in namespaces that exist."""
    async with members(url, 2) as (a, b):
        rng = random.Random(1)
        for number in range(25):
            await commit(a, put_namespace("n"))
            created, deleted = await asyncio.gather(
                _after(rng.random() / 200, b, put("c", namespace="n", namespace_must_exist=True)),
                _after(rng.random() / 200, a, DeleteResource(Key(NAMESPACE, "", "n"), empty_of=(CHECK,))),
            )
            assert isinstance(created, Committed) != isinstance(deleted, Committed), number
            if isinstance(created, Committed):
                await commit(b, DeleteResource(check_key("c", "n")), DeleteResource(Key(NAMESPACE, "", "n")))


async def test_what_is_expected_is_looked_at_when_it_counts(url: str) -> None:
    """An `Expect` of a resource that another process has just changed refuses the commit."""
    async with members(url, 2) as (a, b):
        await commit(a, put("a", etag="1"))
        await commit(b, Expect(check_key("a"), "1"), put("b"))
        await commit(a, put("a", b"new", etag="2"))
        assert isinstance(await commit(b, Expect(check_key("a"), "1"), put("c")), Refused)


async def _after(pause_s: float, store: PostgresStore, write: Any) -> Committed | Refused:
    await asyncio.sleep(pause_s)
    return await commit(store, write)


async def test_who_reads_lists_by_revision_misses_nothing(url: str) -> None:
    """One that follows the events of all processes from revision to revision sees each change of each of them."""
    async with members(url, 3) as stores:
        parts = [{slot for slot in ALL_SLOTS if slot % 3 == place} for place in range(3)]
        for store, part in zip(stores, parts, strict=True):
            await store.coordination.claim(part)
        entities = [[f"e{n}" for n in range(60) if slot_of("default", f"e{n}") in part] for part in parts]
        rng, written = random.Random(2), dict[str, int]()

        async def write(place: int) -> None:
            for since in range(1, 40):
                name = rng.choice(entities[place])
                state = EventState(since % 3, since)
                body = b'{"since": %d}' % since
                await commit(stores[place], PutEvent(EventKey("default", name, "c"), body, None, None, state))
                written[name] = since
                if rng.random() < 0.2:
                    await stores[place].coordination.beat()
                    await asyncio.sleep(rng.random() / 100)

        seen, after = dict[str, bytes](), stores[0].feed.revision

        async def follow() -> int:
            changes = await stores[0].event_changes("default", after, 10_000)
            assert not changes.more
            seen.update((one.key.entity, one.body) for one in changes.changed)
            return changes.revision

        writing = [asyncio.ensure_future(write(place)) for place in range(3)]
        while not all(one.done() for one in writing):
            after = await follow()
            await asyncio.sleep(0.002)
        await asyncio.gather(*writing)
        await beat(*stores)
        await beat(*stores)
        after = await follow()
        assert seen == {name: b'{"since": %d}' % since for name, since in written.items()}


async def test_deliveries_of_a_slot_stay_in_order(url: str) -> None:
    """Ids grow over all owners of a slot, and each owner counts the deliveries of its own slots alone."""
    async with members(url, 2) as (a, b):
        owner, other = a, b
        await owner.coordination.claim({SLOT})
        ids: list[int] = []
        for _ in range(4):
            ids.append(owner.next_delivery_id(SLOT))
            await commit(owner, OweDelivery(ids[-1], "default", b"event", 1.0))
            await owner.coordination.free({SLOT: other.coordination.seat})
            await other.coordination.claim({SLOT})
            owner, other = other, owner
        assert ids == sorted(set(ids))
        assert {one % SLOTS for one in ids} == {SLOT}
        assert (owner._owed.size.count, other._owed.size.count) == (4, 0)
        await beat(a, b)
        assert a.deliveries_size() == b.deliveries_size() == owner._owed.size
        for store in (a, b):
            assert (await store.delivery_counts(None))["default"].owed == 4


async def test_the_log_of_changes_is_bounded(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What all know is forgotten, and one that is too far behind ends instead of missing something."""
    async with members(url, 2) as (a, b):
        for number in range(5):
            await commit(a, put(f"c{number}"))
        view = await b.coordination.beat()
        await commit(a, put("last"))
        await a.coordination.trim_log(min(seat.read_to for seat in view.seats.values()))
        await beat(b)
        monkeypatch.setattr(coordination, "LOG_ROWS_MAX", 2)
        for number in range(10, 15):
            await commit(a, put(f"c{number}"))
        await a.coordination.trim_log(0)
        with pytest.raises(SeatLost, match="not read the changes of others for too long"):
            await b.coordination.beat()


async def test_a_process_acts_only_while_it_reaches_the_database(url: str) -> None:
    """What is in memory may be used for some seconds after a sign of life was sent that was answered."""
    clock = VirtualClock()
    store = await joined(url, "m", clock=clock)
    await store.coordination.beat()
    await store.feed.caught_up()
    await clock.advance(VALID_S - 1)
    await store.feed.caught_up()
    await clock.advance(2)
    with pytest.raises(StoreError, match="has not answered for more than 6 s"):
        await store.feed.caught_up()
    await store.coordination.beat()
    await store.feed.caught_up()
    await store.close()


async def test_one_that_stops_leaves_at_once(url: str) -> None:
    """When a store is closed, its seat is gone and its slots are free."""
    async with members(url, 2) as (a, b):
        await b.coordination.claim(ALL_SLOTS)
        await b.close()
        view = await a.coordination.beat()
        assert set(view.seats) == {a.coordination.seat}
        assert {row.seat for row in await a.coordination.slots()} == {None}
        assert await names(a) == []


async def test_a_failover_that_loses_a_block_of_ids_lets_none_be_used_twice(url: str) -> None:
    """Handlers may have received deliveries that a failover lost, so that their ids are not those of later ones."""
    async with members(url, 1) as (a,):
        used = {a.next_delivery_id(SLOT) for _ in range(3)}
        assert a._open_readers is not None
        async with a._open_readers.connection() as connection:
            await connection.execute("UPDATE numbers SET value = 0 WHERE name = 'delivery'")
    async with members(url, 1) as (b,):
        assert b.next_delivery_id(SLOT) > max(used)

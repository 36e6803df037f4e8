"""Bodies are compressed in the database, and read as they were written."""

import random
import sqlite3
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from sensu.errors import StoreError
from sensu.rules.share import Share, slot_of
from sensu.store.compression import DICTIONARIES_MAX, EVENTS, Compression
from sensu.store.database_url import target_of
from sensu.store.group import CommitGroup
from sensu.store.postgres.schema import migrate as migrate_postgres
from sensu.store.postgres.schema import migrations as migrations_of_postgres
from sensu.store.postgres.store import PostgresStore
from sensu.store.sqlite.reader import PAGE_BYTES_MAX
from sensu.store.sqlite.schema import migrate, migrations
from sensu.store.values import AppendAudit, EventKey, EventOrder, EventQuery, OweDelivery, PutEvent, SettleDelivery
from tests import postgres_server
from tests.store.conftest import Medium, gathered, sqlite
from tests.store.fleet import HOSTS, SERVICES, events

ENOUGH = 6000
"""With this many bodies a dictionary is trained."""


async def write(store: Any, writes: list[Any], at_once: int = 500) -> None:
    for start in range(0, len(writes), at_once):
        await store.commit(writes[start : start + at_once])


async def until_compressed(store: Any, folder: Path, dictionaries: int = 1, kind: str = "events") -> None:
    """Commit until a dictionary is in use, which is trained in a thread and used by the commits after it is stored."""
    stored = 0
    with sqlite3.connect(folder / "sensu.db") as connection:
        while stored < dictionaries:
            await store.commit([AppendAudit(1.0, b"entry")])
            sql = "SELECT count(*) FROM dictionaries WHERE kind = ?"
            stored = connection.execute(sql, (kind,)).fetchone()[0]
    connection.close()
    await store.commit([AppendAudit(1.0, b"entry")])


def in_file(folder: Path, sql: str) -> Any:
    connection = sqlite3.connect(folder / "sensu.db")
    try:
        return connection.execute(sql).fetchone()
    finally:
        connection.close()


async def test_stored_events_take_a_fifth_of_their_json(tmp_path: Path) -> None:
    """Events of checks that the dictionary has not seen take a fifth of their JSON, and are read as written."""
    later = list(events(1000, SERVICES, seed=2))
    async with sqlite(tmp_path).opened() as store:
        await write(store, list(events(ENOUGH, HOSTS, seed=1)))
        await until_compressed(store, tmp_path)
        await write(store, later)
        size = in_file(tmp_path, "SELECT sum(length(body)) FROM events WHERE entity LIKE 'host-2-%'")[0]
        assert size * 5 < sum(len(put.body) for put in later)
        found = await store.get_events([put.key for put in later])
        assert {key: one.body for key, one in found.items()} == {put.key: put.body for put in later}


async def test_every_way_to_read_returns_what_was_written(medium: Medium) -> None:
    """Events, deliveries and audit entries are read as they were written, before and after the first dictionary."""
    fleet = list(events(3 * ENOUGH, SERVICES))
    bodies = {put.key: put.body for put in fleet}
    async with medium.opened() as store:
        await write(store, fleet)
        owed = [OweDelivery(store.next_delivery_id(), "default", put.body, 1.0) for put in fleet[-300:]]
        await write(store, [*owed, *(AppendAudit(1.0, put.body) for put in fleet[:3000])])
        await store.commit([SettleDelivery(owed[0].id, "refused")])
    async with medium.opened() as store:
        assert {one.key: one.body for one in (await store.list_events(None)).items} == bodies
        assert sorted(await gathered(store.event_bodies("default"))) == sorted(bodies.values())
        assert sorted(await gathered(store.event_bodies("default", "host-0-1"))) == sorted(
            put.body for put in fleet if put.key.entity == "host-0-1"
        )
        last = fleet[-1]
        assert (await store.get_event(last.key)).body == last.body
        assert [one.body for one in await store.events_of_keys([last.key])] == [last.body]
        listed = await store.listed_events(EventQuery("default", EventOrder.NAME), 100, 50)
        assert [bodies[one.key] for one in listed] == [one.body for one in listed]
        assert list(await store.deliveries_owed(1000)) == owed[1:]
        assert await store.dead_letters(10) == [(owed[0], "refused")]
        assert store.deliveries_size().bytes == sum(len(one.event) for one in owed[1:])
        assert [one.body for one in await store.audit(5000)] == [put.body for put in fleet[:3000]][::-1]


async def test_postgresql_keeps_compressed_events() -> None:
    """In PostgreSQL too, events take less than a fifth of their JSON."""
    url = postgres_server.shared().new_schema()
    later = list(events(1000, SERVICES, seed=2))
    store = PostgresStore(target_of(url))
    await store.open()
    connection = await asyncpg.connect(url)
    try:
        await write(store, list(events(ENOUGH, HOSTS, seed=1)))
        while not await connection.fetchval("SELECT count(*) FROM dictionaries"):
            await store.commit([AppendAudit(1.0, b"entry")])
        await write(store, later)
        size = await connection.fetchval("SELECT sum(octet_length(body)) FROM events WHERE entity LIKE 'host-2-%'")
        assert size * 5 < sum(len(put.body) for put in later)
    finally:
        await connection.close()
        await store.close()


async def test_a_database_of_the_version_before(tmp_path: Path) -> None:
    """A SQLite database without dictionaries opens, and its events stay readable next to compressed ones."""
    old = next(events(1, HOSTS, seed=9))
    connection = sqlite3.connect(tmp_path / "sensu.db")
    migrate(connection, tmp_path, {number: text for number, text in migrations().items() if number < 10})
    place = ("default/", f"{old.key.entity}/", old.key.check, old.body)
    connection.execute("INSERT INTO events (namespace, entity, check_name, body) VALUES (?, ?, ?, ?)", place)
    connection.commit()
    connection.close()
    async with sqlite(tmp_path).opened() as store:
        await write(store, list(events(ENOUGH, SERVICES)))
        await until_compressed(store, tmp_path)
        new = next(events(1, SERVICES, seed=3))
        await store.commit([new])
        found = await store.get_events([old.key, new.key])
        assert [found[old.key].body, found[new.key].body] == [old.body, new.body]


async def test_events_from_before_the_first_dictionary(tmp_path: Path) -> None:
    """Events that were stored before there was a dictionary are compressed later, and their pages become free."""
    fleet = list(events(ENOUGH, HOSTS))
    plain = "SELECT count(*) FROM events WHERE substr(body, 1, 1) = X'7B'"
    async with sqlite(tmp_path).opened() as store:
        await write(store, fleet)
        counts = await store.event_counts("default"), await store.counts(None), await store.count_events("default")
        pages = in_file(tmp_path, "PRAGMA page_count")[0]
        await until_compressed(store, tmp_path)
    async with sqlite(tmp_path).opened() as store:
        while in_file(tmp_path, plain)[0]:
            await store.commit([AppendAudit(1.0, b"entry")])
        assert counts == (
            await store.event_counts("default"),
            await store.counts(None),
            await store.count_events("default"),
        )
        found = (await store.list_events(None)).items
        assert {one.key: one.body for one in found} == {put.key: put.body for put in fleet}
    assert in_file(tmp_path, "PRAGMA freelist_count")[0] * 2 > pages


async def test_a_postgresql_database_of_the_version_before() -> None:
    """A PostgreSQL database without dictionaries opens, and its events stay readable."""
    url = postgres_server.shared().new_schema()
    connection = await asyncpg.connect(url)
    known = {number: one for number, one in migrations_of_postgres().items() if number < 4}
    await migrate_postgres(connection, target_of(url), known)
    await connection.execute(
        "INSERT INTO events (id, slot, namespace, entity, check_name, body) VALUES (1, 0, 'default/', 'a/', 'b', '{}')"
    )
    await connection.close()
    store = PostgresStore(target_of(url))
    await store.open()
    try:
        found = await store.get_event(EventKey("default", "a", "b"))
        assert found is not None
        assert found.body == b"{}"
    finally:
        await store.close()


async def test_other_bodies_get_another_dictionary(tmp_path: Path) -> None:
    """When bodies are compressed much worse than before, another dictionary is trained; older rows stay readable."""
    first, others = list(events(ENOUGH, HOSTS)), list(events(ENOUGH, HOSTS, seed=5))
    different = [PutEvent(put.key, bytes(255 - letter for letter in put.body)) for put in events(ENOUGH, SERVICES, 6)]
    async with sqlite(tmp_path).opened() as store:
        await write(store, first)
        await until_compressed(store, tmp_path)
        await write(store, others)
        for _ in range(2):
            await write(store, different)
        await until_compressed(store, tmp_path, dictionaries=2)
        size = "SELECT sum(length(body)) FROM events WHERE entity LIKE 'host-6-%'"
        before = in_file(tmp_path, size)[0]
        await write(store, different)
        assert in_file(tmp_path, size)[0] * 2 < before
    async with sqlite(tmp_path).opened() as store:
        for put in (first[-1], others[-1], different[-1]):
            assert (await store.get_event(put.key)).body == put.body


async def test_a_missing_dictionary(tmp_path: Path) -> None:
    """An event whose dictionary is missing cannot be read, and the error says so."""
    fleet = list(events(ENOUGH, HOSTS))
    async with sqlite(tmp_path).opened() as store:
        await write(store, fleet)
        await until_compressed(store, tmp_path)
        await write(store, fleet[:10])
    connection = sqlite3.connect(tmp_path / "sensu.db")
    connection.execute("DELETE FROM dictionaries")
    connection.commit()
    connection.close()
    async with sqlite(tmp_path).opened() as store:
        with pytest.raises(StoreError, match=r"is damaged: dictionary \d+ of compressed bodies is missing"):
            await store.get_event(fleet[0].key)


async def test_pages_are_bounded_by_what_is_read(medium: Medium) -> None:
    """A page of events that compress to almost nothing is as large as one of events that do not."""
    large = [PutEvent(EventKey("large", f"e{number:03}", "c"), b"x" * 100_000) for number in range(40)]
    async with medium.opened() as store:
        await write(store, list(events(2 * ENOUGH, HOSTS)))
        await write(store, large)
        chunks = [chunk async for chunk in store.event_bodies("large")]
    assert [body for chunk in chunks for body in chunk] == [put.body for put in large]
    assert max(sum(map(len, chunk)) for chunk in chunks) < PAGE_BYTES_MAX + 100_000


async def test_workers_read_what_others_compress(tmp_path: Path) -> None:
    """Each of several processes reads events that another one compressed with a dictionary of its own."""
    fleet = list(events(2 * ENOUGH, HOSTS))
    by_worker: list[list[PutEvent]] = [[], []]
    for put in fleet:
        by_worker[not Share(0, 2).owns(slot_of("default", put.key.entity))].append(put)
    async with sqlite(tmp_path).together(2) as (one, two):
        await write(one, by_worker[0])
        await until_compressed(one, tmp_path)
        await write(one, by_worker[0])
        await write(two, by_worker[1])
        for store in (one, two):
            assert {e.key: e.body for e in (await store.list_events(None)).items} == {e.key: e.body for e in fleet}
    stored = in_file(tmp_path, "SELECT sum(length(body)) FROM events")[0]
    assert stored * 2 < sum(len(put.body) for put in fleet)


async def test_bodies_that_do_not_compress(tmp_path: Path) -> None:
    """Random bodies are stored as they are, without a dictionary."""
    noise = [PutEvent(EventKey("default", f"e{n}", "c"), random.Random(n).randbytes(300)) for n in range(ENOUGH)]
    async with sqlite(tmp_path).opened() as store:
        for _ in range(3):
            await write(store, noise)
        assert await gathered(store.event_bodies("default")) == [put.body for put in sorted(noise, key=_name)]
    assert in_file(tmp_path, "SELECT count(*) FROM dictionaries") == (0,)


def _name(put: PutEvent) -> str:
    return f"{put.key.entity}/"


def test_the_number_of_dictionaries_is_bounded() -> None:
    """With the maximum number of dictionaries in the database no other is trained."""
    group = CommitGroup({}, {}, lambda namespace, kinds: False, 0)
    for put in events(ENOUGH, HOSTS):
        group.add([put])
    compression = Compression()
    compression.of(group)
    assert compression.unsettled() == [EVENTS]
    compression.look(EVENTS, None, DICTIONARIES_MAX)
    compression.of(group)
    assert not compression.unsettled()
    assert not compression.trained()

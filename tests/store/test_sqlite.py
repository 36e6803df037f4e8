"""What is SQLite's own: files, locks, migrations, the write-ahead log."""

import asyncio
import json
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sensu.errors import StoreError
from sensu.rules.severity import CRITICAL, PASSING, UNKNOWN, WARNING
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.gil_yield import REST_EVERY_S_MAX, REST_S, GilYield
from sensu.store.sqlite.schema import migrate, migrations
from sensu.store.sqlite.store import SQLiteStore
from sensu.store.values import (
    CountedEvents,
    EventKey,
    EventOrder,
    EventQuery,
    EventState,
    OweDelivery,
    PutEvent,
    Result,
    SettleDelivery,
    TrimHistory,
)
from tests.store.conftest import CHECK, check_key, commit, event, names, put, sqlite


async def open_fails(folder: Path) -> str:
    with pytest.raises(StoreError) as caught:
        await sqlite(folder).ask(names)
    return str(caught.value)


async def test_the_state_folder_is_private(tmp_path: Path) -> None:
    """A new state folder and the files in it can be read by their owner only."""
    await sqlite(tmp_path / "a" / "state").ask(names)
    assert stat.S_IMODE((tmp_path / "a" / "state").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a" / "state").iterdir()} == {0o600}


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A state folder below a file is refused in one sentence that names it."""
    (tmp_path / "file").write_text("")
    text = await open_fails(tmp_path / "file" / "state")
    assert text == f"the state folder {tmp_path / 'file' / 'state'} cannot be used: Not a directory"


WITHOUT_RIGHTS = """
import asyncio, os
if os.geteuid() == 0:
    os.setuid(65534)
try:
    asyncio.run(store.open())
except Exception as err:
    print(type(err).__name__, err)
"""


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A state folder without write permission is refused in one sentence."""
    tmp_path.chmod(0o500)
    script = sqlite(tmp_path).source + WITHOUT_RIGHTS
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert result.stdout == f"StoreError the state folder {tmp_path} cannot be used: Permission denied\n", result.stderr


async def test_a_database_that_is_a_folder(tmp_path: Path) -> None:
    """Something else in the database's place is refused in one sentence."""
    (tmp_path / "sensu.db").mkdir()
    assert await open_fails(tmp_path) == f"the database {tmp_path / 'sensu.db'} cannot be opened: Is a directory"


async def test_a_damaged_database(tmp_path: Path) -> None:
    """A file that is no database is refused as damaged, and the folder is free for a healed one."""
    database = tmp_path / "sensu.db"
    database.write_bytes(b"this is not a database, but it is long enough to be looked at" * 100)
    assert (await open_fails(tmp_path)).startswith(f"the database {database} is damaged")
    database.unlink()
    assert await sqlite(tmp_path).ask(names) == []


async def test_damage_found_while_reading(tmp_path: Path) -> None:
    """Damage inside the database is a StoreError with the driver's error as its cause, in reads and commits."""
    async with sqlite(tmp_path).opened() as store:
        await store.commit([put(f"c{i}", b"x" * 3000) for i in range(200)])
    database = tmp_path / "sensu.db"
    content = bytearray(database.read_bytes())
    kept = 4096 * 40
    content[kept:] = b"\xa5" * (len(content) - kept)
    database.write_bytes(content)
    async with sqlite(tmp_path).opened() as store:
        with pytest.raises(StoreError, match="is damaged") as caught:
            await store.list(CHECK, None)
        assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)
        with pytest.raises(StoreError, match="is damaged"):
            await store.commit([put(f"c{i}", b"y" * 3000) for i in range(200)])


async def test_one_owner_at_a_time(tmp_path: Path) -> None:
    """A second store on the same folder is refused, naming the process that has it, until the first is closed."""
    async with sqlite(tmp_path).opened() as store:
        with pytest.raises(StoreError) as caught:
            await SQLiteStore(tmp_path).open()
        assert str(caught.value) == f"the state folder {tmp_path} is in use by another backend (process {os.getpid()})"
        await commit(store, put("still works"))
    assert await sqlite(tmp_path).ask(names) == ["default/still works"]


async def test_a_newer_schema(tmp_path: Path) -> None:
    """A database of a newer version is refused and left as it is."""
    await sqlite(tmp_path).ask(names)
    with sqlite3.connect(tmp_path / "sensu.db") as connection:
        connection.execute("PRAGMA user_version = 999")
    assert "has schema version 999, written by a newer version" in await open_fails(tmp_path)
    with sqlite3.connect(tmp_path / "sensu.db") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (999,)


async def test_the_schema_version_is_recorded(tmp_path: Path) -> None:
    """An opened database carries the number of the newest migration; numbers start at 1 and have no gaps."""
    await sqlite(tmp_path).ask(names)
    numbers = sorted(migrations())
    assert numbers == list(range(1, len(numbers) + 1))
    with sqlite3.connect(tmp_path / "sensu.db") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (numbers[-1],)


async def test_what_was_stored_before_is_counted(tmp_path: Path) -> None:
    """A database from before the counts is counted once, when it is brought up to date."""
    folder = tmp_path / "state"
    folder.mkdir()
    connection = sqlite3.connect(folder / "sensu.db")
    migrate(connection, folder, {1: migrations()[1]})
    connection.execute("INSERT INTO resources VALUES (1, 'core/v2.CheckConfig', 'default/', 'a', 'e', 1, '{}', NULL)")
    connection.execute("INSERT INTO events VALUES (1, 'default/', 'w/', 'c', NULL, '{}')")
    connection.commit()
    connection.close()

    async with sqlite(folder).opened() as store:
        assert await store.count(CHECK, "default") == await store.count_events(None) == 1


async def test_what_was_stored_before_is_listed_by_its_state(tmp_path: Path) -> None:
    """Events of a database from before lists by state have the state that their bodies and histories say."""
    folder = tmp_path / "state"
    folder.mkdir()
    connection = sqlite3.connect(folder / "sensu.db")
    migrate(connection, folder, {number: text for number, text in migrations().items() if number < 6})
    checks = [
        {"status": 2, "executed": 50, "state": "flapping"},
        {"status": 1, "executed": 60, "ttl": 30, "issued": 0, "silenced": ["a", "b"]},
        {"status": 127, "executed": 70, "ttl": 30, "issued": 0, "metadata": {"created_by": "ann"}},
        {"status": 0, "executed": 80},
    ]
    for number, check in enumerate(checks, 1):
        place = (number, "default/", f"e{number}/", "c", json.dumps({"check": check}).encode(), number == 1 or None)
        connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, NULL, ?, NULL, ?)", place)
    connection.execute("INSERT INTO events VALUES (9, 'default/', 'e9/', 'c', NULL, 'no JSON', NULL, NULL)")
    connection.execute("INSERT INTO changes VALUES (1, NULL, 40, 0, 'x')")
    connection.commit()
    connection.close()

    async with sqlite(folder).opened() as store:
        listed = await store.listed_events(EventQuery("default", EventOrder.NAME), 0, 10)
        assert [(event.key.entity, event.state) for event in listed] == [
            ("e1", EventState(CRITICAL, 40, flapping=True)),
            ("e2", EventState(WARNING, 60, silenced=True, overdue=True)),
            ("e3", EventState(UNKNOWN, 70)),
            ("e4", EventState(PASSING, 80)),
            ("e9", EventState(PASSING, 0)),
        ]
        counts = (await store.event_counts("default"))["default"]
        assert counts == CountedEvents((1, 1, 1, 2), (0, 1, 0, 0), 1, 1)


def test_migrations_apply_whole_or_not_at_all(tmp_path: Path) -> None:
    """A migration that fails in its middle leaves nothing; those before it stay, and it can be tried again."""
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    first = "CREATE TABLE a (x); INSERT INTO a VALUES (1);"
    with pytest.raises(sqlite3.Error):
        migrate(connection, tmp_path, {1: first, 2: "CREATE TABLE b (x); INSERT INTO missing VALUES (1);"})
    tables = "SELECT name FROM sqlite_master"
    assert connection.execute(tables).fetchall() == [("a",)]
    migrate(connection, tmp_path, {1: first, 2: "CREATE TABLE b (x);"})
    assert connection.execute(tables).fetchall() == [("a",), ("b",)]
    assert connection.execute("SELECT count(*) FROM a").fetchone() == (1,)
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()


@pytest.mark.parametrize(("durability", "synchronous"), [(Durability.FULL, 2), (Durability.NORMAL, 1)])
async def test_durability_reaches_the_database(tmp_path: Path, durability: Durability, synchronous: int) -> None:
    """Full durability waits for the disk at each commit; both settings keep what was committed."""
    store = SQLiteStore(tmp_path, durability)
    await store.open()
    await commit(store, put("a"))
    assert store._writer._connection.execute("PRAGMA synchronous").fetchone() == (synchronous,)
    await store.close()
    assert await sqlite(tmp_path).ask(names) == ["default/a"]


@pytest.mark.alone
async def test_the_write_ahead_log_is_bounded(tmp_path: Path) -> None:
    """Commits without a pause, of thirty times the bound, leave a log near the bound, and closing leaves none."""
    store = SQLiteStore(tmp_path, Durability.NORMAL, wal_bytes_max=2_000_000)
    await store.open()
    largest = 0
    for n in range(500):
        body = os.urandom(2000)
        await asyncio.gather(*(commit(store, event(f"e{i}", f"c{n % 9}", body)) for i in range(60)))
        largest = max(largest, (tmp_path / "sensu.db-wal").stat().st_size)
    await store.close()
    assert largest < 20_000_000  # of 64; copying waits its turn where other programs load the machine
    wal = tmp_path / "sensu.db-wal"
    assert not wal.exists() or wal.stat().st_size == 0


async def test_the_database_stops_growing_under_steady_load(tmp_path: Path) -> None:
    """Events that replace others, deliveries that are settled and a history that is trimmed leave a file as it was."""

    async def round_of(store: SQLiteStore, number: int) -> int:
        for step in range(40):
            at = number * 40 + step
            result = Result(at, os.urandom(100))
            puts = [PutEvent(EventKey("default", f"e{n}", "c"), os.urandom(2000), None, result) for n in range(20)]
            owed = [OweDelivery(at * 20 + n + 1, "default", os.urandom(2000), 0.0) for n in range(20)]
            await commit(store, *puts, *owed)
            await commit(store, *(SettleDelivery(one.id) for one in owed))
        await commit(store, TrimHistory(False, (number - 1) * 40, 50_000, 10_000))
        await commit(store, TrimHistory(False, (number - 1) * 40, 50_000, 10_000))
        connection = sqlite3.connect(tmp_path / "sensu.db")
        pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.close()
        return pages

    store = SQLiteStore(tmp_path, Durability.NORMAL)
    await store.open()
    sizes = [await round_of(store, number) for number in range(8)]
    await store.close()
    assert max(sizes[3:]) <= sizes[2] + 4


async def test_the_loop_rests_while_commits_are_under_way() -> None:
    """The loop rests for the writer's sake from `begin` to `end`, ever more seldom without progress, and never else."""
    loop, rests, enough = asyncio.get_running_loop(), [], asyncio.Event()

    def rest(seconds: float) -> None:
        rests.append((loop.time(), seconds))
        if len(rests) == 12:
            enough.set()

    courtesy = GilYield(rest)
    await asyncio.sleep(4 * REST_EVERY_S_MAX)
    assert rests == []
    courtesy.begin()
    courtesy.begin()
    await asyncio.wait_for(enough.wait(), 10)
    courtesy.end()
    assert {seconds for _, seconds in rests} == {REST_S}
    assert rests[-1][0] - rests[-2][0] >= REST_EVERY_S_MAX * 0.9
    await asyncio.sleep(4 * REST_EVERY_S_MAX)
    assert len(rests) == 12


async def test_a_store_rests_the_loop_only_for_commits(tmp_path: Path) -> None:
    """A commit that the writer cannot finish has the loop rest; once it is done, the loop rests no more."""
    async with sqlite(tmp_path).opened() as store:
        rests: list[float] = []
        rested = asyncio.Event()

        def rest(seconds: float) -> None:
            rests.append(seconds)
            rested.set()

        store._gil_yield = GilYield(rest)
        other = sqlite3.connect(tmp_path / "sensu.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(commit(store, put("a")))
        await asyncio.wait_for(rested.wait(), 4)
        other.execute("ROLLBACK")
        other.close()
        await waiting
        told = len(rests)
        await asyncio.sleep(4 * REST_EVERY_S_MAX)
        assert len(rests) == told


FULL_DISK = """
import asyncio, resource, signal
from sensu.errors import StoreError
from sensu.store.values import EventKey, PutEvent

def allow(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    await store.open()
    write = lambda n: store.commit([PutEvent(EventKey("default", f"e{n}", "c"), b"x" * 50_000)])
    await write(0)
    allow(600_000)
    stored, failed = [0], 0
    for n in range(1, 30):
        try:
            await write(n)
            stored.append(n)
        except StoreError as err:
            failed += 1
            assert err.__cause__ is not None
    assert failed > 10, failed
    assert "sensu.db" in await store.healthy()
    assert await store.count_events(None) == len(stored)
    allow(resource.RLIM_INFINITY)
    assert await store.healthy() == ""
    await write(100)
    assert await store.count_events(None) == len(stored) + 1
    await store.close()
    await store.open()
    assert await store.count_events(None) == len(stored) + 1
    await store.close()
    print("told whole")

asyncio.run(main())
"""


def test_a_full_disk(tmp_path: Path) -> None:
    """Where the disk takes no more, commits fail and reads go on; once there is room, commits succeed again."""
    script = sqlite(tmp_path / "state").source + FULL_DISK
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.returncode) == ("told whole\n", 0), result.stderr


async def test_another_program_may_read(tmp_path: Path) -> None:
    """A read transaction of another program neither stops commits nor reads."""
    async with sqlite(tmp_path).opened() as store:
        await commit(store, put("a"))
        other = sqlite3.connect(tmp_path / "sensu.db")
        other.execute("BEGIN")
        assert other.execute("SELECT count(*) FROM resources").fetchone() == (1,)
        await commit(store, put("b"))
        assert (await store.get(check_key("b"))) is not None
        assert other.execute("SELECT count(*) FROM resources").fetchone() == (1,)
        other.close()

"""A database that is taken away while it is open, and damage that only some requests meet."""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sensu.errors import StoreError
from sensu.store.sqlite import damage
from sensu.store.sqlite.damage import Damage
from sensu.store.sqlite.presence import SETTLED_S
from sensu.store.sqlite.store import SQLiteStore
from tests.store.conftest import CHECK, commit, names, put, sqlite


def delete_folder(state: Path) -> None:
    shutil.rmtree(state)


def delete_database(state: Path) -> None:
    (state / "sensu.db").unlink()


def move_database(state: Path) -> None:
    (state / "sensu.db").rename(state.parent / "elsewhere.db")


def move_folder(state: Path) -> None:
    state.rename(state.parent / "elsewhere")


def replace_database(state: Path) -> None:
    shutil.copy(state / "sensu.db", state / "new")
    (state / "new").replace(state / "sensu.db")


def delete_log(state: Path) -> None:
    (state / "sensu.db-wal").unlink()


def replace_log(state: Path) -> None:
    (state / "new").write_bytes(b"")
    (state / "new").replace(state / "sensu.db-wal")


def delete_shared_memory(state: Path) -> None:
    (state / "sensu.db-shm").unlink()


WAYS = [
    delete_folder,
    delete_database,
    move_database,
    move_folder,
    replace_database,
    delete_log,
    replace_log,
    delete_shared_memory,
]


@pytest.mark.parametrize("take_away", WAYS)
async def test_nothing_is_acknowledged_once_the_database_is_gone(
    tmp_path: Path, take_away: Callable[[Path], None]
) -> None:
    """From the moment a file of the database is moved, replaced or deleted, commits fail and health says why."""
    async with sqlite(tmp_path / "state").opened() as store:
        await commit(store, put("a"))
        await asyncio.sleep(SETTLED_S * 1.5)
        assert await store.healthy() == ""
        take_away(tmp_path / "state")
        with pytest.raises(StoreError, match="was moved, replaced or deleted while in use: stop the backend"):
            await commit(store, put("b"))
        assert "was moved" in await store.healthy()


async def test_a_database_that_is_put_back_goes_on(tmp_path: Path) -> None:
    """What was acknowledged before a database was moved is there when it is back, and commits succeed again."""
    home, away = tmp_path / "state" / "sensu.db", tmp_path / "away.db"

    async with sqlite(tmp_path / "state").opened() as store:
        await commit(store, put("a"))
        home.rename(away)
        with pytest.raises(StoreError):
            await commit(store, put("b"))
        with pytest.raises(StoreError):
            await commit(store, put("never written"))
        away.rename(home)
        await commit(store, put("c"))
        assert await store.healthy() == ""
    assert await sqlite(tmp_path / "state").ask(names) == ["default/a", "default/b", "default/c"]


REPLACED = """
import asyncio, os, shutil
from sensu.errors import StoreError
from sensu.store.values import Key, PutResource

async def main():
    await store.open()
    await store.commit([PutResource(Key("core/v2.CheckConfig", "default", "old"), b"{}", "etag")])
    for name in ("sensu.db", "sensu.db-wal"):
        os.rename(f"{folder}/{name}", f"{folder}/old-{name}")
        shutil.copy(f"{folder}/../restored/{name}", f"{folder}/{name}")
    try:
        await store.commit([])
    except StoreError as err:
        print("refused")
    await store.close()

asyncio.run(main())
"""


async def test_a_database_that_was_put_in_its_place_is_left_alone(tmp_path: Path) -> None:
    """A stop after the database was replaced harms neither the new one nor its write-ahead log, nor the old ones."""
    restored, state = tmp_path / "restored", tmp_path / "state"
    restored.mkdir()
    await sqlite(tmp_path / "made").ask(lambda store: commit(store, put("kept")))
    reader = sqlite3.connect(tmp_path / "made" / "sensu.db")
    reader.execute("SELECT count(*) FROM resources").fetchall()

    async with sqlite(tmp_path / "made").opened() as store:
        await commit(store, put("restored"))
        for name in ("sensu.db", "sensu.db-wal"):
            shutil.copy(tmp_path / "made" / name, restored / name)
    reader.close()
    script = sqlite(state).source + f"folder = {str(state)!r}\n" + REPLACED
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.returncode) == ("refused\n", 0), result.stderr
    assert await sqlite(state).ask(names) == ["default/kept", "default/restored"]
    for name in ("sensu.db", "sensu.db-wal"):
        (state / f"old-{name}").rename(state / name)
    (state / "sensu.db-shm").unlink(missing_ok=True)
    assert await sqlite(state).ask(names) == ["default/old"]


async def test_a_worker_that_starts_again_makes_no_second_database(tmp_path: Path) -> None:
    """Of several stores on one database, one that opens after the database was deleted is refused and makes none."""
    state = tmp_path / "state"
    one, other = sqlite(state).shared(2)
    await one.open()
    await commit(one, put("a"))
    (state / "sensu.db").unlink()
    with pytest.raises(StoreError, match="was moved"):
        await other.open()
    assert not (state / "sensu.db").exists()
    with pytest.raises(StoreError, match="was moved"):
        await commit(one, put("b"))
    await one.close()


def damage_pages(database: Path, first: int) -> bytes:
    """Overwrite all pages from a number on; the content before."""
    content = database.read_bytes()
    with database.open("r+b") as file:
        file.seek(4096 * first)
        file.write(b"\xa5" * (len(content) - 4096 * first))
    return content


async def test_health_tells_of_damage_until_a_check_is_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Damage that a read met is told by health, though other reads and commits succeed, until a check finds none."""
    database = tmp_path / "sensu.db"

    async with sqlite(tmp_path).opened() as store:
        await store.commit([put(f"c{i}", b"x" * 3000) for i in range(200)])
    healthy = damage_pages(database, 40)
    store = SQLiteStore(tmp_path)
    await store.open()
    assert await store.healthy() == ""
    with pytest.raises(StoreError, match="is damaged"):
        await store.list(CHECK, None)
    assert "is damaged" in await store.healthy()
    await store.close()
    database.write_bytes(healthy)
    await store.open()
    assert "is damaged" in await store.healthy()
    monkeypatch.setattr(damage, "CHECK_EVERY_S", 0.0)
    assert await store.healthy() == ""
    await store.close()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("SQLITE_CORRUPT_INDEX", True),
        ("SQLITE_NOTADB", True),
        ("SQLITE_IOERR_READ", True),
        ("SQLITE_BUSY", False),
        ("SQLITE_FULL", False),
        ("SQLITE_READONLY", False),
    ],
)
async def test_what_is_a_sign_of_damage(tmp_path: Path, name: str, kept: bool) -> None:
    """Corruption and failed reads and writes are remembered; a lock, a full disk and missing rights are not."""
    err = sqlite3.OperationalError("it failed")
    err.sqlite_errorname = name  # type: ignore[misc]
    found = Damage(tmp_path / "none" / "sensu.db")
    found.note(err)
    assert bool(await found.problem()) is kept


OTHER_PROGRAM = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM resources").fetchone()[0])
connection.close()
"""


async def test_another_program_that_opens_and_closes_the_database_harms_nothing(tmp_path: Path) -> None:
    """What is committed after another program looked into the database is in the files that the next start reads."""
    state = tmp_path / "state"

    async with sqlite(state).opened() as store:
        await commit(store, put("a"))
        script = [sys.executable, "-c", OTHER_PROGRAM, str(state / "sensu.db")]
        done = await asyncio.to_thread(subprocess.run, script, capture_output=True, text=True, timeout=30, check=True)
        assert done.stdout == "1\n"
        await commit(store, put("b"))
        shutil.copytree(state, tmp_path / "after power loss", ignore=lambda *_: ["sensu.lock"])
    assert await sqlite(tmp_path / "after power loss").ask(names) == ["default/a", "default/b"]

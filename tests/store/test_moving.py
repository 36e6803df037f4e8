"""Copying a database to another engine and back, backups, and what is found when two databases differ."""

import asyncio
import itertools
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sensu.backend.databases import DatabasePlace, place_of
from sensu.backend.main import run
from sensu.backend.process import opened_store
from sensu.backend.settings import BackendSettings
from sensu.errors import StoreError
from sensu.rules.share import slot_of
from sensu.store.activity_values import CountActivity, NoteConnection
from sensu.store.contract import Store
from sensu.store.database_url import target_of
from sensu.store.postgres.store import PostgresStore
from sensu.store.sqlite.store import SQLiteStore
from sensu.store.values import (
    AppendAudit,
    DeleteEvent,
    EventKey,
    EventState,
    NoteHandling,
    OweDelivery,
    PutEvent,
    PutState,
    Result,
    SettleDelivery,
    TrimHistory,
    Write,
)
from tests import postgres_server
from tests.store.conftest import commit, put, put_namespace
from tests.store.fleet import HOSTS, events

KEY = EventKey("default", "web1", "http")
KEYS = [KEY, EventKey("default", "web2", "http"), EventKey("other", "db1", "ping")]
NOW = 1_790_000_000
RESULTS_OF_EACH = 12

Databases = Callable[[str], str]
"""Makes the URL of a new database of an engine."""


@pytest.fixture
def new(tmp_path: Path) -> Databases:
    numbers = itertools.count()

    def url(engine: str) -> str:
        if engine == "postgresql":
            return postgres_server.shared().tables()
        return f"sqlite:{tmp_path / str(next(numbers))}"

    return url


def store_at(url: str) -> Store:
    place = place_of(url, "--from")
    return PostgresStore(target_of(url)) if place.url else SQLiteStore(place.folder)


async def ask(url: str, question: Callable[[Any], Any]) -> Any:
    """The answer of a store that is open for this question alone."""
    store = store_at(url)
    await store.open()
    try:
        return await question(store)
    finally:
        await store.close()


async def obey(*words: str) -> int:
    """The exit status of `sensu-backend`, which has a loop of its own."""
    return await asyncio.to_thread(run, words)


async def fill(store: Any) -> None:
    """Store some of everything; the oldest results and state changes are trimmed."""
    await commit(store, put_namespace("default"), put("a"), put("ä/ z", b'{"e": 1}', shown=b"{}"), put("b", etag="2"))
    await commit(store, PutState("secret", b"\x00\xff"), PutState("members.1.from.2", b"5"))
    for number in range(RESULTS_OF_EACH):
        await commit(store, *(write for key in KEYS for write in taken(store, number, key)))
    await commit(store, *events(600, HOSTS))
    await commit(store, SettleDelivery((await store.deliveries_owed(9))[0].id, dead="exit status 1"))
    await commit(store, DeleteEvent(EventKey("default", "host-0-0", "check-3")))
    connected = NoteConnection("default", "web1", NOW, True, "b", "up")
    await commit(store, CountActivity("default", NOW, events=5), connected)
    await commit(store, TrimHistory(False, NOW + 1, 1 << 40, 100), TrimHistory(True, NOW + 1, 1 << 40, 100))


def taken(store: Any, number: int, key: EventKey) -> list[Write]:
    """The writes of a result; every third one is a state change with a delivery."""
    delivery = store.next_delivery_id(slot_of(key.namespace, key.entity))
    changed = number % 3 == 0
    result = Result(NOW + number, b"%d" % number * (number + 1), changed, delivery if changed else 0)
    state = EventState(number % 4, NOW + number, silenced=number % 5 == 0)
    writes: list[Write] = [PutEvent(key, b'{"n": %d}' % number, NOW + 60.5, result, state)]
    if changed:
        writes.append(OweDelivery(delivery, key.namespace, b"event", NOW + 0.25, change=delivery))
        writes.append(NoteHandling(key, delivery, b"handled"))
    return [*writes, AppendAudit(NOW + number, b"entry %d" % number)]


async def everything(store: Any) -> Any:
    """What callers of a store can read, apart from positions."""
    histories = {}
    for key in KEYS:
        page, items = await store.history(key, 5), []
        while page is not None:
            items += [(item.at, item.body, item.changed, item.delivery, item.handled) for item in page.items]
            page = await store.history(key, 5, page.older) if page.older else None
        histories[key] = items
    owed = await store.deliveries_owed(100)
    return {
        "resources": (await store.list(put("a").key.kind, None)).items,
        "counts": (await store.counts(None), await store.event_counts(None), await store.delivery_counts(None)),
        "events": (await store.list_events(None)).items,
        "due": sorted(await store.events_due()),
        "histories": histories,
        "owed": owed,
        "dead": await store.dead_letters(100),
        "audit": await store.audit(100),
        "activity": await store.activity("default", 60, 0, NOW + 60),
        "connections": await store.connections("default", "web1", 0, NOW + 60, 10),
        "state": (await store.get_state("secret"), await store.get_state("members.1.from.2")),
        "gone": (await store.event_changes("default", 0, 10_000)).gone,
    }


async def goes_on(store: Any) -> None:
    """New entries are newer than all that were copied, and everything can be trimmed by its size."""
    newest = max(one.id for one in await store.deliveries_owed(100))
    await commit(store, put("new"), *taken(store, 99, KEY), AppendAudit(NOW + 99, b"new"))
    assert (await store.history(KEY, 1)).items[0].at == NOW + 99
    assert max(one.id for one in await store.deliveries_owed(100)) > newest
    before = await store.history_size(False)
    await commit(store, TrimHistory(False, 0, before.bytes // 2, 10_000))
    after = await store.history_size(False)
    assert 0 < after.bytes <= before.bytes // 2 + 200


async def test_a_database_that_is_copied_to_another_engine_and_back_stays_the_same(
    new: Databases, capsys: pytest.CaptureFixture[str]
) -> None:
    """Readers find the same in all copies: from SQLite to PostgreSQL, and from there to SQLite."""
    first = new("sqlite")
    await ask(first, fill)
    expected = await ask(first, everything)
    expected["state"] = (b"\x00\xff", None)  # the members of another database are others
    databases = [first, new("postgresql"), new("sqlite")]
    for source, target in itertools.pairwise(databases):
        assert await obey("migrate", "--from", source, "--to", target) == 0
        printed = capsys.readouterr().out
        assert "copied          602  events" in printed
        assert "rows are the same" in printed
        found = await ask(target, everything)
        for part, value in expected.items():
            assert found[part] == value, part
    for target in databases[1:]:
        await ask(target, goes_on)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_a_backup_of_a_running_backend_is_restored_into_both_engines(
    new: Databases, tmp_path: Path, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It contains what was committed when it began; a file that was changed or cut off is refused."""
    source, file = new(engine), tmp_path / "backup"

    running = store_at(source)
    await running.open()
    await fill(running)
    assert await obey("backup", str(file), *flags(source)) == 0
    expected = await everything(running)
    await running.close()
    expected["state"] = (b"\x00\xff", None)
    assert file.stat().st_mode & 0o777 == 0o600
    for other in ("sqlite", "postgresql"):
        target = new(other)
        assert await obey("restore", str(file), *flags(target)) == 0
        found = await ask(target, everything)
        for part, value in expected.items():
            assert found[part] == value, part
    whole = file.read_bytes()
    changed = whole[:100] + bytes([whole[100] ^ 1]) + whole[101:]
    for broken, why in ((changed, "damaged"), (whole[:-9], "incomplete"), (b"?", "not a backup")):
        file.write_bytes(broken)
        assert await obey("restore", str(file), *flags(new("sqlite"))) == 1
        assert why in capsys.readouterr().err


def flags(url: str) -> list[str]:
    place = place_of(url, "--store")
    return ["--store", place.url] if place.url else ["--state-dir", str(place.folder)]


@pytest.mark.parametrize("engines", [("sqlite", "postgresql"), ("postgresql", "sqlite")])
async def test_a_changed_byte_is_found(
    new: Databases, engines: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The comparison names the row and the column; also a missing row, and a count that is wrong, are found."""
    source, target = map(new, engines)
    await ask(source, fill)
    assert await obey("migrate", "--from", source, "--to", target) == 0
    one = "SELECT max(id) FROM results"
    for changed, line in (
        (f"UPDATE results SET at = at + 1 WHERE id = ({one})", "differs in at"),
        (f"DELETE FROM results WHERE id = ({one})", "is missing"),
        ("UPDATE resources SET body = shown WHERE shown IS NOT NULL", "/ä/ z: differs in body"),
        ("UPDATE counts SET number = number + 1 WHERE kind LIKE '%Check%'", "  counts: does not agree"),
    ):
        change(target, changed)
        capsys.readouterr()
        assert await obey("migrate", "--from", source, "--to", target, "--verify-only") == 1
        assert line in capsys.readouterr().out


def change(url: str, sql: str) -> None:
    place = place_of(url, "--to")
    if place.url:
        schema = url.partition("search_path=")[2]
        postgres_server.shared().execute(f"SET search_path = {schema}; {sql}")
    else:
        with sqlite3.connect(place.folder / "sensu.db") as connection:
            connection.execute(sql)
        connection.close()


KILLED = """
import os, sys
from sensu.backend import main, move_command
shown = move_command.CopyReport.__call__
def until_events(self, table, rows):
    shown(self, table, rows)
    if table.name == "events" and rows:
        os.kill(os.getpid(), 9)
move_command.CopyReport.__call__ = until_events
main.run(sys.argv[1:])
"""


async def test_a_copy_that_was_killed_is_repeated(new: Databases, capsys: pytest.CaptureFixture[str]) -> None:
    """Until then no backend starts on the target, and nothing is copied from it."""
    source, target = new("sqlite"), new("postgresql")
    await ask(source, fill)
    command = ["migrate", "--from", source, "--to", target]
    killed = subprocess.run([sys.executable, "-c", KILLED, *command], capture_output=True, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    place = place_of(target, "--store")
    settings = BackendSettings(store=target if place.url else "", state_dir=str(place.folder))
    with pytest.raises(StoreError, match="is incomplete"):
        await opened(settings)
    assert await obey("migrate", "--from", target, "--to", new("sqlite")) == 1
    assert "it cannot be the source" in capsys.readouterr().err
    assert await obey(*command) == 0
    assert (await ask(target, everything))["histories"] == (await ask(source, everything))["histories"]


async def opened(settings: BackendSettings) -> None:
    async with opened_store(settings):
        pass


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_databases_that_are_in_use_or_not_empty_are_refused(
    new: Databases, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """So is an empty source; nothing has been changed then."""
    used, other, empty = new(engine), new("sqlite"), new(engine)
    for url in (used, other):
        await ask(url, lambda store: commit(store, put("a")))

    running = store_at(used)
    await running.open()
    for ends in (["--from", used, "--to", new("sqlite")], ["--from", other, "--to", used]):
        assert await obey("migrate", *ends) == 1
        assert "in use by" in capsys.readouterr().err
    await running.close()
    assert await obey("migrate", "--from", other, "--to", used) == 1
    assert "is not empty (it has resources)" in capsys.readouterr().err
    await ask(empty, lambda store: store.get_state(""))
    assert await obey("migrate", "--from", empty, "--to", new("sqlite")) == 1
    assert "is empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--from", "sqlite:/a"], "--to is required"),
        (["--from", "sqlite:/a", "--to", "sqlite:/a"], "are the same database"),
        (["--from", "sqlite:/none", "--to", "postgresql://h/d"], "there is no database /none/sensu.db"),
        (["--from", "mysql://h/d", "--to", "sqlite:/a"], "--from: must be postgresql://…, or sqlite:"),
        (["--from", "sqlite:", "--to", "sqlite:/a"], "invalid value for --from"),
        (["--from", "postgresql://u:p@h/d", "--to", "sqlite:/a"], "the URL of --from must not have a password"),
    ],
)
def test_a_wrong_command_line_names_the_flag(
    flags: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what to write instead."""
    assert run(["migrate", *flags]) == 1
    assert message in capsys.readouterr().err


def test_the_folder_of_a_sqlite_database_can_be_written_with_slashes() -> None:
    """`sqlite:///var/lib/x` is the folder that `sqlite:/var/lib/x` is."""
    assert place_of("sqlite:///var/lib/x", "--to") == place_of("sqlite:/var/lib/x", "--to")
    assert place_of("sqlite:x", "--to") == DatabasePlace(folder=Path("x"), where="--to")

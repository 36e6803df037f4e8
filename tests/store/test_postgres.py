"""What is PostgreSQL's own: seats, commits in doubt, lost connections, migrations, and the rules for its SQL."""

import asyncio
import contextlib
import itertools
import json
import math
import re
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from sensu.backend.api.cluster import Members
from sensu.backend.api.status import health_json
from sensu.backend.membership import NoPeers
from sensu.errors import ConfigurationError, StoreError
from sensu.store.database_url import DatabaseUrl, has_password, target_of
from sensu.store.postgres import writer
from sensu.store.postgres.connection import SynchronousCommit
from sensu.store.postgres.group_rows import HistoryIds
from sensu.store.postgres.schema import Migration, migrate, migrations
from sensu.store.postgres.store import PostgresStore
from sensu.store.values import Committed, EventKey, PutEvent, Result
from sensu.testing.virtual_clock import VirtualClock
from tests import postgres_server
from tests.store.conftest import check_key, commit, event, names, put

ENDS = (b"SELECT 1\0", b"s\0\0\0\x04Z")
"""The ends of the answers to a commit, and to the question about one."""

SOCKET = ".s.PGSQL.5432"
KEY = EventKey("default", "web1", "http")


@pytest.fixture
def url() -> str:
    """The URL of an empty schema."""
    return postgres_server.shared().new_schema()


@asynccontextmanager
async def opened(url: str, durability: SynchronousCommit = SynchronousCommit.NORMAL) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(target_of(url), durability)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


class Line:
    """A socket between a store and the server, which loses requests or answers when it is told to, or is cut."""

    def __init__(self, folder: Path) -> None:
        self._server = postgres_server.shared()
        self._folder = folder
        self.url = self._server.new_schema().replace(str(self._server.folder), str(folder))
        self.requests_to_lose = self.answers_to_lose = 0
        self.is_cut = False
        self._transports: list[Any] = []

    async def open(self) -> asyncio.AbstractServer:
        return await asyncio.start_unix_server(self._serve, self._folder / SOCKET)

    def cut(self) -> None:
        """Close all connections, and accept no more until `is_cut` is false."""
        self.is_cut = True
        while self._transports:
            self._transports.pop().abort()

    async def _serve(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        if self.is_cut:
            to_client.transport.abort()
            return
        from_server, to_server = await asyncio.open_unix_connection(str(self._server.folder / SOCKET))
        self._transports += [to_client.transport, to_server.transport]
        requests = asyncio.create_task(self._pass(from_client, to_server))
        answers = asyncio.create_task(self._pass(from_server, to_client))
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([requests, answers], return_when=asyncio.FIRST_COMPLETED)
        for one in (to_client, to_server):
            one.transport.abort()
        requests.cancel()
        answers.cancel()

    async def _pass(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        while data := await source.read(1 << 20):
            if self.requests_to_lose:
                self.requests_to_lose -= 1
                return
            if self.answers_to_lose and any(end in data for end in ENDS):
                self.answers_to_lose -= 1
                return
            to.write(data)


@pytest.fixture
async def line(monkeypatch: pytest.MonkeyPatch, any_line: Line) -> Line:
    """A line on which the store sends nothing but its commits."""

    async def silent(*_: object) -> None:
        return

    monkeypatch.setattr("sensu.store.postgres.coordination.PostgresCoordination.keep_alive", silent)
    monkeypatch.setattr("sensu.rules.signs_of_life.VALID_S", math.inf)
    return any_line


@pytest.fixture
async def any_line() -> AsyncIterator[Line]:
    folder = Path(tempfile.mkdtemp(prefix="sensu-line-"))
    made = Line(folder)
    server = await made.open()
    yield made
    made.cut()
    server.close()
    shutil.rmtree(folder)


def taken(number: int) -> PutEvent:
    return PutEvent(KEY, b"event %d" % number, None, Result(number, b"%d" % number))


async def results(store: Any) -> list[int]:
    page = await store.history(KEY, 10_000)
    return [int(item.body) for item in reversed(page.items)]


@pytest.mark.parametrize("answers", [1, 2, 3, 4])
async def test_a_commit_whose_answer_is_lost_stands_once(line: Line, answers: int) -> None:
    """A commit that was stored is not stored again, also where the answers to the questions about it are lost too."""
    async with opened(line.url) as store:
        for number in range(2):
            await commit(store, taken(number))
        line.answers_to_lose = answers
        assert isinstance(await commit(store, taken(2)), Committed)
        assert line.answers_to_lose == 0
        await commit(store, taken(3))
        assert await results(store) == [0, 1, 2, 3]


@pytest.mark.parametrize("answers", [0, 1, 2, 3])
async def test_a_commit_that_never_arrived_is_sent_again(line: Line, answers: int) -> None:
    """A commit that was not stored is stored once, also where the answers to the questions about it are lost."""
    async with opened(line.url) as store:
        for number in range(2):
            await commit(store, taken(number))
        line.requests_to_lose, line.answers_to_lose = 1, answers
        assert isinstance(await commit(store, taken(2)), Committed)
        assert (line.requests_to_lose, line.answers_to_lose) == (0, 0)
        await commit(store, taken(3))
        assert await results(store) == [0, 1, 2, 3]


async def test_a_database_that_is_away_for_long(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits and reads fail until the database is back, and then succeed without further ado."""
    monkeypatch.setattr(writer, "PATIENCE_S", 0.2)
    async with opened(line.url) as store:
        await commit(store, put("a"))
        line.cut()
        with pytest.raises(StoreError, match="cannot be reached"):
            await commit(store, put("b"))
        with pytest.raises(StoreError, match="cannot be reached"):
            await names(store)
        assert "cannot be reached" in await store.healthy()
        line.is_cut = False
        await commit(store, put("c"))
        assert await names(store) == ["default/a", "default/c"]
        assert await store.healthy() == ""


async def test_commits_behind_one_in_doubt(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the commit of which nobody knows whether it was stored waits for the database; later ones fail in time."""
    monkeypatch.setattr(writer, "PATIENCE_S", 0.2)
    async with opened(line.url) as store:
        await commit(store, taken(0))
        line.answers_to_lose = 1
        in_doubt = asyncio.ensure_future(commit(store, taken(1)))
        while line.answers_to_lose:  # noqa: ASYNC110 - the server commits meanwhile
            await asyncio.sleep(0.001)
        line.cut()
        for number in (2, 3):
            with pytest.raises(StoreError, match="cannot be reached"):
                await commit(store, taken(number))
        assert not in_doubt.done()
        line.is_cut = False
        assert isinstance(await in_doubt, Committed)
        await commit(store, taken(4))
        assert await results(store) == [0, 1, 4]


async def test_what_is_in_memory_is_not_served_while_the_database_is_away(any_line: Line) -> None:
    """A backend that the database has not answered for 6 s knows that, and is back with the next answer."""
    clock = VirtualClock()
    store = PostgresStore(target_of(any_line.url), SynchronousCommit.NORMAL, clock=clock)
    await store.open()
    any_line.cut()
    await clock.advance(5)
    await store.feed.caught_up()
    await clock.advance(1.5)
    with pytest.raises(StoreError, match="has not answered for more than 6 s"):
        await store.feed.caught_up()
    assert "has not answered" in await store.healthy()
    any_line.is_cut = False
    async with asyncio.timeout(30):
        while await store.healthy():
            await clock.advance(1)
            await asyncio.sleep(0.01)
    await store.feed.caught_up()
    await store.close()


async def test_a_short_interruption_fails_nothing(line: Line) -> None:
    """Commits and reads that find their connections closed succeed on new ones."""
    async with opened(line.url) as store:
        await commit(store, put("a"))
        assert await names(store) == ["default/a"]
        for name in "bcd":
            line.cut()
            line.is_cut = False
            await commit(store, put(name))
            line.cut()
            line.is_cut = False
            assert await names(store) == [f"default/{one}" for one in "abcd" if one <= name]


async def test_a_store_that_is_closed_while_the_database_is_away(line: Line) -> None:
    """Closing returns, and commits that wait fail, although their fate is not known."""
    store = PostgresStore(target_of(line.url), SynchronousCommit.NORMAL)
    await store.open()
    await commit(store, put("a"))
    line.cut()
    waiting = asyncio.ensure_future(commit(store, put("b")))
    await asyncio.sleep(0)
    await store.close()
    with pytest.raises(StoreError):
        await waiting


@pytest.mark.slow
async def test_a_server_that_crashes_in_the_middle_of_commits() -> None:
    """Over crashes of the server, each commit that succeeded is stored once, and none of those that failed."""
    postgres_server.require()
    server = postgres_server.Server(Path(tempfile.mkdtemp(prefix="sensu-pg-")))
    server.create()
    postgres_server.guard(server)
    server.start()
    done: list[int] = []
    async with opened(server.url(), SynchronousCommit.FULL) as store:

        async def write() -> None:
            for number in itertools.count():
                with contextlib.suppress(StoreError):
                    await commit(store, taken(number))
                    done.append(number)
                if stopping.is_set():
                    return

        stopping = asyncio.Event()
        writing = asyncio.create_task(write())
        for _ in range(4):
            some = len(done) + 50
            while len(done) < some:  # noqa: ASYNC110 - the server commits meanwhile
                await asyncio.sleep(0.005)
            await asyncio.to_thread(server.stop, "immediate")
            await asyncio.to_thread(server.start)
        stopping.set()
        await writing
        assert await results(store) == done
    server.stop()


async def fenced(url: str, change: str) -> None:
    """A store whose seat is changed from outside writes nothing more, and says that it ended."""
    async with opened(url) as store, connected(url) as other:
        await commit(store, put("a"))
        ended = asyncio.ensure_future(store.ended())
        await other.execute(f"UPDATE seats SET {change}")
        with pytest.raises(StoreError):
            await commit(store, put("b"), event("web1", "http"))
        assert await asyncio.wait_for(ended, 1)
        with pytest.raises(StoreError):
            await commit(store, put("c"))
        assert await store.healthy() != ""
        assert await names(store) == ["default/a"]
        assert await store.count_events(None) == 0


async def test_a_backend_whose_seat_was_taken_writes_nothing_more(url: str) -> None:
    """If another backend took over, for example because this one was frozen, commits fail and the backend ends."""
    await fenced(url, "gone_at = now(), why = 'taken over by web2'")


async def test_a_backend_notices_that_its_last_commits_are_missing(url: str) -> None:
    """If a failover lost commits, what the backend remembers is not in the database, so that it ends."""
    await fenced(url, "commits = commits - 1")


async def test_a_database_that_was_changed_by_hand(url: str) -> None:
    """A row that is not as the writer remembers is read again, so that commits stay right."""
    async with opened(url) as store, connected(url) as other:
        await commit(store, put("a", etag="one"), taken(0), event("web1", "other"))
        await other.execute("UPDATE resources SET etag = 'two'")
        await other.execute("DELETE FROM events WHERE check_name = 'http'")
        await other.execute("DELETE FROM event_states WHERE check_name = 'http'")
        await commit(store, taken(1), event("web1", "other", b"new"))
        assert await results(store) == [1]
        assert isinstance(await commit(store, put("a", b"new", etag="three")), Committed)
        assert (await store.get(check_key("a"))).body == b"new"  # type: ignore[union-attr]


async def test_a_database_of_a_newer_version_is_refused(url: str) -> None:
    """A schema that this program does not know is refused in one line only if a change of it excludes this program."""
    async with opened(url) as store:
        await commit(store, put("a"))
    async with connected(url) as other:
        await other.execute("UPDATE schema_version SET version = 999")
        async with opened(url) as store:
            assert await names(store) == ["default/a"]
        await other.execute("UPDATE schema_version SET needs_at_least = 999")
    with pytest.raises(StoreError, match="schema version 999, written by a newer version"):
        await PostgresStore(target_of(url)).open()


async def test_migrations_apply_whole_or_not_at_all(url: str) -> None:
    """A migration that fails leaves nothing, and the next start goes on from the one before it."""
    known = {
        1: Migration("CREATE TABLE one (a int)", False),
        2: Migration("CREATE TABLE two (a int); SELECT 1/0", True),
    }
    async with connected(url) as connection:
        target = DatabaseUrl(url, url)
        with pytest.raises(asyncpg.DivisionByZeroError):
            await migrate(connection, target, known)
        assert await connection.fetchrow("SELECT version, needs_at_least FROM schema_version") == (1, 0)
        await migrate(connection, target, known | {2: Migration("CREATE TABLE two (a int)", True)})
        assert await connection.fetchrow("SELECT version, needs_at_least FROM schema_version") == (2, 2)
    assert set(migrations()) == set(range(1, len(migrations()) + 1))


async def test_updating_events_touches_no_index(url: str) -> None:
    """Replacing events is a change within their pages (HOT), so that indexes do not grow with results."""
    async with opened(url) as store, connected(url) as other:
        await store.commit([event(f"e{number}", "c", b"x" * 500, due_at=1.0) for number in range(20)])
        for at in range(20):
            await store.commit([event(f"e{number}", "c", b"x" * 500, due_at=float(at)) for number in range(20)])
        await asyncio.sleep(0)
        (hot, indexed) = await other.fetchrow(
            "SELECT count(DISTINCT relname), (SELECT bool_or(indexdef LIKE ANY (ARRAY['%due_at%', '%body%',"
            " '%last_result%', '%last_change%'])) FROM pg_indexes WHERE schemaname = current_schema()"
            " AND tablename = 'events') FROM pg_stat_user_tables WHERE relname = 'events'"
        )
        assert (hot >= 1, indexed) == (True, False)


def test_ids_of_histories_grow_whatever_the_clock_does() -> None:
    """Ids grow when the clock goes back, when a millisecond has more entries than numbers, and after a restart."""
    clock = VirtualClock()
    ids = HistoryIds(clock)
    ids.begin(1)
    taken_ids = [ids.take() for _ in range(10_000)]
    clock.set_by(-3600)
    taken_ids += [ids.take() for _ in range(10)]
    ids = HistoryIds(clock)
    ids.begin(2)
    ids.go_beyond(taken_ids[-1])
    taken_ids += [ids.take() for _ in range(10)]
    assert taken_ids == sorted(set(taken_ids))
    assert taken_ids[-1] < 1 << 62


@pytest.mark.parametrize(
    ("url", "shown", "with_password"),
    [
        ("postgresql://sensu@db1,db2:5433/sensu?sslmode=require", "postgresql://sensu@db1,db2:5433/sensu", False),
        ("postgres://sensu:secret@db/sensu", "postgres://sensu@db/sensu", True),
        ("postgresql://db/sensu?user=sensu&password=secret", "postgresql://db/sensu", True),
        ("postgresql:///sensu", "postgresql:///sensu", False),
    ],
)
def test_urls_are_shown_without_secrets(url: str, shown: str, with_password: bool) -> None:
    """Messages name a database without password and parameters."""
    assert target_of(url).shown == shown
    assert has_password(url) is with_password


@pytest.mark.parametrize("url", ["mysql://db/sensu", "sensu", "postgresql://db/sensu?statement_cache=2"])
def test_urls_that_name_no_database(url: str) -> None:
    """What is no URL of a PostgreSQL database is refused with the name of the setting."""
    with pytest.raises(ConfigurationError, match="--store"):
        target_of(url)


async def test_a_server_that_cannot_be_reached_is_named_without_secrets(tmp_path: Path) -> None:
    """The error of a failed start has the database and the reason."""
    store = PostgresStore(target_of(f"postgresql://sensu:secret@/sensu?host={tmp_path}"))
    with pytest.raises(StoreError) as caught:
        await store.open()
    assert "postgresql://sensu@/sensu" in str(caught.value)
    assert "secret" not in str(caught.value)


REFUSED = {
    "what does not work behind poolers, or in other engines": r"\b(LISTEN|NOTIFY|pg_advisory\w*|TEMP|TEMPORARY|COPY)\b",
    "what costs on each row": r"\b(TRIGGER|FUNCTION|PROCEDURE|REFERENCES|FOREIGN KEY|jsonb)\b",
    "what is not durable": r"\bUNLOGGED\b",
}


def sources() -> Iterator[tuple[str, str]]:
    """The modules and migrations of the store."""
    folder = Path(str(files("sensu.store.postgres")))
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".py", ".sql"):
            lines = path.read_text().splitlines()
            yield path.name, "\n".join(line for line in lines if not line.lstrip().startswith(("--", "#")))


@pytest.mark.parametrize("why", REFUSED)
def test_the_rules_for_sql(why: str) -> None:
    """No statement uses what poolers, managed services or many writers do not get along with."""
    found = [name for name, text in sources() if re.search(REFUSED[why], text)]
    assert found == [], why


def test_text_is_in_byte_order_in_every_database() -> None:
    """Every column of text has the collation C, because lists are promised in byte order."""
    columns = [
        line for name, text in sources() if name.endswith(".sql") for line in text.splitlines() if " text" in line
    ]
    assert columns
    assert [line for line in columns if 'COLLATE "C"' not in line] == []


async def test_a_server_that_a_crash_of_its_host_damages(url: str) -> None:
    """If the server does not sync, health warns those who asked for commits that survive power loss, and only them."""
    members = Members(str(uuid.uuid4()))
    async with opened(url, SynchronousCommit.FULL) as store:
        (health,) = json.loads(await health_json(store, members, NoPeers()))["ClusterHealth"]
    assert [warning.partition(",")[0] for warning in health["Warnings"]] == [
        "the server has fsync = off",
        "the server has full_page_writes = off",
    ]
    async with opened(url, SynchronousCommit.NORMAL) as store:
        (health,) = json.loads(await health_json(store, members, NoPeers()))["ClusterHealth"]
    assert "Warnings" not in health


async def test_a_server_that_does_not_clean_up(url: str) -> None:
    """Without autovacuum the space of what was deleted is never used again, which health warns everybody of."""
    server = postgres_server.shared()
    server.execute("ALTER SYSTEM SET autovacuum = off")
    server.execute("SELECT pg_reload_conf()")
    try:
        async with opened(url) as store:
            async with asyncio.timeout(10):
                while not store.warnings():  # the server reads its settings again
                    assert await store.healthy() == ""
            assert store.warnings() == ["the server has autovacuum = off, so that the database grows without limit"]
    finally:
        server.execute("ALTER SYSTEM RESET autovacuum")
        server.execute("SELECT pg_reload_conf()")

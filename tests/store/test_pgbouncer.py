"""A pooler between a backend and its database: what works, and what is refused at the start."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensu.errors import StoreError
from sensu.store.database_url import target_of
from sensu.store.postgres.connection import SynchronousCommit
from sensu.store.postgres.store import PostgresStore
from sensu.store.values import Committed
from tests import postgres_server
from tests.store.conftest import commit
from tests.store.test_postgres import connected, opened, results, taken

SETTINGS = """
[databases]
* = host={server} user=postgres pool_size={pool_size}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
auth_type = any
pool_mode = {mode}
logfile = {folder}/log
"""
PORT = 6432


class Pooler:
    """PgBouncer in front of a new database."""

    def __init__(self, mode: str, pool_size: int) -> None:
        server = postgres_server.shared()
        self._database, self._user = server.new_database(), server.user
        self._folder = Path(tempfile.mkdtemp(prefix="sensu-pgb-"))
        settings = {"server": server.folder, "folder": self._folder, "mode": mode, "pool_size": pool_size}
        (self._folder / "ini").write_text(SETTINGS.format(**settings))
        for each in (self._folder, self._folder / "ini"):
            if self._user is not None:
                shutil.chown(each, self._user)

    def url(self, more: str = "") -> str:
        return f"postgresql://postgres@/{self._database}?host={self._folder}&port={PORT}{more}"

    def start(self) -> None:
        program = ["pgbouncer", "-q", str(self._folder / "ini")]
        self._process = subprocess.Popen(program, user=self._user, cwd="/", stderr=subprocess.DEVNULL)

    async def answers(self) -> None:
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_unix_connection(self._folder / f".s.PGSQL.{PORT}")
                    return writer.close()
                except OSError:
                    await asyncio.sleep(0.01)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(20)
        (self._folder / f".s.PGSQL.{PORT}").unlink(missing_ok=True)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self._folder)


@pytest.fixture
def pooler(request: pytest.FixtureRequest) -> Iterator[Pooler]:
    if shutil.which("pgbouncer") is None:
        pytest.skip("PgBouncer is not installed (on Debian: apt-get install pgbouncer)")
    made = Pooler(*request.param)
    made.start()
    yield made
    made.remove()


def mode(name: str, pool_size: int = 20) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("pooler", [(name, pool_size)], ids=[name], indirect=True)


@mode("session")
async def test_session_mode(pooler: Pooler) -> None:
    """In session mode a backend runs as without a pooler, with the durability that was asked for."""
    await pooler.answers()
    for durability in (SynchronousCommit.FULL, SynchronousCommit.NORMAL):
        async with opened(pooler.url(), durability) as store:
            for number in range(10):
                await commit(store, taken(number))
            assert (await results(store))[-10:] == list(range(10))
            async with connected(pooler.url()) as other, asyncio.timeout(20):
                while not await other.fetchval("SELECT max(beat) FROM beats"):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)


@mode("transaction")
async def test_transaction_mode_needs_a_word(pooler: Pooler) -> None:
    """In transaction mode, statements prepared by a backend would be lost or be those of others, so it says so."""
    await pooler.answers()
    with pytest.raises(StoreError, match="not in session mode: add statement_cache=0"):
        await PostgresStore(target_of(pooler.url())).open()


@mode("transaction", 3)
async def test_transaction_mode(pooler: Pooler) -> None:
    """With statement_cache=0, a backend shares its sessions with others; a pooler that crashes loses no commit."""
    await pooler.answers()
    target = pooler.url("&statement_cache=0")
    async with opened(target, SynchronousCommit.FULL) as store:

        async def others() -> None:
            async with connected(pooler.url()) as other:
                for _ in range(100):
                    await other.execute("BEGIN; SELECT 1; COMMIT")

        noise = [asyncio.create_task(others()) for _ in range(3)]
        for number in range(100):
            assert isinstance(await commit(store, taken(number)), Committed)
            assert (await results(store))[-1] == number
        await asyncio.gather(*noise)
        writing = [asyncio.create_task(commit(store, taken(number))) for number in range(100, 200)]
        await asyncio.wait(writing, return_when=asyncio.FIRST_COMPLETED)
        pooler.kill()
        pooler.start()
        await pooler.answers()
        await asyncio.gather(*writing)
        assert await results(store) == list(range(200))


@mode("transaction")
async def test_a_durability_that_a_pooler_does_not_pass_on(pooler: Pooler) -> None:
    """In transaction mode, the durability is that of the role; another one than was asked for is refused."""
    await pooler.answers()
    with pytest.raises(StoreError, match="synchronous_commit = on, but --durability requires off"):
        await PostgresStore(target_of(pooler.url("&statement_cache=0")), SynchronousCommit.NORMAL).open()


@mode("statement")
async def test_statement_mode(pooler: Pooler) -> None:
    """Without transactions there is no backend."""
    await pooler.answers()
    with pytest.raises(StoreError, match="in statement mode, which has no transactions"):
        await PostgresStore(target_of(pooler.url("&statement_cache=0"))).open()


@mode("session")
async def test_a_parameter_that_a_pooler_refuses(pooler: Pooler) -> None:
    """Settings in the URL do not get through a pooler, which the message says."""
    await pooler.answers()
    with pytest.raises(StoreError, match="refuses a parameter of the URL .*search_path.*ALTER ROLE"):
        await PostgresStore(target_of(pooler.url("&search_path=monitoring"))).open()
